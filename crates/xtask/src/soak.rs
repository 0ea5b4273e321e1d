//! `cargo xtask soak`: what the outbox must survive, in the long form, for when it was changed.

use anyhow::Result;

use crate::build::{self, Profile};
use crate::process::aloud;
use crate::setup;
use crate::test;
use crate::workspace::Workspace;

pub(crate) fn run(workspace: &Workspace) -> Result<()> {
    let tools = setup::everything(workspace)?;
    build::build(workspace, &tools, Profile::Release)?;
    test::compile_sandbox(workspace)?;
    let mut soak = workspace.cargo(&["run", "--quiet", "-p", "end-to-end", "--bin", "soak"]);
    aloud(soak.envs(test::variables(workspace, &tools.npm)))
}
