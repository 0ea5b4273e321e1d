//! What the end-to-end tests are told about this checkout.

use std::path::{Path, PathBuf};

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
        ("POSTBODE_RELAY", text(relay(workspace))),
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

fn relay(workspace: &Workspace) -> PathBuf {
    workspace.target.join("debug/relay")
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

/// Python, whose `email` and `smtplib` read what we write.
pub(super) fn python(workspace: &Workspace) -> Result<()> {
    match on_path("python3") {
        Some(_) => Ok(()),
        None => debian::install(workspace, &["python3"], "the second reader of mail is Python's"),
    }
}

/// Dovecot and Postfix, installed where they are missing and may be. They run from directories of the tests' own; the tests
/// start them as root, since both change into the users whose mail it is.
pub(super) fn mail_servers(workspace: &Workspace) -> Result<()> {
    let installed = |program: &str| Path::new("/usr/sbin").join(program).exists();
    let submission = Path::new("/usr/lib/dovecot/submission").exists();
    if !(installed("postfix") && installed("dovecot") && submission) {
        // Without a configuration of its own, Debian does not start it for the whole machine.
        debian::preset(workspace, "postfix postfix/main_mailer_type select No configuration")?;
        debian::install(
            workspace,
            &["postfix", "dovecot-core", "dovecot-submissiond"],
            "the end-to-end tests send through Dovecot and Postfix",
        )?;
    }
    debian::must_become_root("the end-to-end tests start Dovecot and Postfix as root")
}

fn first(programs: &[&str]) -> Option<PathBuf> {
    programs.iter().find_map(|program| on_path(program))
}
