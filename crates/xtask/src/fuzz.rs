//! `cargo xtask fuzz`: libFuzzer on what reads bytes of others, with the stable compiler.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::process::{output_of, quiet, succeeds};
use crate::progress::step;
use crate::setup::debian;
use crate::workspace::{Workspace, on_path};

/// What `crates/fuzz` has.
const TARGETS: [&str; 4] = ["form", "mime", "raw", "smtp_session"];

/// What cargo-fuzz gives the compiler when it is asked for no sanitizer; all of it is stable. Our crates have no `unsafe`,
/// so that what a sanitizer would find can't be there.
const COVERAGE: &str = "-Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4 \
    -Cllvm-args=-sanitizer-coverage-inline-8bit-counters -Cllvm-args=-sanitizer-coverage-pc-table --cfg fuzzing";

/// Longest input, in bytes.
const INPUT_BYTES_MAX: u32 = 4096;

/// What one may choose.
#[derive(Debug)]
pub(crate) struct Options {
    /// For each target.
    pub(crate) seconds: u32,
    pub(crate) only: Option<String>,
}

impl Default for Options {
    fn default() -> Self {
        Self { seconds: 60, only: None }
    }
}

pub(crate) fn run(workspace: &Workspace, options: &Options) -> Result<()> {
    let chosen: Vec<_> =
        TARGETS.into_iter().filter(|name| options.only.as_deref().is_none_or(|only| only == *name)).collect();
    if chosen.is_empty() {
        bail!("there is no such target; there are {}", TARGETS.join(", "));
    }
    let folder = compile(workspace)?;
    for target in chosen {
        let corpus = workspace.ours(&format!("fuzz/{target}"));
        fs::create_dir_all(&corpus).with_context(|| format!("cannot make {}", corpus.display()))?;
        let program = folder.join(target);
        let log = workspace.log(&format!("fuzz-{target}"));
        let mut command = Command::new(&program);
        command
            .arg(format!("-max_total_time={}", options.seconds))
            .arg(format!("-max_len={INPUT_BYTES_MAX}"))
            .arg(format!("-artifact_prefix={}-", corpus.display()))
            .arg(&corpus)
            .arg(workspace.path(&format!("crates/fuzz/seeds/{target}")));
        step(&format!("fuzzing {target} for {} s", options.seconds), |step| quiet(step, &mut command, &log))
            .with_context(|| format!("the log names the input; to repeat it: {} INPUT", program.display()))?;
    }
    Ok(())
}

/// Compiles every target; where they are.
fn compile(workspace: &Workspace) -> Result<PathBuf> {
    if on_path("c++").is_none() || !succeeds(Command::new("c++").arg("--version")) {
        debian::install(workspace, &["g++"], "libFuzzer is written in C++")?;
    }
    let about = output_of(Command::new("rustc").arg("-vV"))?;
    let host = about.lines().find_map(|line| line.strip_prefix("host: ")).context("rustc names no host")?;
    let target = workspace.target.join("fuzz");
    // With `--target`, the flags are for the targets alone and not for what builds them.
    let mut command = workspace.cargo(&["build", "-p", "fuzz", "--profile", "fuzz", "--target", host]);
    command.arg("--target-dir").arg(&target).env("RUSTFLAGS", COVERAGE);
    step("fuzz targets: compiling", |step| quiet(step, &mut command, &workspace.log("fuzz-compile")))?;
    Ok(target.join(host).join("fuzz"))
}
