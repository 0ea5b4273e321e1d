//! The packages of `package-lock.json`.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use anyhow::{Result, bail};

use crate::process::quiet;
use crate::progress::step;
use crate::workspace::{Workspace, on_path, read, write_if_changed};

/// `node_modules`, installed from the lock file unless that has been done.
pub(super) fn install(workspace: &Workspace) -> Result<PathBuf> {
    let modules = workspace.path("node_modules");
    let lock = read(&workspace.path("package-lock.json"))?;
    let stamp = modules.join(".postbode-lock.json");
    if fs::read_to_string(&stamp).is_ok_and(|installed| installed == lock) {
        return Ok(modules);
    }
    if on_path("npm").is_none() {
        bail!(
            "there is no `npm` on PATH. It comes with Node (https://nodejs.org); on Debian it is the package `npm`."
        );
    }
    step("npm packages (wrangler, binaryen, esbuild, axe-core)", |step| {
        let mut npm = Command::new("npm");
        // Not `npm ci`: it insists on the packages of all platforms in the lock file, and not every registry serves
        // them all. This obeys the lock file too, and leaves it alone. No package of ours needs its install script:
        // their programs come as platform packages.
        npm.args(["install", "--no-save", "--ignore-scripts", "--no-audit", "--no-fund"])
            .current_dir(&workspace.root);
        quiet(step, &mut npm, &workspace.log("npm"))
    })?;
    write_if_changed(&stamp, lock.as_bytes())?;
    Ok(modules)
}
