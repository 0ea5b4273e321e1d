//! Installs what is missing. Rust and Node are all one must bring.

mod cargo_tools;
pub(crate) mod debian;
mod node;
mod npm_packages;

use std::path::PathBuf;
use std::process::Command;
use std::sync::{Mutex, PoisonError};
use std::thread;

use anyhow::{Context, Result, bail};

pub(crate) use cargo_tools::deny;

use crate::npm::Npm;
use crate::process::{Stopped, give_up, output_of, quiet};
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

/// Two pieces of work side by side. When one fails, the other stops, and the error is that of the one.
pub(crate) fn both<A: Send, B: Send>(
    first: impl FnOnce() -> Result<A> + Send,
    second: impl FnOnce() -> Result<B> + Send,
) -> Result<(A, B)> {
    let cause = Mutex::new(None);
    let (first, second) = thread::scope(|scope| {
        let first = scope.spawn(|| or_give_up(first, &cause));
        let second = scope.spawn(|| or_give_up(second, &cause));
        (first.join().ok().flatten(), second.join().ok().flatten())
    });
    if let Some(error) = cause.into_inner().unwrap_or_else(PoisonError::into_inner) {
        return Err(error);
    }
    first.zip(second).context("xtask itself failed; what it says is above")
}

fn or_give_up<T>(work: impl FnOnce() -> Result<T>, cause: &Mutex<Option<anyhow::Error>>) -> Option<T> {
    match work() {
        Ok(value) => Some(value),
        Err(error) => {
            give_up();
            if !error.is::<Stopped>() {
                cause.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(error);
            }
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_error_is_the_cause_and_not_what_was_stopped_for_it() {
        let stopped = || Err::<(), _>(Stopped.into());
        let inner = || both(stopped, || bail!("no network")).map(|((), ())| ());
        let error = both(stopped, inner).unwrap_err();
        assert_eq!(error.to_string(), "no network");
    }
}
