//! `cargo xtask`: everything one does with this repository, as one command.
//!
//! It installs what is missing (at pinned versions, inside `.postbode/`), so that a machine with Rust and Node is
//! enough, and it is what CI runs, so that CI has no knowledge of its own.
#![expect(clippy::print_stdout, reason = "a command line program talks to its user on standard output")]

#[cfg(not(unix))]
compile_error!("cargo xtask needs a Unix: on Windows, use WSL 2 and clone the repository inside it");

mod bench;
mod build;
mod clock;
mod dev;
mod fuzz;
mod npm;
mod process;
mod progress;
mod setup;
mod simulate;
mod soak;
mod test;
mod workspace;

use std::process::ExitCode;

use anyhow::{Result, bail};
use lexopt::{Arg, Parser, ValueExt};

use crate::build::Profile;
use crate::workspace::Workspace;

const HELP: &str = "\
Postbode's command runner

  cargo xtask dev [--port 8787] [--sandbox-port 8790] [--fresh]
      Everything running on this machine: the Worker with its pages, and a sandbox that plays Microsoft 365.
      --fresh forgets what earlier runs stored.
  cargo xtask build [--dev]
      The pages into app/dist, the Worker into worker/build. wrangler calls this by itself.
  cargo xtask test [--quick] [--only STAGE]... [FILTER]
      What CI runs, in stages. --quick: formatting, lints and the native tests.
      FILTER goes to the tests, and then only tests run.
  cargo xtask bench
      Measures, as a table.
  cargo xtask soak
      The outbox on a bad day, at length: kills, faults and more mail than ever. About a quarter of an hour.
  cargo xtask fuzz [--seconds 60] [TARGET]
      libFuzzer on what reads bytes of others: raw messages, forms, fields, what mail servers say.
  cargo xtask simulate [--days 1000000] [--seed N] [--seconds N] [--whole-story]
      The mailbox in simulated worlds, on every core, until an invariant breaks; then the shortest story that breaks it.
      --seed N --days 1 runs one world again.
  cargo xtask simulate --mutations [NAME]
      Whether the simulation finds known faults that are put back into a copy of the sources.
  cargo xtask setup
      Installs the tools the other commands need, and nothing else.
  cargo xtask env
      Shell variables the end-to-end tests need when run by hand: eval \"$(cargo xtask env)\"
";

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            progress::say(&format!("\n✗ {error:#}"));
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<()> {
    let mut parser = Parser::from_env();
    let command = match parser.next()? {
        Some(Arg::Value(value)) => value.string()?,
        None | Some(Arg::Long("help") | Arg::Short('h')) => {
            print!("{HELP}");
            return Ok(());
        }
        Some(other) => return Err(other.unexpected().into()),
    };
    let workspace = Workspace::find()?;
    match command.as_str() {
        "dev" => dev::run(&workspace, &dev_options(&mut parser)?),
        "build" => build::from_wrangler_or_by_hand(&workspace, build_profile(&mut parser)?),
        "test" => test::run(&workspace, &test_options(&mut parser)?),
        "bench" => no_more(&mut parser).and_then(|()| bench::run(&workspace)),
        "soak" => no_more(&mut parser).and_then(|()| soak::run(&workspace)),
        "fuzz" => fuzz::run(&workspace, &fuzz_options(&mut parser)?),
        "simulate" => simulate::run(&workspace, &simulate_options(&mut parser)?),
        "setup" => no_more(&mut parser).and_then(|()| setup::everything(&workspace).map(drop)),
        "env" => no_more(&mut parser).and_then(|()| test::print_environment(&workspace)),
        "help" => {
            print!("{HELP}");
            Ok(())
        }
        unknown => bail!("there is no `cargo xtask {unknown}`\n\n{HELP}"),
    }
}

fn dev_options(parser: &mut Parser) -> Result<dev::Options> {
    let mut options = dev::Options::default();
    while let Some(argument) = parser.next()? {
        match argument {
            Arg::Long("port") => options.port = parser.value()?.parse()?,
            Arg::Long("sandbox-port") => options.sandbox_port = parser.value()?.parse()?,
            Arg::Long("fresh") => options.fresh = true,
            other => return Err(other.unexpected().into()),
        }
    }
    Ok(options)
}

fn build_profile(parser: &mut Parser) -> Result<Option<Profile>> {
    let mut profile = None;
    while let Some(argument) = parser.next()? {
        match argument {
            Arg::Long("dev") => profile = Some(Profile::Dev),
            Arg::Long("release") => profile = Some(Profile::Release),
            other => return Err(other.unexpected().into()),
        }
    }
    Ok(profile)
}

fn test_options(parser: &mut Parser) -> Result<test::Options> {
    let mut options = test::Options::default();
    while let Some(argument) = parser.next()? {
        match argument {
            Arg::Long("quick") => options.quick = true,
            Arg::Long("only") => options.only.push(parser.value()?.string()?),
            Arg::Value(filter) if options.filter.is_none() => options.filter = Some(filter.string()?),
            other => return Err(other.unexpected().into()),
        }
    }
    Ok(options)
}

fn fuzz_options(parser: &mut Parser) -> Result<fuzz::Options> {
    let mut options = fuzz::Options::default();
    while let Some(argument) = parser.next()? {
        match argument {
            Arg::Long("seconds") => options.seconds = parser.value()?.parse()?,
            Arg::Value(target) if options.only.is_none() => options.only = Some(target.string()?),
            other => return Err(other.unexpected().into()),
        }
    }
    Ok(options)
}

fn simulate_options(parser: &mut Parser) -> Result<simulate::Options> {
    let mut options = simulate::Options::default();
    while let Some(argument) = parser.next()? {
        match argument {
            Arg::Long("days") => options.days = Some(parser.value()?.parse()?),
            Arg::Long("seed") => options.seed = Some(parser.value()?.parse()?),
            Arg::Long("seconds") => options.seconds = Some(parser.value()?.parse()?),
            Arg::Long("whole-story") => options.whole_story = true,
            Arg::Long("mutations") => options.mutations = true,
            Arg::Value(only) if options.only.is_none() => options.only = Some(only.string()?),
            other => return Err(other.unexpected().into()),
        }
    }
    Ok(options)
}

fn no_more(parser: &mut Parser) -> Result<()> {
    match parser.next()? {
        None => Ok(()),
        Some(argument) => Err(argument.unexpected().into()),
    }
}
