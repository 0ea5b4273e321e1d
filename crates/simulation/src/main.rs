//! `simulation`: runs worlds until one fails or there were enough. `cargo xtask simulate` builds and calls it.
#![expect(clippy::print_stdout, reason = "a command line program talks to its user on standard output")]

use std::io::Write as _;
use std::process::ExitCode;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use lexopt::{Arg, Parser, ValueExt as _};
use simulation::{Campaign, Failure, Stats, Telling};

/// Lines of a story that are shown.
const LINES_MAX: usize = 120;

fn main() -> ExitCode {
    match campaign() {
        Ok(campaign) => run(&campaign),
        Err(error) => {
            println!(
                "{error}\n\n  simulation [--seed N] [--days N] [--seconds N] [--threads N] [--shrink N] [--whole-story]"
            );
            ExitCode::from(2)
        }
    }
}

fn campaign() -> Result<Campaign, lexopt::Error> {
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let mut campaign = Campaign {
        seed: 1,
        days: 1_000_000,
        time: None,
        threads,
        shrink_for: Duration::from_secs(20),
        telling: Telling::Short,
    };
    let mut parser = Parser::from_env();
    while let Some(argument) = parser.next()? {
        match argument {
            Arg::Long("seed") => campaign.seed = parser.value()?.parse()?,
            Arg::Long("days") => campaign.days = parser.value()?.parse()?,
            Arg::Long("seconds") => campaign.time = Some(Duration::from_secs(parser.value()?.parse()?)),
            Arg::Long("threads") => campaign.threads = parser.value()?.parse()?,
            Arg::Long("shrink") => campaign.shrink_for = Duration::from_secs(parser.value()?.parse()?),
            Arg::Long("whole-story") => campaign.telling = Telling::Whole,
            other => return Err(other.unexpected()),
        }
    }
    Ok(campaign)
}

fn run(campaign: &Campaign) -> ExitCode {
    // A panic inside a world is one of its findings, and is told with its story.
    std::panic::set_hook(Box::new(|_| {}));
    #[expect(clippy::disallowed_methods, reason = "how long it takes, for the one who waits")]
    let started = Instant::now();
    let shown = AtomicU64::new(0);
    let progress = |stats: &Stats| {
        let seconds = started.elapsed().as_secs();
        if shown.fetch_max(seconds, Ordering::Relaxed) + 5 <= seconds {
            println!("{}", speed(stats, started.elapsed()));
            let _ = std::io::stdout().flush();
        }
    };
    let (stats, found) = campaign.run(&|| started.elapsed(), &progress);
    print!("{}", stats.table());
    println!("{}", speed(&stats, started.elapsed()));
    match found.map(|found| campaign.explain(found, &|| started.elapsed())) {
        None => ExitCode::SUCCESS,
        Some(failure) => {
            tell(&failure, campaign.telling == Telling::Whole);
            ExitCode::FAILURE
        }
    }
}

fn speed(stats: &Stats, took: Duration) -> String {
    let (days, steps) = (stats.of("mailbox-days"), stats.of("steps"));
    let millis = u64::try_from(took.as_millis()).unwrap_or(u64::MAX).max(1);
    let a_second = |count: u64| count.saturating_mul(1000) / millis;
    format!(
        "{days} mailbox-days, {steps} steps in {}.{:03} s: {} days/s, {} steps/s",
        millis / 1000,
        millis % 1000,
        a_second(days),
        a_second(steps)
    )
}

fn tell(failure: &Failure, is_whole: bool) {
    let Failure { seed, violation, decisions, story } = failure;
    println!("\nseed {seed}: {}\n  {}", violation.invariant, violation.detail);
    println!("  {} of {} decisions are needed\n", decisions.1, decisions.0);
    let skipped = if is_whole { 0 } else { story.len().saturating_sub(LINES_MAX) };
    if skipped > 0 {
        println!("  … {skipped} lines before …");
    }
    for line in story.iter().skip(skipped) {
        println!("  {line}");
    }
    println!("\n  {}: {}", violation.invariant, violation.detail);
    println!("\nTo run it again: cargo xtask simulate --seed {seed} --days 1");
}
