//! What the end-to-end tests are told about this checkout.

use std::path::PathBuf;

use anyhow::Result;

use crate::build;
use crate::npm::Npm;
use crate::setup::{self, debian};
use crate::workspace::{Workspace, on_path};

const DRIVERS: [&str; 1] = ["chromedriver"];
const BROWSERS: [&str; 4] = ["chromium", "google-chrome", "chromium-browser", "google-chrome-stable"];

/// `export NAME='value'` lines.
pub(crate) fn print(workspace: &Workspace) -> Result<()> {
    for (name, value) in variables(workspace, &setup::npm(workspace)?) {
        println!("export {name}='{}'", value.replace('\'', r"'\''"));
    }
    Ok(())
}

/// What the end-to-end package reads from its environment.
pub(crate) fn variables(workspace: &Workspace, npm: &Npm) -> Vec<(&'static str, String)> {
    let text = |path: PathBuf| path.display().to_string();
    let mut variables = vec![
        ("POSTBODE_ROOT", text(workspace.root.clone())),
        ("POSTBODE_NODE", text(npm.node.clone())),
        ("POSTBODE_WRANGLER", text(npm.wrangler_script())),
        ("POSTBODE_SANDBOX", text(sandbox(workspace))),
        ("POSTBODE_NODE_MODULES", text(npm.modules.clone())),
        // wrangler takes what is built.
        (build::HOW, "none".to_owned()),
        ("WRANGLER_SEND_METRICS", "false".to_owned()),
    ];
    variables.extend(first(&DRIVERS).map(|path| ("POSTBODE_CHROMEDRIVER", text(path))));
    variables.extend(first(&BROWSERS).map(|path| ("POSTBODE_CHROMIUM", text(path))));
    variables
}

pub(super) fn sandbox(workspace: &Workspace) -> PathBuf {
    workspace.target.join("debug/sandbox")
}

/// Chromium and its driver, installed where they are missing and may be.
pub(super) fn browser(workspace: &Workspace) -> Result<()> {
    if first(&DRIVERS).is_some() && first(&BROWSERS).is_some() {
        return Ok(());
    }
    debian::install(
        workspace,
        &["chromium", "chromium-driver"],
        "the end-to-end tests need Chromium and its driver",
    )
}

fn first(programs: &[&str]) -> Option<PathBuf> {
    programs.iter().find_map(|program| on_path(program))
}
