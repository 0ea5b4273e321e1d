//! Python's `email`, in one process for all messages.

use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::{LazyLock, Mutex, PoisonError};

use serde_json::Value;

struct Python {
    stdin: ChildStdin,
    stdout: BufReader<ChildStdout>,
    // It ends when this process does and its input closes.
    _process: Child,
}

static PYTHON: LazyLock<Mutex<Python>> = LazyLock::new(|| {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/parsers/read_mail.py");
    let mut command = Command::new("python3");
    command.arg(script).stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut process = command.spawn().unwrap_or_else(|error| {
        panic!("python3 can't be started ({error}); it is the second parser: apt-get install python3")
    });
    let stdin = process.stdin.take().unwrap();
    let stdout = BufReader::new(process.stdout.take().unwrap());
    Mutex::new(Python { stdin, stdout, _process: process })
});

/// What Python sees in a message.
pub(crate) fn read(mime: &[u8]) -> Value {
    // A failed comparison never holds the lock; the process is in order all the same.
    let mut python = PYTHON.lock().unwrap_or_else(PoisonError::into_inner);
    let length = u32::try_from(mime.len()).unwrap();
    python.stdin.write_all(&length.to_be_bytes()).unwrap();
    python.stdin.write_all(mime).unwrap();
    python.stdin.flush().unwrap();
    let mut line = String::new();
    python.stdout.read_line(&mut line).unwrap();
    serde_json::from_str(&line).expect("python3 stopped; its last words stand above")
}
