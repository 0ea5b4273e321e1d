//! System packages, on Debian and what descends from it.

use std::process::Command;

use anyhow::{Result, bail};

use crate::process::{output_of, quiet, succeeds};
use crate::progress::step;
use crate::workspace::{Workspace, on_path};

/// Installs packages as root or with a `sudo` that asks nothing; else fails with the command to type.
pub(crate) fn install(workspace: &Workspace, packages: &[&str], why: &str) -> Result<()> {
    let list = packages.join(" ");
    if on_path("apt-get").is_none() {
        bail!("{why}. Install your system's equivalent of Debian's `{list}` and try again.");
    }
    let root = output_of(Command::new("id").arg("-u"))? == "0";
    if !root && !succeeds(Command::new("sudo").args(["-n", "true"])) {
        bail!("{why}. Type this and try again:\n\n    sudo apt-get install {list}");
    }
    step(&format!("Debian packages: {list}"), |step| {
        let log = workspace.log("apt");
        quiet(step, apt(root).args(["update", "-q"]), &log)?;
        quiet(step, apt(root).args(["install", "-q", "-y", "--no-install-recommends"]).args(packages), &log)
    })
}

fn apt(root: bool) -> Command {
    let mut command = if root {
        Command::new("env")
    } else {
        let mut sudo = Command::new("sudo");
        sudo.args(["-n", "env"]);
        sudo
    };
    command.args(["DEBIAN_FRONTEND=noninteractive", "apt-get"]);
    command
}
