//! Says what is going on: a live line on a terminal, plain lines elsewhere, so that a CI log stays readable.

use std::io::{IsTerminal, Write, stdout};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::Result;

use crate::clock;

/// How often a log gets a sign of life during a long step.
const HEARTBEAT: Duration = Duration::from_secs(30);

struct Active {
    id: u64,
    name: String,
    note: String,
    started: Instant,
}

struct Board {
    next: u64,
    active: Vec<Active>,
    painting: bool,
}

static BOARD: Mutex<Board> = Mutex::new(Board { next: 0, active: Vec::new(), painting: false });

fn board() -> MutexGuard<'static, Board> {
    // A panic elsewhere leaves nothing half done that would matter here.
    BOARD.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A step under way. Several may be, side by side.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Step(u64);

impl Step {
    /// What it does right now, for instance the last line its program printed.
    pub(crate) fn note(self, text: &str) {
        if let Some(active) = board().active.iter_mut().find(|active| active.id == self.0) {
            text.trim().clone_into(&mut active.note);
        }
    }
}

/// Does `work`, and tells that it started, goes on, and ended.
pub(crate) fn step<T>(name: &str, work: impl FnOnce(Step) -> Result<T>) -> Result<T> {
    let started = clock::now();
    let step = {
        let mut board = board();
        board.next += 1;
        let id = board.next;
        board.active.push(Active { id, name: name.to_owned(), note: String::new(), started });
        if !board.painting {
            board.painting = true;
            thread::spawn(paint);
        }
        Step(id)
    };
    if !stdout().is_terminal() {
        say(&format!("→ {name}"));
    }
    let result = work(step);
    board().active.retain(|active| active.id != step.0);
    let mark = if result.is_ok() { '✓' } else { '✗' };
    say(&format!("{mark} {name}  {}", clock::since(started)));
    result
}

/// Prints a line; on a terminal, in the place of the live one.
pub(crate) fn say(text: &str) {
    let _board = board();
    let erase = if stdout().is_terminal() { "\r\x1b[K" } else { "" };
    print_and_flush(&format!("{erase}{text}\n"));
}

fn paint() {
    let terminal = stdout().is_terminal();
    let mut last_heartbeat = clock::now();
    loop {
        thread::sleep(Duration::from_millis(if terminal { 120 } else { 500 }));
        let mut board = board();
        if board.active.is_empty() {
            board.painting = false;
            return;
        }
        if terminal {
            print_and_flush(&format!("\r\x1b[K{}", clipped(&live_line(&board.active), width())));
        } else if clock::now().duration_since(last_heartbeat) >= HEARTBEAT {
            last_heartbeat = clock::now();
            for active in &board.active {
                print_and_flush(&format!(
                    "  … {}, {}: {}\n",
                    active.name,
                    clock::since(active.started),
                    active.note
                ));
            }
        }
    }
}

fn live_line(active: &[Active]) -> String {
    let parts: Vec<_> = active
        .iter()
        .map(|active| {
            let note = if active.note.is_empty() { String::new() } else { format!(" ({})", active.note) };
            format!("{} {}{note}", active.name, clock::since(active.started))
        })
        .collect();
    format!("  {}", parts.join("  |  "))
}

fn width() -> usize {
    std::env::var("COLUMNS").ok().and_then(|columns| columns.parse().ok()).unwrap_or(100)
}

fn clipped(text: &str, width: usize) -> String {
    if text.chars().count() < width {
        return text.to_owned();
    }
    text.chars().take(width.saturating_sub(2)).chain(['…']).collect()
}

fn print_and_flush(text: &str) {
    let mut out = stdout().lock();
    // A closed pipe is the reader's choice, not an error to die of.
    let _ = out.write_all(text.as_bytes()).and_then(|()| out.flush());
}

#[cfg(test)]
mod tests {
    use super::clipped;

    #[test]
    fn a_long_line_is_clipped_and_says_so() {
        assert_eq!(clipped("kort", 10), "kort");
        assert_eq!(clipped("een heel lange regel", 10), "een heel…");
    }
}
