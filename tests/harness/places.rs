use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::LazyLock;

use crate::secrets::random_text;

/// Where this checkout and its tools are, as `cargo xtask env` says.
#[derive(Debug)]
pub struct Places {
    /// The checkout.
    pub root: PathBuf,
    pub(crate) node: PathBuf,
    pub(crate) wrangler: PathBuf,
    pub(crate) sandbox: PathBuf,
    pub(crate) relay: PathBuf,
    pub(crate) node_modules: PathBuf,
}

static PLACES: LazyLock<Places> = LazyLock::new(Places::read);

impl Places {
    /// The places of this run.
    pub fn here() -> &'static Self {
        &PLACES
    }

    fn read() -> Self {
        let places = Self {
            root: told("POSTBODE_ROOT"),
            node: told("POSTBODE_NODE"),
            wrangler: told("POSTBODE_WRANGLER"),
            sandbox: told("POSTBODE_SANDBOX"),
            relay: told("POSTBODE_RELAY"),
            node_modules: told("POSTBODE_NODE_MODULES"),
        };
        must_exist(&places.built_worker().join("index.js"), "cargo xtask build");
        must_exist(&places.built_app().join("index.html"), "cargo xtask build");
        must_exist(&places.sandbox, "cargo build -p sandbox");
        must_exist(&places.relay, "cargo build -p relay");
        places
    }

    pub(crate) fn built_worker(&self) -> PathBuf {
        self.root.join("worker/build")
    }

    pub(crate) fn built_app(&self) -> PathBuf {
        self.root.join("app/dist")
    }

    /// wrangler on the product's own configuration; it takes what is built.
    pub fn wrangler(&self) -> Command {
        let mut command = Command::new(&self.node);
        command
            .arg(&self.wrangler)
            .arg("-c")
            .arg(self.root.join("wrangler.toml"))
            .current_dir(&self.root)
            .env("POSTBODE_BUILD", "none")
            .env("WRANGLER_SEND_METRICS", "false")
            .env("CI", "1"); // ask nothing
        command
    }

    /// Where pictures of the pages go; ignored by git.
    pub fn pictures(&self) -> PathBuf {
        self.root.join("tests/pictures")
    }

    /// The accessibility checker that runs inside a page.
    pub fn axe(&self) -> String {
        let path = self.node_modules.join("axe-core/axe.min.js");
        std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
    }

    /// The browser and what drives it; only some scenarios need them.
    pub(crate) fn browser() -> (PathBuf, PathBuf) {
        (told("POSTBODE_CHROMIUM"), told("POSTBODE_CHROMEDRIVER"))
    }
}

/// A new directory. Its name is short: Chromium puts a Unix socket in it, whose path has at most 108 characters.
pub(crate) fn temporary() -> PathBuf {
    let name: String = random_text().chars().take(10).collect();
    let directory = env::temp_dir().join(format!("postbode-{name}"));
    std::fs::create_dir_all(&directory).unwrap();
    directory
}

fn told(name: &str) -> PathBuf {
    let value = env::var_os(name);
    value.unwrap_or_else(|| panic!("{name} is not set: eval \"$(cargo xtask env)\"")).into()
}

fn must_exist(path: &Path, command: &str) {
    assert!(path.exists(), "{} is not there; make it with: {command}", path.display());
}
