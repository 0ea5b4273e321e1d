//! Proves the simulation: each known fault is put back into a copy of the sources, which must then fail within a minute.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};

use super::Options;
use super::mutation::Mutation;
use crate::clock;
use crate::process::quiet;
use crate::progress::{say, step};
use crate::workspace::{Workspace, read, write_if_changed};

/// What the simulation is compiled from.
const CRATES: [&str; 6] = ["api", "mail", "microsoft", "smtp", "gateway", "simulation"];

/// How long a fault may stay unfound, in seconds.
const SECONDS: u64 = 60;

/// Result of one mutation: a line of the table.
struct Line {
    name: String,
    why: String,
    found: Option<Found>,
    took: String,
}

/// How a fault was found.
struct Found {
    seed: String,
    invariant: String,
    detail: String,
}

/// Runs every mutation and prints the table.
pub(crate) fn prove(workspace: &Workspace, options: &Options) -> Result<()> {
    let mutations = Mutation::all(&workspace.path("crates/simulation/mutations"))?;
    let wanted = |mutation: &&Mutation| options.only.as_ref().is_none_or(|only| mutation.name.contains(only));
    let copy = workspace.target.join("mutations/workspace");
    copy_sources(workspace, &copy)?;
    let mut lines = Vec::new();
    for mutation in mutations.iter().filter(wanted) {
        let line = run(workspace, &copy, mutation, options.seconds.unwrap_or(SECONDS))?;
        say(&row(&line));
        lines.push(line);
    }
    say(&format!("\n{}", lines.iter().map(row).collect::<Vec<_>>().join("\n")));
    let missed: Vec<_> =
        lines.iter().filter(|line| line.found.is_none()).map(|line| line.name.as_str()).collect();
    if !missed.is_empty() {
        bail!("{} of {} faults were not found: {}", missed.len(), lines.len(), missed.join(", "));
    }
    Ok(())
}

fn row(line: &Line) -> String {
    match &line.found {
        Some(found) => format!(
            "✓ {:<36} {:>8}  seed {:<6} {}: {}",
            line.name, line.took, found.seed, found.invariant, found.detail
        ),
        None => format!("✗ {:<36} {:>8}  {}", line.name, line.took, line.why),
    }
}

/// Puts one fault in, compiles, runs, and takes it out again.
fn run(workspace: &Workspace, copy: &Path, mutation: &Mutation, seconds: u64) -> Result<Line> {
    mutation.apply(copy)?;
    let target = workspace.target.join("mutations/target");
    let compiled = step(&format!("{}: compiling", mutation.name), |step| {
        let mut build = workspace.cargo(&["build", "-p", "simulation", "--profile", "simulation"]);
        build.current_dir(copy).arg("--target-dir").arg(&target);
        quiet(step, &mut build, &workspace.log("mutation-compile"))
    });
    for file in mutation.files() {
        fs::copy(workspace.path(file), copy.join(file)).with_context(|| format!("cannot restore {file}"))?;
    }
    compiled?;
    let started = clock::now();
    let mut program = Command::new(super::program(&target));
    program.args(["--days", "1000000000", "--shrink", "0", "--seconds"]).arg(seconds.to_string());
    let output = program.stdin(Stdio::null()).output().context("cannot start the simulation")?;
    let text = String::from_utf8_lossy(&output.stdout);
    Ok(Line {
        name: mutation.name.clone(),
        why: mutation.why.clone(),
        found: found(&text).filter(|_| !output.status.success()),
        took: clock::since(started),
    })
}

/// `seed 48: what does not hold`, and the case on the next line.
fn found(output: &str) -> Option<Found> {
    let mut lines = output.lines().skip_while(|line| !line.starts_with("seed "));
    let (seed, invariant) = lines.next()?.strip_prefix("seed ")?.split_once(": ")?;
    let detail = lines.next()?.trim().chars().take(120).collect();
    Some(Found { seed: seed.to_owned(), invariant: invariant.to_owned(), detail })
}

/// Copies what is needed, and makes it a workspace of its own.
fn copy_sources(workspace: &Workspace, copy: &Path) -> Result<()> {
    for name in CRATES {
        copy_folder(&workspace.path(&format!("crates/{name}")), &copy.join(format!("crates/{name}")))?;
    }
    for name in ["Cargo.lock", "clippy.toml", "rust-toolchain.toml"] {
        write_if_changed(&copy.join(name), read(&workspace.path(name))?.as_bytes())?;
    }
    let manifest = read(&workspace.path("Cargo.toml"))?;
    let (before, rest) = manifest.split_once("members = [").context("Cargo.toml has no members")?;
    let (_, after) = rest.split_once("[workspace.package]").context("Cargo.toml has no package")?;
    let members: Vec<_> = CRATES.iter().map(|name| format!("\"crates/{name}\"")).collect();
    let manifest = format!("{before}members = [{}]\n\n[workspace.package]{after}", members.join(", "));
    write_if_changed(&copy.join("Cargo.toml"), manifest.as_bytes())
}

fn copy_folder(from: &Path, to: &Path) -> Result<()> {
    for entry in fs::read_dir(from).with_context(|| format!("cannot read {}", from.display()))? {
        let (path, to): (PathBuf, PathBuf) = entry.map(|entry| (entry.path(), to.join(entry.file_name())))?;
        if path.is_dir() {
            copy_folder(&path, &to)?;
        } else {
            let content = fs::read(&path).with_context(|| format!("cannot read {}", path.display()))?;
            write_if_changed(&to, &content)?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::found;

    #[test]
    fn reads_what_the_simulation_found() {
        let output = "… days/s\n\nseed 48: content has an owner\n  [\"a\"]\n  5 of 9 decisions are needed\n";
        let found = found(output).unwrap();
        assert_eq!(
            (&*found.seed, &*found.invariant, &*found.detail),
            ("48", "content has an owner", "[\"a\"]")
        );
    }
}
