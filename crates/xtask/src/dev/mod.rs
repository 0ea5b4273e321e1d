//! `cargo xtask dev`: from a fresh clone to a page, a working `curl` and an inbox.

mod http;
mod invoice;
mod ports;
mod secrets;
mod seed;
mod service;
mod welcome;

use std::fs;

use anyhow::{Context, Result};
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::iterator::Signals;

use crate::build::{self, Profile};
use crate::clock;
use crate::process::quiet;
use crate::progress::step;
use crate::setup::{self, Tools};
use crate::workspace::Workspace;
use secrets::Secrets;
use service::{Service, wait_for};

/// What one may choose.
#[derive(Debug)]
pub(crate) struct Options {
    pub(crate) port: u16,
    pub(crate) sandbox_port: u16,
    pub(crate) fresh: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self { port: 8787, sandbox_port: 8790, fresh: false }
    }
}

impl Options {
    fn worker(&self) -> String {
        format!("http://localhost:{}", self.port)
    }

    fn sandbox(&self) -> String {
        format!("http://localhost:{}", self.sandbox_port)
    }

    /// Where the sandbox takes mail by SMTP.
    fn sandbox_smtp_port(&self) -> u16 {
        self.sandbox_port.saturating_add(2)
    }

    /// Where the sandbox speaks HTTPS with its own certificate.
    fn sandbox_tls_port(&self) -> u16 {
        self.sandbox_port.saturating_add(1)
    }
}

pub(crate) fn run(workspace: &Workspace, options: &Options) -> Result<()> {
    let started = clock::now();
    ports::must_be_free(options.port, "--port")?;
    ports::must_be_free(options.sandbox_port, "--sandbox-port")?;
    ports::must_be_free(options.sandbox_tls_port(), "--sandbox-port")?;
    ports::must_be_free(options.sandbox_smtp_port(), "--sandbox-port")?;
    if options.fresh {
        forget(workspace)?;
    }
    let tools = prepare(workspace)?;
    let secrets = Secrets::load_or_make(workspace)?;

    // From here on Ctrl-C ends them in order; before, it simply ends the step at hand.
    let mut signals = Signals::new([SIGINT, SIGTERM, SIGHUP])?;
    let mut services = vec![start_sandbox(workspace, options, &secrets)?];
    // First, since the Worker's host reads once whose certificates to trust.
    wait_for("sandbox", &format!("{}/", options.sandbox()), &mut services, &mut signals)?;
    services.push(start_worker(workspace, options, &tools, &secrets)?);
    wait_for("Worker", &format!("{}/healthz", options.worker()), &mut services, &mut signals)?;
    let seeded = seed::organisation(workspace, options, &secrets)?;
    welcome::print(workspace, options, &seeded, &clock::since(started))?;
    service::watch(&mut services, &mut signals)
}

/// Tools on one side and cargo's part of the build on the other: the first downloads and links while the second
/// compiles, and both cores have work.
fn prepare(workspace: &Workspace) -> Result<Tools> {
    setup::wasm_target(workspace)?;
    let (tools, ()) = setup::both(
        || setup::everything(workspace),
        || {
            step("sandbox: compiling", |step| {
                quiet(
                    step,
                    &mut workspace.cargo(&["build", "-p", "sandbox"]),
                    &workspace.log("sandbox-compile"),
                )
            })?;
            if takes_what_is_built() { Ok(()) } else { build::compile(workspace, Profile::Dev) }
        },
    )?;
    if !takes_what_is_built() {
        build::package(workspace, &tools, Profile::Dev)?;
    }
    Ok(tools)
}

/// The test of this command runs on the release that was built for all tests.
fn takes_what_is_built() -> bool {
    std::env::var(build::HOW).is_ok_and(|how| how == "none")
}

fn forget(workspace: &Workspace) -> Result<()> {
    for kept in ["state", "sandbox"] {
        let folder = workspace.ours(kept);
        if folder.exists() {
            fs::remove_dir_all(&folder).with_context(|| format!("cannot remove {}", folder.display()))?;
        }
    }
    seed::forget(workspace)
}

fn start_sandbox(workspace: &Workspace, options: &Options, secrets: &Secrets) -> Result<Service> {
    let mut command = std::process::Command::new(workspace.target.join("debug/sandbox"));
    command
        .args(["--port", &options.sandbox_port.to_string()])
        .args(["--tls-port", &options.sandbox_tls_port().to_string()])
        .arg("--state-dir")
        .arg(workspace.ours("sandbox"))
        .env("SANDBOX_CLIENT_ID", &secrets.client_id)
        .env("SANDBOX_CLIENT_SECRET", &secrets.client_secret)
        .env("SANDBOX_SMTP_PORT", options.sandbox_smtp_port().to_string())
        .env("SANDBOX_SMTPS_PORT", "0")
        .env("SANDBOX_REDIRECT_URIS", format!("{0}/oauth/callback,{0}/oauth/approved", options.worker()))
        .current_dir(&workspace.root);
    Service::start("sandbox", &mut command, workspace.log("sandbox"))
}

fn start_worker(
    workspace: &Workspace,
    options: &Options,
    tools: &Tools,
    secrets: &Secrets,
) -> Result<Service> {
    let variables = [
        ("PUBLIC_ORIGIN", options.worker()),
        ("LOGIN_ORIGIN", options.sandbox()),
        ("GRAPH_ORIGIN", options.sandbox()),
        ("ENTRA_CLIENT_ID", secrets.client_id.clone()),
        ("SANDBOX_SMTP", format!("localhost:{}", options.sandbox_smtp_port())),
    ];
    let mut command =
        tools.npm.wrangler(workspace, &["dev", "--local", "--show-interactive-dev-session=false"]);
    command
        .args(["--port", &options.port.to_string(), "--inspector-port", "0"])
        .arg("--persist-to")
        .arg(workspace.ours("state"))
        .arg("--env-file")
        .arg(secrets.file(workspace))
        // For TLS with the sandbox's SMTP server.
        .env("NODE_EXTRA_CA_CERTS", workspace.ours("sandbox").join("ca.pem"))
        .env(build::HOW, if takes_what_is_built() { "none" } else { "dev" });
    for (name, value) in variables {
        command.args(["--var", &format!("{name}:{value}")]);
    }
    Service::start("Worker", &mut command, workspace.log("worker"))
}
