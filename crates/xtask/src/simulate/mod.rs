//! `cargo xtask simulate`: the mailbox in simulated worlds, and whether they find known faults.

mod mutation;
mod mutations;

use std::path::PathBuf;

use anyhow::Result;

pub(crate) use mutations::prove;

use crate::process::{aloud, quiet};
use crate::progress::step;
use crate::workspace::Workspace;

/// What one may choose.
#[derive(Debug, Default)]
pub(crate) struct Options {
    pub(crate) days: Option<u64>,
    pub(crate) seed: Option<u64>,
    pub(crate) seconds: Option<u64>,
    pub(crate) whole_story: bool,
    /// Proves the simulation instead: by known faults, or by those whose name has this in it.
    pub(crate) mutations: bool,
    pub(crate) only: Option<String>,
}

pub(crate) fn run(workspace: &Workspace, options: &Options) -> Result<()> {
    if options.mutations {
        return prove(workspace, options);
    }
    let program = step("simulation: compiling", |step| {
        let mut build = workspace.cargo(&["build", "-p", "simulation", "--profile", "simulation"]);
        quiet(step, &mut build, &workspace.log("simulation-compile"))
    })
    .map(|()| program(&workspace.target))?;
    let mut simulation = std::process::Command::new(program);
    let numbers = [("--days", options.days), ("--seed", options.seed), ("--seconds", options.seconds)];
    for (name, number) in numbers {
        if let Some(number) = number {
            simulation.arg(name).arg(number.to_string());
        }
    }
    if options.whole_story {
        simulation.arg("--whole-story");
    }
    aloud(&mut simulation)
}

fn program(target: &std::path::Path) -> PathBuf {
    target.join("simulation/simulation")
}
