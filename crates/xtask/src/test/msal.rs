//! The proof that the sandbox speaks Entra's dialect: Microsoft's own client signs in at a fresh one, over TLS.

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;

use anyhow::{Context, Result};

use super::environment;
use crate::process::{aloud, quiet, shown, succeeds};
use crate::progress::step;
use crate::setup::debian;
use crate::workspace::{Workspace, empty_folder};

const CLIENT: &str = "5a9db0c5-0000-4000-8000-0000000000aa";
const SECRET: &str = "only-for-this-proof";
const REDIRECT: &str = "http://localhost:8787/callback";

/// Needs the sandbox built.
pub(super) fn prove(workspace: &Workspace) -> Result<()> {
    let folder = workspace.path("tests/msal");
    let python = python_with(workspace, &folder.join("requirements.txt"))?;
    let state = workspace.ours("msal-sandbox");
    empty_folder(&state)?;
    let sandbox = Sandbox::start(workspace, &state)?;
    let mut command = Command::new(python);
    command
        .arg(folder.join("sign_in.py"))
        .current_dir(&workspace.root)
        .env("SANDBOX_TLS_URL", &sandbox.over_tls)
        .env("SANDBOX_CA", state.join("ca.pem"))
        .env("SANDBOX_CLIENT_ID", CLIENT)
        .env("SANDBOX_CLIENT_SECRET", SECRET)
        .env("SANDBOX_REDIRECT_URI", REDIRECT);
    aloud(&mut command)
}

/// A sandbox of our own on free ports; it ends with this value.
struct Sandbox {
    child: Child,
    over_tls: String,
}

impl Sandbox {
    fn start(workspace: &Workspace, state: &Path) -> Result<Self> {
        let mut command = Command::new(environment::sandbox(workspace));
        command
            .args(["--port", "0", "--tls-port", "0", "--state-dir"])
            .arg(state)
            .env("SANDBOX_CLIENT_ID", CLIENT)
            .env("SANDBOX_CLIENT_SECRET", SECRET)
            .envs([("SANDBOX_SMTP_PORT", "0"), ("SANDBOX_SMTPS_PORT", "0")])
            .env("SANDBOX_REDIRECT_URIS", REDIRECT)
            .stdin(Stdio::null())
            .stdout(Stdio::piped());
        let mut child = command.spawn().with_context(|| format!("cannot start {}", shown(&command)))?;
        let out = child.stdout.take().context("the sandbox has no output")?;
        // From here on an early return ends it.
        let mut sandbox = Self { child, over_tls: String::new() };
        let mut lines = BufReader::new(out).lines();
        for line in lines.by_ref() {
            let line = line?;
            if let Some(address) = over_tls(&line) {
                address.clone_into(&mut sandbox.over_tls);
            }
            if line.starts_with("sandbox ready") {
                // Its log must be read, or it would wait for a reader.
                thread::spawn(move || lines.map_while(Result::ok).for_each(drop));
                return Ok(sandbox);
            }
        }
        anyhow::bail!("the sandbox ended before it was ready")
    }
}

impl Drop for Sandbox {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// `over TLS       https://localhost:8791 (CA: …)`
fn over_tls(line: &str) -> Option<&str> {
    line.strip_prefix("over TLS")?.split_whitespace().next()
}

/// A Python of our own with these packages; made anew when the list changes.
fn python_with(workspace: &Workspace, requirements: &Path) -> Result<PathBuf> {
    let folder = workspace.ours("venv");
    let python = folder.join("bin/python");
    let wanted = fs::read(requirements).with_context(|| format!("cannot read {}", requirements.display()))?;
    let stamp = folder.join("requirements.txt");
    if fs::read(&stamp).is_ok_and(|installed| installed == wanted) {
        return Ok(python);
    }
    // Debian splits what makes such a folder off from Python.
    if !succeeds(Command::new("python3").args(["-c", "import ensurepip, venv"])) {
        debian::install(workspace, &["python3", "python3-venv"], "the proof with msal needs Python")?;
    }
    step("Python packages", |step| {
        let log = workspace.log("venv");
        quiet(step, Command::new("python3").args(["-m", "venv", "--clear"]).arg(&folder), &log)?;
        let mut pip = Command::new(&python);
        quiet(step, pip.args(["-m", "pip", "install", "--quiet", "-r"]).arg(requirements), &log)
    })?;
    fs::write(&stamp, wanted)?;
    Ok(python)
}

#[cfg(test)]
mod tests {
    use super::over_tls;

    #[test]
    fn finds_the_address_in_what_the_sandbox_prints() {
        let line = "over TLS       https://localhost:8791 (CA: .postbode/sandbox/ca.pem)";
        assert_eq!(over_tls(line), Some("https://localhost:8791"));
        assert_eq!(over_tls("sandbox ready http://localhost:8790"), None);
    }
}
