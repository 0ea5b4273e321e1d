//! `relay`: takes orders from a Postbode Worker and carries them out in SMTP. What it is: `docs/relay.md`.
//!
//! In scope: who is believed, which servers may be spoken with, one conversation per order, and a memory of outcomes that
//! lasts for 15 minutes. Out of scope: when to try again (the Worker's), and a queue: nothing is held.

mod allowed;
mod answer;
mod check;
mod clock;
mod config;
mod conversation;
mod line;
mod metrics;
mod outcomes;
mod reception;
mod relay;
#[cfg(test)]
mod scenarios;
mod serve;
mod submit;
mod tls;

use std::process::ExitCode;

use clap::Parser as _;

use crate::config::{Config, Options};

fn main() -> ExitCode {
    let options = Options::parse();
    let check_only = options.check;
    let runtime = match tokio::runtime::Runtime::new() {
        Ok(runtime) => runtime,
        Err(error) => return fail(&format!("no runtime: {error}")),
    };
    let config = match Config::read(options) {
        Ok(config) => config,
        Err(error) => return fail(&error.to_string()),
    };
    if check_only {
        return runtime.block_on(check::explain(&config));
    }
    tracing_subscriber::fmt().with_writer(std::io::stderr).with_target(false).init();
    match runtime.block_on(serve::serve(config)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => fail(&error.to_string()),
    }
}

#[expect(clippy::print_stderr, reason = "a program's own words to whoever started it")]
fn fail(why: &str) -> ExitCode {
    eprintln!("relay: {why}");
    ExitCode::FAILURE
}
