//! The servers that `dev` runs: each with a log, and a process group of its own so that nothing of it stays behind.

use std::fs::{self, File};
use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use signal_hook::iterator::Signals;

use super::http;
use crate::clock;
use crate::process::{shown, succeeds, tail};
use crate::progress::{say, step};

/// Longest we wait for a server's first answer; wrangler itself may build for a while first.
const PATIENCE: Duration = Duration::from_mins(3);
/// From "please stop" to "stop".
const GRACE: Duration = Duration::from_secs(5);
const PAUSE: Duration = Duration::from_millis(100);

/// A running server. Dropping it stops it and all that it started.
pub(super) struct Service {
    name: &'static str,
    child: Child,
    log: PathBuf,
}

impl Service {
    pub(super) fn start(name: &'static str, command: &mut Command, log: PathBuf) -> Result<Self> {
        if let Some(folder) = log.parent() {
            fs::create_dir_all(folder)?;
        }
        let file = File::create(&log).with_context(|| format!("cannot write {}", log.display()))?;
        let mut child = command
            .process_group(0)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .with_context(|| format!("cannot start {}", shown(command)))?;
        let (out, err) = (child.stdout.take(), child.stderr.take());
        for stream in
            [out.map(|out| Box::new(out) as Box<dyn Read + Send>), err.map(|err| Box::new(err) as _)]
        {
            let (Some(stream), file) = (stream, file.try_clone()?) else { continue };
            thread::spawn(move || follow(name, stream, file));
        }
        Ok(Self { name, child, log })
    }

    /// An error with the end of the log when it has ended.
    fn must_run(&mut self) -> Result<()> {
        if let Some(status) = self.child.try_wait()? {
            bail!(
                "the {} ended ({status}). The end of {}:\n\n{}",
                self.name,
                self.log.display(),
                tail(&self.log).unwrap_or_default()
            );
        }
        Ok(())
    }

    fn signal_group(&self, signal: &str) -> bool {
        let group = format!("-{}", self.child.id());
        succeeds(Command::new("sh").args(["-c", "kill -s \"$0\" -- \"$1\"", signal, &group]))
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        // `kill` fails when nobody of the group is left: the server, and its own children.
        self.signal_group("TERM");
        let started = clock::now();
        while self.signal_group("0") && clock::now().duration_since(started) < GRACE {
            let _ = self.child.try_wait(); // a zombie would count as living
            thread::sleep(PAUSE);
        }
        self.signal_group("KILL");
        let _ = self.child.wait();
    }
}

/// Copies a server's output to its log, and what looks like trouble to the screen as well.
fn follow(name: &str, stream: impl Read, mut log: File) {
    for line in BufReader::new(stream).split(b'\n').map_while(Result::ok) {
        let _ = log.write_all(&line).and_then(|()| log.write_all(b"\n"));
        let line = String::from_utf8_lossy(&line);
        if ["ERROR", "panicked", "\"level\":\"error\""].iter().any(|mark| line.contains(mark)) {
            say(&format!("[{name}] {line}"));
        }
    }
}

/// Waits until a server answers; gives up when one of them ends, or at Ctrl-C.
pub(super) fn wait_for(name: &str, url: &str, services: &mut [Service], signals: &mut Signals) -> Result<()> {
    let started = clock::now();
    step(&format!("{name}: starting"), |step| {
        loop {
            let answered = http::status(url);
            if answered.is_some_and(|status| status < 400) {
                return Ok(());
            }
            step.note(
                &answered.map_or_else(|| "no answer yet".to_owned(), |status| format!("answers {status}")),
            );
            for service in &mut *services {
                service.must_run()?;
            }
            if signals.pending().next().is_some() {
                bail!("stopped");
            }
            if clock::now().duration_since(started) > PATIENCE {
                bail!("{url} did not become well; it {}. Logs: .postbode/logs", said(url, answered));
            }
            thread::sleep(PAUSE);
        }
    })
}

/// A health check that fails says why in its body.
fn said(url: &str, answered: Option<u16>) -> String {
    match answered {
        None => "never answered".to_owned(),
        Some(status) => format!("answers {status}: {}", http::text(url).unwrap_or_default()),
    }
}

/// Until Ctrl-C, or until one of the servers ends.
pub(super) fn watch(services: &mut [Service], signals: &mut Signals) -> Result<()> {
    loop {
        if signals.pending().next().is_some() {
            say("\nStopping.");
            return Ok(());
        }
        for service in &mut *services {
            service.must_run()?;
        }
        thread::sleep(PAUSE);
    }
}
