//! `cargo xtask test`: what CI runs, in stages, each with its time and with the command that repeats it.

mod environment;
mod msal;
mod newcomer;
mod stages;

use anyhow::{Result, bail};

pub(crate) use environment::{print as print_environment, variables};
pub(crate) use stages::compile_sandbox;

use crate::clock;
use crate::progress::say;
use crate::workspace::Workspace;
use stages::{Run, STAGES, Stage};

/// What one may choose.
#[derive(Debug, Default)]
pub(crate) struct Options {
    pub(crate) quick: bool,
    pub(crate) only: Vec<String>,
    pub(crate) filter: Option<String>,
}

pub(crate) fn run(workspace: &Workspace, options: &Options) -> Result<()> {
    let chosen = choose(options)?;
    let mut run = Run::new(workspace, options.filter.as_deref());
    let mut times = Vec::new();
    let all = clock::now();
    for stage in chosen {
        say(&format!("\n━━ {}: {}", stage.name, stage.about));
        let started = clock::now();
        let result = (stage.work)(&mut run);
        times.push((stage.name, clock::since(started)));
        if let Err(error) = result {
            say(&table(&times, &clock::since(all)));
            bail!("stage `{}` failed. To repeat it: cargo xtask test --only {0}\n\n{error:#}", stage.name);
        }
    }
    say(&table(&times, &clock::since(all)));
    if let Some(total) = run.total() {
        say(&total);
    }
    Ok(())
}

fn choose(options: &Options) -> Result<Vec<&'static Stage>> {
    if let Some(unknown) = options.only.iter().find(|name| STAGES.iter().all(|stage| stage.name != **name)) {
        let known: Vec<_> = STAGES.iter().map(|stage| stage.name).collect();
        bail!("there is no stage `{unknown}`; there are {}", known.join(", "));
    }
    Ok(STAGES
        .iter()
        .filter(|stage| {
            if !options.only.is_empty() {
                return options.only.iter().any(|name| name == stage.name);
            }
            (!options.quick || stage.quick) && (options.filter.is_none() || stage.filtered)
        })
        .collect())
}

fn table(times: &[(&str, String)], all: &str) -> String {
    let stages = times.iter().map(|(name, time)| (*name, time.as_str()));
    let lines: Vec<_> =
        stages.chain([("all", all)]).map(|(name, time)| format!("  {name:<12} {time:>12}")).collect();
    format!("\n{}\n", lines.join("\n"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(options: &Options) -> Vec<&'static str> {
        choose(options).unwrap().iter().map(|stage| stage.name).collect()
    }

    #[test]
    fn everything_by_default_and_less_on_request() {
        assert_eq!(names(&Options::default()).len(), STAGES.len());
        let quick = names(&Options { quick: true, ..Options::default() });
        assert_eq!(quick, ["format", "clippy", "unit"]);
        let filtered = names(&Options { filter: Some("seal".into()), ..Options::default() });
        assert_eq!(filtered, ["unit", "build", "end-to-end"]);
        let one = names(&Options { only: vec!["deny".into()], ..Options::default() });
        assert_eq!(one, ["deny"]);
    }

    #[test]
    fn an_unknown_stage_is_an_error_that_lists_them() {
        let error = choose(&Options { only: vec!["lint".into()], ..Options::default() }).unwrap_err();
        assert!(error.to_string().contains("clippy-wasm"));
    }
}
