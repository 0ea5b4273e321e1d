//! The installation that a stack runs: what was built, under a configuration derived from the product's own.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use toml::{Table, Value};

use crate::places::Places;
use crate::secrets::Secrets;

/// Where everything of one installation lies.
#[derive(Debug)]
pub(crate) struct Installation {
    directory: PathBuf,
}

impl Installation {
    /// Copies what was built, so that a build meanwhile disturbs nobody, and writes configuration and secrets.
    pub(crate) fn write(
        directory: &Path,
        vars: &[(&str, String)],
        secrets: &Secrets,
        credential: &str,
        with_kv: bool,
    ) -> Self {
        let places = Places::here();
        copy(&places.built_worker(), &directory.join("worker"));
        copy(&places.built_app(), &directory.join("app"));
        let product = fs::read_to_string(places.root.join("wrangler.toml")).unwrap();
        let whole = derived(&product, directory, vars);
        fs::write(directory.join("with-kv.toml"), &whole).unwrap();
        let without = whole.split_once("[[kv_namespaces]]").unwrap();
        let after = without.1.split_once("\n\n").map_or("", |(_, rest)| rest);
        let without = format!("{}{after}", without.0);
        fs::write(directory.join("wrangler.toml"), if with_kv { whole } else { without }).unwrap();
        let secrets = format!(
            "SEALING_KEYS={}\nOPERATOR_SECRET={}\nENTRA_CLIENT_SECRET=\"{credential}\"\n",
            secrets.sealing_keys, secrets.operator
        );
        fs::write(directory.join(".dev.vars"), secrets).unwrap();
        Self { directory: directory.to_owned() }
    }

    /// Puts the KV namespace back that was left out; counts from the next start.
    pub(crate) fn give_kv(&self) {
        fs::copy(self.directory.join("with-kv.toml"), self.directory.join("wrangler.toml")).unwrap();
    }

    /// Everything that the installation stores: objects and KV.
    pub(crate) fn state(&self) -> PathBuf {
        self.directory.join("state")
    }

    pub(crate) fn log(&self) -> PathBuf {
        self.directory.join("worker.log")
    }

    /// What wrangler writes about itself.
    pub(crate) fn host_logs(&self) -> PathBuf {
        self.directory.join("logs")
    }

    /// `wrangler dev` on a port.
    pub(crate) fn dev(&self, port: u16) -> Command {
        let mut command = self.wrangler(&["dev", "--local", "--show-interactive-dev-session=false"]);
        command
            .args(["--port", &port.to_string(), "--inspector-port", "0"])
            .arg("--persist-to")
            .arg(self.state());
        command
    }

    /// `wrangler kv …` on the same state.
    pub(crate) fn kv(&self, arguments: &[&str]) -> Command {
        let mut command = self.wrangler(&["kv"]);
        command.args(arguments).args(["--binding", "TOKENS", "--local", "--persist-to"]).arg(self.state());
        command
    }

    fn wrangler(&self, arguments: &[&str]) -> Command {
        let places = Places::here();
        let mut command = Command::new(&places.node);
        command
            .arg(&places.wrangler)
            .arg("-c")
            .arg(self.directory.join("wrangler.toml"))
            .args(arguments)
            .current_dir(&self.directory)
            .env("WRANGLER_SEND_METRICS", "false")
            .env("WRANGLER_LOG_PATH", self.host_logs())
            .env("CI", "1"); // ask nothing
        command
    }
}

/// The product's configuration without its build, on the copies.
fn derived(product: &str, directory: &Path, vars: &[(&str, String)]) -> String {
    let mut config: Table = toml::from_str(product).unwrap();
    let path = |relative: &str| Value::String(directory.join(relative).display().to_string());
    config.remove("build");
    config.insert("main".to_owned(), path("worker/index.js"));
    let assets = config.get_mut("assets").and_then(Value::as_table_mut).unwrap();
    assets.insert("directory".to_owned(), path("app"));
    let told = config.get_mut("vars").and_then(Value::as_table_mut).unwrap();
    for (name, value) in vars {
        told.insert((*name).to_owned(), Value::String(value.clone()));
    }
    toml::to_string(&config).unwrap()
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).unwrap();
        }
    }
}
