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
    let root = is_root()?;
    if !root && !becomes_root() {
        bail!("{why}. Type this and try again:\n\n    sudo apt-get install {list}");
    }
    step(&format!("Debian packages: {list}"), |step| {
        let log = workspace.log("apt");
        quiet(step, apt(root).args(["update", "-q"]), &log)?;
        quiet(step, apt(root).args(["install", "-q", "-y", "--no-install-recommends"]).args(packages), &log)
    })
}

/// Answers a question that a package asks when it is installed, in the words of `debconf-set-selections`.
pub(crate) fn preset(workspace: &Workspace, answer: &str) -> Result<()> {
    if on_path("debconf-set-selections").is_none() {
        return Ok(()); // `install` says what to do
    }
    let root = is_root()?;
    if !root && !becomes_root() {
        return Ok(());
    }
    let mut command = env(root);
    command.args(["sh", "-c", "echo \"$0\" | debconf-set-selections", answer]);
    step("Debian: answers to what packages ask", |step| quiet(step, &mut command, &workspace.log("debconf")))
}

/// Fails with the command to type where nobody may be root without being asked.
pub(crate) fn must_become_root(why: &str) -> Result<()> {
    if !is_root()? && !becomes_root() {
        bail!("{why}. Type `sudo -v` and try again.");
    }
    Ok(())
}

fn is_root() -> Result<bool> {
    Ok(output_of(Command::new("id").arg("-u"))? == "0")
}

fn becomes_root() -> bool {
    succeeds(Command::new("sudo").args(["-n", "true"]))
}

fn apt(root: bool) -> Command {
    let mut command = env(root);
    command.args(["DEBIAN_FRONTEND=noninteractive", "apt-get"]);
    command
}

fn env(root: bool) -> Command {
    if root {
        return Command::new("env");
    }
    let mut sudo = Command::new("sudo");
    sudo.args(["-n", "env"]);
    sudo
}
