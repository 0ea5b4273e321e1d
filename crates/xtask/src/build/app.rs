//! The pages: compiled, bound to JavaScript, made small, and laid out with hashed names in `app/dist`.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Result;

use crate::build::{Profile, assets};
use crate::process::quiet;
use crate::progress::{Step, step};
use crate::setup::Tools;
use crate::workspace::{Workspace, empty_folder, must_exist, write_if_changed};

const GLUE: &str = "app.js";
const MODULE: &str = "app_bg.wasm";

pub(super) fn compile(workspace: &Workspace, profile: Profile, step: Step) -> Result<()> {
    let mut cargo = workspace.cargo(&["build", "-p", "app", "--target", "wasm32-unknown-unknown"]);
    quiet(step, cargo.args(profile.cargo_arguments()), &workspace.log("app-compile"))
}

pub(super) fn package(workspace: &Workspace, tools: &Tools, profile: Profile) -> Result<()> {
    let compiled = workspace.target.join("wasm32-unknown-unknown").join(profile.folder()).join("app.wasm");
    let compiled = must_exist(compiled, "`cargo build -p app`")?;
    // Binding takes seconds, and wrangler asks for a build at every change of any file.
    let bound = workspace.target.join("postbode").join(profile.folder());
    let stamp = bound.join("made-from");
    let from = assets::fingerprint(&fs::read(&compiled)?);
    if !fs::read_to_string(&stamp).is_ok_and(|earlier| earlier == from) {
        empty_folder(&bound)?;
        step("pages: wasm-bindgen", |step| bind(workspace, tools, &compiled, &bound, step))?;
        if profile == Profile::Release {
            step("pages: wasm-opt", |step| optimise(workspace, tools, &bound.join(MODULE), step))?;
        }
        write_if_changed(&stamp, from.as_bytes())?;
    }
    let parts = assets::Parts {
        glue: bound.join(GLUE),
        module: bound.join(MODULE),
        snippets: bound.join("snippets"),
    };
    assets::lay_out(workspace, &parts)
}

fn bind(workspace: &Workspace, tools: &Tools, compiled: &Path, bound: &Path, step: Step) -> Result<()> {
    let mut command = Command::new(&tools.wasm_bindgen);
    command
        .args(["--target", "web", "--no-typescript", "--out-name", "app", "--out-dir"])
        .arg(bound)
        .arg(compiled);
    quiet(step, &mut command, &workspace.log("app-bind"))
}

fn optimise(workspace: &Workspace, tools: &Tools, module: &Path, step: Step) -> Result<()> {
    let smaller = PathBuf::from(format!("{}.smaller", module.display()));
    // The features come from the module's own `target_features` section.
    let mut command = tools.npm.node();
    command.arg(tools.npm.wasm_opt_script()?).arg("-Oz").arg(module).arg("-o").arg(&smaller);
    quiet(step, &mut command, &workspace.log("app-opt"))?;
    Ok(fs::rename(smaller, module)?)
}
