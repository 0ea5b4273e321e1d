//! `cargo xtask build`: the pages into `app/dist`, the Worker into `worker/build`.

mod app;
mod assets;
pub(crate) mod sizes;
mod wasm;
mod worker;

use anyhow::{Result, bail};

use crate::progress::{say, step};
use crate::setup::{self, Tools};
use crate::workspace::Workspace;

/// Told by `cargo xtask dev` and the tests to the wrangler they start, whose `[build] command` is this very command:
/// `dev` builds for development, `none` takes what is there.
pub(crate) const HOW: &str = "POSTBODE_BUILD";

/// Largest memory the Worker may ask for, in 64 KiB pages: 96 MiB of an isolate's 128 MB, the rest is JavaScript's.
/// Production kills an isolate above its limit and local workerd does not, so the linker sets it (worker/build.rs).
const MOST_PAGES: u64 = 96 * 1024 / 64;

/// Quick to make, or small and quick to run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Profile {
    Dev,
    Release,
}

impl Profile {
    /// Cargo's name for the folder.
    fn folder(self) -> &'static str {
        match self {
            Self::Dev => "debug",
            Self::Release => "release",
        }
    }

    fn cargo_arguments(self) -> &'static [&'static str] {
        match self {
            Self::Dev => &[],
            Self::Release => &["--release"],
        }
    }
}

/// The command. Without a profile it does what wrangler's starter wants, else a release.
pub(crate) fn from_wrangler_or_by_hand(workspace: &Workspace, profile: Option<Profile>) -> Result<()> {
    let wanted = std::env::var(HOW).unwrap_or_default();
    let profile = match (profile, wanted.as_str()) {
        (Some(profile), _) => profile,
        (None, "none") => return Ok(()),
        (None, "dev") => Profile::Dev,
        (None, "" | "release") => Profile::Release,
        (None, other) => bail!("{HOW}={other}: it is `dev`, `release` or `none`"),
    };
    let tools = setup::everything(workspace)?;
    build(workspace, &tools, profile)?;
    if profile == Profile::Release {
        say(&sizes::report(workspace, &tools.npm)?);
    }
    Ok(())
}

/// Both, with tools that are there.
pub(crate) fn build(workspace: &Workspace, tools: &Tools, profile: Profile) -> Result<()> {
    step("pages: compiling", |step| app::compile(workspace, profile, step))?;
    step("Worker: compiling", |step| worker::compile(workspace, profile, step))?;
    package(workspace, tools, profile)
}

/// What cargo does of it, which needs no tools: so these can be installed meanwhile.
pub(crate) fn compile(workspace: &Workspace, profile: Profile) -> Result<()> {
    step("pages: compiling", |step| app::compile(workspace, profile, step))?;
    step("Worker: compiling", |step| worker::compile(workspace, profile, step))
}

/// The rest, from what [`compile`] made.
pub(crate) fn package(workspace: &Workspace, tools: &Tools, profile: Profile) -> Result<()> {
    // Neither waits for the other; in a release, both spend their time in wasm-opt.
    setup::both(|| app::package(workspace, tools, profile), || worker::package(workspace, tools, profile))?;
    check_memory(workspace)
}

fn check_memory(workspace: &Workspace) -> Result<()> {
    let path = workspace.path("worker/build/index_bg.wasm");
    match wasm::most_pages(&std::fs::read(&path)?)? {
        Some(pages) if pages <= MOST_PAGES => Ok(()),
        Some(pages) => bail!("{} may grow to {pages} pages; {MOST_PAGES} is what fits", path.display()),
        None => bail!(
            "{} has no maximum memory, so local tests would pass with more than production gives.\n\
             worker/build.rs should print `cargo::rustc-link-arg-cdylib=--max-memory={}` for wasm32.",
            path.display(),
            MOST_PAGES * 64 * 1024
        ),
    }
}
