//! Programs from crates.io, at the versions the workspace is made for.
//!
//! Prebuilt where `cargo binstall` is on PATH; else compiled, without optimisation and without debug information, and
//! with one target folder for all: minutes less than plain `cargo install`s, and they are quick enough so.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Result;

use crate::process::{quiet, succeeds};
use crate::progress::{Step, step};
use crate::setup::debian;
use crate::workspace::{Workspace, must_exist, on_path};

/// Builds the Worker. 0.8.7 is the `worker` crate's own version.
const WORKER_BUILD: &str = "0.8.7";
/// Reads the licences and the origins of our dependencies.
const DENY: &str = "0.20.2";

struct Tool<'a> {
    package: &'a str,
    program: &'a str,
    version: &'a str,
    /// More for `cargo install`.
    arguments: &'a [&'a str],
    needs_openssl: bool,
}

/// Must be the very version of the crate that the lock file has.
pub(super) fn wasm_bindgen(workspace: &Workspace) -> Result<PathBuf> {
    let version = workspace.locked_version("wasm-bindgen")?;
    Tool {
        package: "wasm-bindgen-cli",
        program: "wasm-bindgen",
        version: &version,
        arguments: &["--no-default-features"], // TLS, for its test runner
        needs_openssl: false,
    }
    .install(workspace)
}

pub(super) fn worker_build(workspace: &Workspace) -> Result<PathBuf> {
    let tool = Tool {
        package: "worker-build",
        program: "worker-build",
        version: WORKER_BUILD,
        arguments: &[],
        needs_openssl: true,
    };
    tool.install(workspace)
}

/// `cargo-deny`; only tests need it.
pub(crate) fn deny(workspace: &Workspace) -> Result<PathBuf> {
    let tool = Tool {
        package: "cargo-deny",
        program: "cargo-deny",
        version: DENY,
        arguments: &["--no-default-features"],
        needs_openssl: false,
    };
    tool.install(workspace)
}

impl Tool<'_> {
    fn install(&self, workspace: &Workspace) -> Result<PathBuf> {
        let folder = workspace.tools().join(format!("{}-{}", self.package, self.version));
        let program = folder.join("bin").join(self.program);
        if program.exists() {
            return Ok(program);
        }
        let log = workspace.log(self.package);
        let name = format!("{} {}", self.package, self.version);
        if on_path("cargo-binstall").is_some()
            && step(&format!("{name}, prebuilt"), |step| self.fetch(step, &folder, &log)).is_ok()
            && program.exists()
        {
            return Ok(program);
        }
        if self.needs_openssl && cfg!(target_os = "linux") && std::env::var_os("OPENSSL_DIR").is_none() {
            openssl(workspace)?;
        }
        step(&format!("{name}, compiled once"), |step| self.compile(step, workspace, &folder, &log))?;
        must_exist(program, &format!("`cargo install {}`", self.package))
    }

    fn fetch(&self, step: Step, folder: &Path, log: &Path) -> Result<()> {
        let mut binstall = Command::new("cargo-binstall");
        binstall
            .args(["--no-confirm", "--disable-strategies", "compile", "--root"])
            .arg(folder)
            .arg(format!("{}@{}", self.package, self.version));
        quiet(step, &mut binstall, log)
    }

    fn compile(&self, step: Step, workspace: &Workspace, folder: &Path, log: &Path) -> Result<()> {
        let target = workspace.tools().join("target");
        let mut cargo = workspace.cargo(&["install", "--debug", "--locked", "--root"]);
        cargo
            .arg(folder)
            .args(["--version", self.version, "--bin", self.program, self.package])
            .args(self.arguments)
            .env("CARGO_TARGET_DIR", &target)
            .env("CARGO_PROFILE_DEV_DEBUG", "0")
            .env("CARGO_INCREMENTAL", "0")
            .env_remove("RUSTFLAGS");
        quiet(step, &mut cargo, log)
    }
}

/// Half a gigabyte that nothing reads again.
pub(super) fn tidy(workspace: &Workspace) {
    let _ = fs::remove_dir_all(workspace.tools().join("target"));
}

fn openssl(workspace: &Workspace) -> Result<()> {
    if succeeds(Command::new("pkg-config").args(["--exists", "openssl"])) {
        return Ok(());
    }
    debian::install(
        workspace,
        &["libssl-dev", "pkg-config"],
        "compiling worker-build needs OpenSSL's headers",
    )
}
