//! Ends everything that a stack started, however the test process ends: finished, panicked, interrupted or killed.

use std::fs::File;
use std::io::Write;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::{Mutex, PoisonError};

/// Reads process groups until its input ends, which the kernel sees to when the test process is no more. Then it ends
/// them, politely first, and removes the directory.
const SCRIPT: &str = r#"
groups=
while read -r group; do groups="$groups -$group"; done
[ -n "$groups" ] && kill -s TERM -- $groups 2>/dev/null
tries=0
while [ -n "$groups" ] && kill -s 0 -- $groups 2>/dev/null && [ $tries -lt 30 ]; do
    sleep 0.1; tries=$((tries + 1))
done
[ -n "$groups" ] && kill -s KILL -- $groups 2>/dev/null
[ -n "$1" ] && rm -rf -- "$1"
true
"#;

/// The one that stays behind to clean up.
#[derive(Debug)]
pub(crate) struct Guardian {
    script: Child,
    groups: Option<ChildStdin>,
    started: Mutex<Vec<Child>>,
}

impl Guardian {
    /// Watches over what is started in `directory`, and over the directory itself.
    pub(crate) fn of(directory: &Path) -> Self {
        let keep = std::env::var_os("POSTBODE_KEEP").is_some();
        let doomed = if keep { Path::new("") } else { directory };
        let mut script = Command::new("sh")
            .args(["-c", SCRIPT, "guardian"])
            .arg(doomed)
            .process_group(0) // so that Ctrl-C ends the tests and not the one who cleans up after them
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let groups = script.stdin.take();
        Self { script, groups, started: Mutex::default() }
    }

    /// Starts a server in a process group of its own, with its output in a log.
    pub(crate) fn start(&self, command: &mut Command, log: &Path) -> u32 {
        let file = File::create(log).unwrap();
        let child = command
            .process_group(0)
            .stdin(Stdio::null())
            .stdout(file.try_clone().unwrap())
            .stderr(file)
            .spawn()
            .unwrap_or_else(|error| panic!("cannot start {command:?}: {error}"));
        let group = child.id();
        writeln!(self.groups.as_ref().unwrap(), "{group}").unwrap();
        self.started.lock().unwrap_or_else(PoisonError::into_inner).push(child);
        group
    }

    /// Ends one server at once, as a loss of power would.
    pub(crate) fn end(&self, group: u32) {
        let mut started = self.started.lock().unwrap_or_else(PoisonError::into_inner);
        let child = started.iter_mut().find(|child| child.id() == group).unwrap();
        child.kill().unwrap();
        child.wait().unwrap();
    }

    /// Ends one server and everything that it started, at once.
    pub(crate) fn end_group(&self, group: u32) {
        let ended = Command::new("sh").args(["-c", "kill -s KILL -- \"-$0\"", &group.to_string()]).status();
        assert!(ended.unwrap().success());
        let mut started = self.started.lock().unwrap_or_else(PoisonError::into_inner);
        let child = started.iter_mut().find(|child| child.id() == group).unwrap();
        child.wait().unwrap();
    }

    /// Fails with the end of the log when a server has ended by itself.
    pub(crate) fn must_run(&self, group: u32, log: &Path) {
        let mut started = self.started.lock().unwrap_or_else(PoisonError::into_inner);
        let ended =
            started.iter_mut().find(|child| child.id() == group).and_then(|child| child.try_wait().unwrap());
        drop(started);
        if let Some(status) = ended {
            panic!("it ended ({status}):\n{}", end_of(log));
        }
    }
}

impl Drop for Guardian {
    fn drop(&mut self) {
        self.groups.take();
        // Our own children stay zombies, which count as running, until somebody asks how they ended.
        for child in self.started.get_mut().unwrap_or_else(PoisonError::into_inner) {
            let _ = child.wait();
        }
        let _ = self.script.wait();
    }
}

/// The last lines of a log.
pub(crate) fn end_of(log: &Path) -> String {
    const LINES: usize = 40;
    let text = std::fs::read_to_string(log).unwrap_or_default();
    let lines: Vec<_> = text.lines().collect();
    lines.iter().skip(lines.len().saturating_sub(LINES)).copied().collect::<Vec<_>>().join("\n")
}
