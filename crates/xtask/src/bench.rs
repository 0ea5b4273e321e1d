//! `cargo xtask bench`: what we measure, as tables. So far: how big the deployed files are.

use anyhow::Result;

use crate::build::{self, Profile, sizes};
use crate::progress::say;
use crate::setup;
use crate::workspace::Workspace;

pub(crate) fn run(workspace: &Workspace) -> Result<()> {
    let tools = setup::everything(workspace)?;
    build::build(workspace, &tools, Profile::Release)?;
    say(&sizes::table(workspace, &tools.npm)?);
    Ok(())
}
