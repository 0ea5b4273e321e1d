//! The Worker: compiled by cargo, the rest by `worker-build`.

use std::fs;

use anyhow::Result;

use crate::build::{Profile, assets, wasm};
use crate::process::quiet;
use crate::progress::{Step, step};
use crate::setup::Tools;
use crate::workspace::{Workspace, must_exist, write_if_changed};

/// What `worker-build` sets for its own cargo: with the same here, it finds everything compiled.
const ITS_ENVIRONMENT: (&str, &str) = ("WASM_BINDGEN_USE_JS_SYS", "1");

pub(super) fn compile(workspace: &Workspace, profile: Profile, step: Step) -> Result<()> {
    let mut cargo = workspace.cargo(&["build", "--lib", "--target", "wasm32-unknown-unknown"]);
    cargo
        .args(profile.cargo_arguments())
        .current_dir(workspace.path("worker"))
        .env(ITS_ENVIRONMENT.0, ITS_ENVIRONMENT.1);
    quiet(step, &mut cargo, &workspace.log("worker-compile"))
}

pub(super) fn package(workspace: &Workspace, tools: &Tools, profile: Profile) -> Result<()> {
    let compiled =
        workspace.target.join("wasm32-unknown-unknown").join(profile.folder()).join("postbode_worker.wasm");
    let compiled = must_exist(compiled, "`cargo build -p postbode-worker`")?;
    // Beside the folder, not in it: worker-build replaces that.
    let stamp = workspace.target.join("postbode/worker-made-from");
    // The manifest says how worker-build optimises.
    let manifest = fs::read(workspace.path("worker/Cargo.toml"))?;
    let from = format!(
        "{profile:?} {} {}",
        assets::fingerprint(&fs::read(&compiled)?),
        assets::fingerprint(&manifest)
    );
    let made = workspace.path("worker/build/index.js").exists();
    if made && fs::read_to_string(&stamp).is_ok_and(|earlier| earlier == from) {
        return Ok(());
    }
    step("Worker: worker-build", |step| worker_build(workspace, tools, profile, step))?;
    if profile == Profile::Release {
        leave_names_out(workspace)?;
    }
    write_if_changed(&stamp, from.as_bytes())
}

/// Cargo's `strip` would also remove the `target_features` that wasm-bindgen and wasm-opt read, so names go at the end. The
/// module with them stays beside the one that is deployed, for reading stack traces.
fn leave_names_out(workspace: &Workspace) -> Result<()> {
    let deployed = workspace.path("worker/build/index_bg.wasm");
    let named = fs::read(&deployed)?;
    fs::write(&deployed, wasm::without_names(&named)?)?;
    Ok(fs::write(workspace.path("worker/build/index_bg.names.wasm"), named)?)
}

fn worker_build(workspace: &Workspace, tools: &Tools, profile: Profile, step: Step) -> Result<()> {
    // wasm-opt is a script that asks `env` for a node: it gets the same one as wrangler.
    let mut path: Vec<_> = tools.npm.node.parent().map(Into::into).into_iter().collect();
    path.extend(std::env::split_paths(&std::env::var_os("PATH").unwrap_or_default()));
    let mut command = std::process::Command::new(&tools.worker_build);
    command
        // Without its own optimisation a development build is ready sooner.
        .args(match profile {
            Profile::Dev => ["--dev", "--no-opt"].as_slice(),
            Profile::Release => &["--release"],
        })
        .current_dir(workspace.path("worker"))
        .env("PATH", std::env::join_paths(path)?)
        // Not named, it would download them.
        .env("WASM_BINDGEN_BIN", &tools.wasm_bindgen)
        .env("WASM_OPT_BIN", tools.npm.wasm_opt_script()?)
        .env("ESBUILD_BIN", tools.npm.esbuild()?);
    quiet(step, &mut command, &workspace.log("worker-build"))
}
