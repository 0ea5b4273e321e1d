//! Node and the programs that npm brings. `setup::npm` installs them; here they are started.

use std::path::PathBuf;
use std::process::Command;

use anyhow::Result;

use crate::workspace::{Workspace, must_exist};

/// A Node that wrangler accepts, and the packages of `package-lock.json`.
#[derive(Debug)]
pub(crate) struct Npm {
    pub(crate) node: PathBuf,
    pub(crate) modules: PathBuf,
}

impl Npm {
    /// Node with a script.
    pub(crate) fn node(&self) -> Command {
        Command::new(&self.node)
    }

    pub(crate) fn wrangler_script(&self) -> PathBuf {
        self.modules.join("wrangler/bin/wrangler.js")
    }

    /// wrangler on our configuration: without `-c` it would prefer a `wrangler.json` of a folder above.
    pub(crate) fn wrangler(&self, workspace: &Workspace, arguments: &[&str]) -> Command {
        let mut command = self.node();
        command
            .arg(self.wrangler_script())
            .arg("-c")
            .arg(workspace.path("wrangler.toml"))
            .args(arguments)
            .current_dir(&workspace.root)
            .env("WRANGLER_SEND_METRICS", "false")
            .env("CI", "1"); // ask nothing
        command
    }

    /// Binaryen's optimiser: JavaScript and wasm, so it runs on whatever Node does.
    pub(crate) fn wasm_opt_script(&self) -> Result<PathBuf> {
        must_exist(self.modules.join("binaryen/bin/wasm-opt"), "`npm install`")
    }

    /// The program itself, which needs no install script.
    pub(crate) fn esbuild(&self) -> Result<PathBuf> {
        let system = match std::env::consts::OS {
            "macos" => "darwin",
            other => other,
        };
        let processor = match std::env::consts::ARCH {
            "x86_64" => "x64",
            "aarch64" => "arm64",
            other => other,
        };
        let path = self.modules.join(format!("@esbuild/{system}-{processor}/bin/esbuild"));
        must_exist(path, "`npm install`")
    }
}
