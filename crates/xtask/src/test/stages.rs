//! The stages, in the order of how soon they tell.

use std::fs;
use std::process::Command;

use anyhow::Result;

use super::{environment, msal};
use crate::build::{self, Profile, sizes};
use crate::fuzz;
use crate::process::{aloud, aloud_and_read, output_of, quiet};
use crate::progress::{say, step};
use crate::setup::{self, Tools};
use crate::simulate;
use crate::workspace::Workspace;

/// One stage.
#[derive(Debug)]
pub(super) struct Stage {
    pub(super) name: &'static str,
    pub(super) about: &'static str,
    /// Part of `--quick`.
    pub(super) quick: bool,
    /// Runs tests, or is needed by one that does: so it runs when a filter is given.
    pub(super) filtered: bool,
    pub(super) work: fn(&mut Run) -> Result<()>,
}

pub(super) const STAGES: &[Stage] = &[
    Stage { name: "format", about: "formatting, the lock file", quick: true, filtered: false, work: format },
    Stage { name: "clippy", about: "lints, native crates", quick: true, filtered: false, work: clippy },
    Stage { name: "unit", about: "native tests", quick: true, filtered: true, work: unit },
    Stage {
        name: "fuzz",
        about: "a few seconds of libFuzzer for each parser and encoder",
        quick: false,
        filtered: false,
        work: fuzz,
    },
    Stage {
        name: "simulation",
        about: "a hundred thousand days of simulated mailboxes",
        quick: false,
        filtered: false,
        work: simulation,
    },
    Stage {
        name: "clippy-wasm",
        about: "lints, pages and Worker",
        quick: false,
        filtered: false,
        work: clippy_wasm,
    },
    Stage {
        name: "deny",
        about: "licences and origins of dependencies",
        quick: false,
        filtered: false,
        work: deny,
    },
    Stage {
        name: "build",
        about: "release of pages and Worker",
        quick: false,
        filtered: true,
        work: release,
    },
    Stage {
        name: "dry-run",
        about: "what wrangler would deploy",
        quick: false,
        filtered: false,
        work: dry_run,
    },
    Stage {
        name: "msal",
        about: "Microsoft's own library signs in at the sandbox",
        quick: false,
        filtered: false,
        work: sign_in_with_msal,
    },
    Stage {
        name: "dev",
        about: "what a newcomer runs, up to the printed curl line",
        quick: false,
        filtered: false,
        work: dev,
    },
    Stage {
        name: "end-to-end",
        about: "built Worker, browser, sandbox",
        quick: false,
        filtered: true,
        work: end_to_end,
    },
];

/// The whole run: what stages share.
pub(super) struct Run<'a> {
    workspace: &'a Workspace,
    filter: Option<&'a str>,
    tools: Option<Tools>,
    counted: Counted,
}

#[derive(Default)]
struct Counted {
    results: u32,
    passed: u32,
    failed: u32,
    skipped: u32,
}

impl<'a> Run<'a> {
    pub(super) fn new(workspace: &'a Workspace, filter: Option<&'a str>) -> Self {
        Self { workspace, filter, tools: None, counted: Counted::default() }
    }

    fn tools(&mut self) -> Result<&Tools> {
        if self.tools.is_none() {
            self.tools = Some(setup::everything(self.workspace)?);
        }
        self.tools.as_ref().ok_or_else(|| anyhow::anyhow!("the tools were just installed"))
    }

    /// `cargo test`, aloud, its results added up.
    fn test(&mut self, command: &mut Command) -> Result<()> {
        if let Some(filter) = self.filter {
            command.arg(filter);
        }
        let counted = &mut self.counted;
        aloud_and_read(command, |line| counted.read(line))
    }

    pub(super) fn total(&self) -> Option<String> {
        let Counted { results, passed, failed, skipped } = self.counted;
        (results > 0).then(|| format!("{passed} passed, {failed} failed, {skipped} skipped"))
    }
}

impl Counted {
    /// `test result: ok. 12 passed; 0 failed; 1 ignored; 0 measured; …`
    fn read(&mut self, line: &str) {
        let Some(result) = line.strip_prefix("test result: ") else { return };
        self.results += 1;
        let words: Vec<_> = result.split([' ', ';']).filter(|word| !word.is_empty()).collect();
        for pair in words.windows(2) {
            let [number, what] = pair else { continue };
            let Ok(number) = number.parse::<u32>() else { continue };
            match *what {
                "passed" => self.passed += number,
                "failed" => self.failed += number,
                "ignored" => self.skipped += number,
                _ => {}
            }
        }
    }
}

fn format(run: &mut Run) -> Result<()> {
    aloud(&mut run.workspace.cargo(&["fmt", "--all", "--check"]))?;
    // Fails when a Cargo.toml says something that the lock file does not.
    output_of(&mut run.workspace.cargo(&["metadata", "--locked", "--format-version", "1"])).map(drop)
}

fn clippy(run: &mut Run) -> Result<()> {
    aloud(&mut run.workspace.cargo(&["clippy", "--all-targets", "--", "-D", "warnings"]))?;
    let others = ["clippy", "-p", "end-to-end", "-p", "fuzz", "--all-targets", "--", "-D", "warnings"];
    aloud(&mut run.workspace.cargo(&others))
}

fn unit(run: &mut Run) -> Result<()> {
    let workspace = run.workspace;
    environment::python(workspace)?;
    run.test(&mut workspace.cargo(&["test"]))?;
    // The pages' logic that needs no browser, if it has tests: compiling Leptos natively takes a while.
    if contains_tests(&workspace.path("app/src"))? {
        run.test(&mut workspace.cargo(&["test", "-p", "app"]))?;
    }
    Ok(())
}

fn contains_tests(folder: &std::path::Path) -> Result<bool> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let found = if path.is_dir() {
            contains_tests(&path)?
        } else {
            fs::read_to_string(&path).is_ok_and(|text| text.contains("#[test]"))
        };
        if found {
            return Ok(true);
        }
    }
    Ok(false)
}

fn fuzz(run: &mut Run) -> Result<()> {
    fuzz::run(run.workspace, &fuzz::Options { seconds: 5, only: None })
}

fn simulation(run: &mut Run) -> Result<()> {
    simulate::run(run.workspace, &simulate::Options { days: Some(100_000), ..simulate::Options::default() })
}

fn clippy_wasm(run: &mut Run) -> Result<()> {
    setup::wasm_target(run.workspace)?;
    for package in ["app", "postbode-worker"] {
        let arguments =
            ["clippy", "-p", package, "--target", "wasm32-unknown-unknown", "--", "-D", "warnings"];
        aloud(&mut run.workspace.cargo(&arguments))?;
    }
    Ok(())
}

fn deny(run: &mut Run) -> Result<()> {
    // Advisories need a database from the internet; `cargo deny check advisories` is for machines that reach it.
    let program = setup::deny(run.workspace)?;
    let mut command = Command::new(program);
    command.current_dir(&run.workspace.root).args([
        "check",
        "--hide-inclusion-graph",
        "bans",
        "licenses",
        "sources",
    ]);
    aloud(&mut command)
}

fn release(run: &mut Run) -> Result<()> {
    let workspace = run.workspace;
    let tools = run.tools()?;
    build::build(workspace, tools, Profile::Release)?;
    say(&sizes::check(workspace, &tools.npm)?);
    Ok(())
}

fn dry_run(run: &mut Run) -> Result<()> {
    let workspace = run.workspace;
    let npm = setup::npm(workspace)?;
    let mut wrangler = npm.wrangler(workspace, &["deploy", "--dry-run", "--outdir"]);
    aloud(wrangler.arg(workspace.ours("dry-run")).env(build::HOW, "none"))
}

fn sign_in_with_msal(run: &mut Run) -> Result<()> {
    compile_sandbox(run.workspace)?;
    msal::prove(run.workspace)
}

fn dev(run: &mut Run) -> Result<()> {
    compile_sandbox(run.workspace)?;
    super::newcomer::prove(run.workspace)
}

fn end_to_end(run: &mut Run) -> Result<()> {
    let workspace = run.workspace;
    environment::browser(workspace)?;
    environment::mail_servers(workspace)?;
    compile_sandbox(workspace)?;
    let npm = setup::npm(workspace)?;
    let mut command = workspace.cargo(&["test", "-p", "end-to-end"]);
    command.envs(environment::variables(workspace, &npm));
    run.test(&mut command)
}

/// The sandbox as a binary that others start.
pub(crate) fn compile_sandbox(workspace: &Workspace) -> Result<()> {
    step("sandbox: compiling", |step| {
        quiet(
            step,
            &mut workspace.cargo(&["build", "-p", "sandbox", "-p", "relay"]),
            &workspace.log("sandbox-compile"),
        )
    })
}

#[cfg(test)]
mod tests {
    use super::Counted;

    #[test]
    fn adds_up_what_cargo_test_prints() {
        let mut counted = Counted::default();
        counted.read(
            "test result: ok. 12 passed; 0 failed; 1 ignored; 0 measured; 3 filtered out; finished in 0.01s",
        );
        counted.read("test result: FAILED. 2 passed; 1 failed; 0 ignored; 0 measured; 0 filtered out");
        counted.read("running 15 tests");
        assert_eq!((counted.results, counted.passed, counted.failed, counted.skipped), (2, 14, 1, 1));
    }
}
