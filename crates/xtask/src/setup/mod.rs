//! Installs what is missing. Rust and Node are all one must bring.

mod cargo_tools;
pub(crate) mod debian;
mod node;
mod npm_packages;

use std::path::PathBuf;
use std::process::Command;
use std::thread;

use anyhow::{Result, bail};

pub(crate) use cargo_tools::deny;

use crate::npm::Npm;
use crate::process::{output_of, quiet};
use crate::progress::step;
use crate::workspace::{Workspace, on_path};

const WASM: &str = "wasm32-unknown-unknown";

/// What builds need besides cargo.
#[derive(Debug)]
pub(crate) struct Tools {
    pub(crate) npm: Npm,
    pub(crate) wasm_bindgen: PathBuf,
    pub(crate) worker_build: PathBuf,
}

/// All tools; what is there already costs nothing.
pub(crate) fn everything(workspace: &Workspace) -> Result<Tools> {
    wasm_target(workspace)?;
    // The one mostly downloads, the other mostly compiles.
    let (npm, cargo_tools) = both(
        || npm(workspace),
        || Ok((cargo_tools::wasm_bindgen(workspace)?, cargo_tools::worker_build(workspace)?)),
    )?;
    let (wasm_bindgen, worker_build) = cargo_tools;
    cargo_tools::tidy(workspace);
    Ok(Tools { npm, wasm_bindgen, worker_build })
}

/// Node and the npm packages.
pub(crate) fn npm(workspace: &Workspace) -> Result<Npm> {
    let node = node::acceptable(workspace)?;
    let modules = npm_packages::install(workspace)?;
    Ok(Npm { node, modules })
}

/// Rust's standard library for wasm.
pub(crate) fn wasm_target(workspace: &Workspace) -> Result<()> {
    let library = output_of(
        Command::new("rustc")
            .args(["--print", "target-libdir", "--target", WASM])
            .current_dir(&workspace.root),
    )?;
    if std::path::Path::new(&library).exists() {
        return Ok(());
    }
    if on_path("rustup").is_none() {
        bail!(
            "this Rust cannot compile to {WASM}, and there is no rustup to add it.\n\
             Install Rust with rustup (https://rustup.rs), or your system's package with that target."
        );
    }
    step("Rust's wasm target", |step| {
        let mut command = Command::new("rustup");
        command.args(["target", "add", WASM]).current_dir(&workspace.root);
        quiet(step, &mut command, &workspace.log("rustup"))
    })
}

/// Two pieces of work side by side.
pub(crate) fn both<A: Send, B: Send>(
    first: impl FnOnce() -> Result<A> + Send,
    second: impl FnOnce() -> Result<B> + Send,
) -> Result<(A, B)> {
    let (first, second) = thread::scope(|scope| {
        let first = scope.spawn(first);
        let second = scope.spawn(second);
        (first.join(), second.join())
    });
    let (Ok(first), Ok(second)) = (first, second) else {
        bail!("xtask itself panicked; the message is above");
    };
    Ok((first?, second?))
}
