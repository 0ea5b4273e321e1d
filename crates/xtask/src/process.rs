//! Runs other programs.

use std::collections::VecDeque;
use std::fs::{self, File};
use std::io::{BufRead, BufReader, Read, Write};
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result, bail};

use crate::progress::Step;
use crate::workspace::read;

/// Lines of a log shown when its program fails.
const TAIL: usize = 40;

/// Set when one of several things side by side has failed: the others need not go on.
static GIVEN_UP: AtomicBool = AtomicBool::new(false);
/// How often we look whether a program has ended.
const PAUSE: Duration = Duration::from_millis(20);

/// Tells the programs that run [`quiet`]ly to stop; they then fail with [`Stopped`].
pub(crate) fn give_up() {
    GIVEN_UP.store(true, Ordering::Relaxed);
}

/// The error of what was stopped because something else failed: not worth telling.
#[derive(Debug)]
pub(crate) struct Stopped;

impl std::fmt::Display for Stopped {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("stopped, because something else failed")
    }
}

impl std::error::Error for Stopped {}

/// Runs a program to its end, its output in a log; the last line shows in the step. Fails with the end of the log.
pub(crate) fn quiet(step: Step, command: &mut Command, log: &Path) -> Result<()> {
    if let Some(folder) = log.parent() {
        fs::create_dir_all(folder)?;
    }
    let file = Mutex::new(File::create(log).with_context(|| format!("cannot write {}", log.display()))?);
    let mut child = command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .with_context(|| format!("cannot start {}", shown(command)))?;
    let (out, err) = (child.stdout.take(), child.stderr.take());
    let status = thread::scope(|scope| {
        scope.spawn(|| out.map(|stream| copy(stream, &file, step)));
        scope.spawn(|| err.map(|stream| copy(stream, &file, step)));
        end_of(&mut child)
    })?;
    if !status.success() {
        bail!(
            "{} failed ({status}). The end of {}:\n\n{}",
            shown(command),
            log.display(),
            tail(log).unwrap_or_default()
        );
    }
    Ok(())
}

fn end_of(child: &mut Child) -> Result<ExitStatus> {
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok(status);
        }
        if GIVEN_UP.load(Ordering::Relaxed) {
            child.kill()?;
            child.wait()?;
            return Err(Stopped.into());
        }
        thread::sleep(PAUSE);
    }
}

fn copy(stream: impl Read, file: &Mutex<File>, step: Step) {
    for line in BufReader::new(stream).split(b'\n').map_while(Result::ok) {
        let mut file = file.lock().unwrap_or_else(PoisonError::into_inner);
        let _ = file.write_all(&line).and_then(|()| file.write_all(b"\n"));
        step.note(&String::from_utf8_lossy(&line));
    }
}

/// Runs a program to its end with its output on ours.
pub(crate) fn aloud(command: &mut Command) -> Result<()> {
    let status =
        command.stdin(Stdio::null()).status().with_context(|| format!("cannot start {}", shown(command)))?;
    if !status.success() {
        bail!("{} failed ({status})", shown(command));
    }
    Ok(())
}

/// Like [`aloud`]; `each` also sees every line of standard output.
pub(crate) fn aloud_and_read(command: &mut Command, mut each: impl FnMut(&str)) -> Result<()> {
    let mut child = command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .with_context(|| format!("cannot start {}", shown(command)))?;
    for line in child.stdout.take().into_iter().flat_map(|out| BufReader::new(out).lines()) {
        let line = line?;
        println!("{line}");
        each(&line);
    }
    let status = child.wait()?;
    if !status.success() {
        bail!("{} failed ({status})", shown(command));
    }
    Ok(())
}

/// What a program prints, when it succeeds.
pub(crate) fn output_of(command: &mut Command) -> Result<String> {
    let output =
        command.stdin(Stdio::null()).output().with_context(|| format!("cannot start {}", shown(command)))?;
    if !output.status.success() {
        bail!("{} failed ({}): {}", shown(command), output.status, String::from_utf8_lossy(&output.stderr));
    }
    Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

/// Does it run and succeed? Its output is of no interest.
pub(crate) fn succeeds(command: &mut Command) -> bool {
    command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success())
}

/// A command as one would type it.
pub(crate) fn shown(command: &Command) -> String {
    std::iter::once(command.get_program())
        .chain(command.get_args())
        .map(|part| {
            let part = part.to_string_lossy();
            if part.contains([' ', '$', '"', '*']) { format!("'{part}'") } else { part.into_owned() }
        })
        .collect::<Vec<_>>()
        .join(" ")
}

/// The last lines of a log.
pub(crate) fn tail(log: &Path) -> Result<String> {
    let text = read(log)?;
    let mut last = VecDeque::with_capacity(TAIL);
    for line in text.lines() {
        if last.len() == TAIL {
            last.pop_front();
        }
        last.push_back(line);
    }
    Ok(last.make_contiguous().join("\n"))
}
