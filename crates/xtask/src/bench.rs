//! `cargo xtask bench`: what we measure, as tables: how big the deployed files are, and how long an ERP waits.

use anyhow::Result;

use crate::build::{self, Profile, sizes};
use crate::process::aloud;
use crate::progress::say;
use crate::setup;
use crate::test;
use crate::workspace::Workspace;

pub(crate) fn run(workspace: &Workspace) -> Result<()> {
    let tools = setup::everything(workspace)?;
    build::build(workspace, &tools, Profile::Release)?;
    say(&sizes::report(workspace, &tools.npm)?);
    test::compile_sandbox(workspace)?;
    let mut bench = workspace.cargo(&["run", "--quiet", "-p", "end-to-end", "--bin", "bench"]);
    aloud(bench.envs(test::variables(workspace, &tools.npm)))
}
