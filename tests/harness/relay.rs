//! The relay as its owner runs it: the program itself, told everything by its environment.

use std::path::PathBuf;
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use reqwest::Client;

use crate::guardian::{Guardian, end_of};
use crate::http::client;
use crate::places::{Places, temporary};
use crate::stack::{Stack, free_port};
use crate::time::until;

/// What it is called.
pub const ID: &str = "kantoor";

/// A relay, running or not yet.
#[derive(Debug)]
pub struct Relay {
    /// Where the Worker finds it.
    pub origin: String,
    /// What it shares with the Worker.
    pub key: String,
    listen: String,
    figures: String,
    directory: PathBuf,
    guardian: Guardian,
    process: AtomicU32,
    http: Client,
}

impl Relay {
    /// Chooses its place and its key, so that an installation can be told of it.
    #[expect(clippy::new_without_default, reason = "another call makes another relay")]
    pub fn new() -> Self {
        let (directory, port) = (temporary(), free_port());
        let mut key = [0; 32];
        getrandom::fill(&mut key).unwrap();
        Self {
            origin: format!("http://localhost:{port}"),
            key: STANDARD.encode(key),
            listen: format!("127.0.0.1:{port}"),
            figures: format!("127.0.0.1:{}", free_port()),
            guardian: Guardian::of(&directory),
            directory,
            process: AtomicU32::new(0),
            http: client(),
        }
    }

    /// What the installation must know to send mail of those kinds through it.
    pub fn vars(&self, kinds: &str) -> Vec<(&'static str, String)> {
        vec![
            ("RELAY_URL", self.origin.clone()),
            ("RELAY_ID", ID.to_owned()),
            ("RELAY_KEY", self.key.clone()),
            ("RELAY_KINDS", kinds.to_owned()),
        ]
    }

    /// Starts it, or starts it again.
    pub async fn start(&self, stack: &Stack, arguments: &[&str]) {
        let mut command = Command::new(&Places::here().relay);
        command
            .args(arguments)
            .env("RELAY_ID", ID)
            .env("RELAY_KEY", &self.key)
            .env("RELAY_LISTEN", &self.listen)
            .env("RELAY_METRICS_LISTEN", &self.figures)
            .env("RELAY_CA_FILE", stack.trusted());
        let process = self.guardian.start(&mut command, &self.log());
        self.process.store(process, Ordering::Relaxed);
        until("the relay answers", async || {
            self.guardian.must_run(process, &self.log());
            let answer = self.http.get(format!("{}/health", self.origin)).send().await.ok()?;
            answer.status().is_success().then_some(())
        })
        .await;
    }

    /// Ends it at once, whatever it was doing.
    pub fn kill(&self) {
        self.guardian.end(self.process.load(Ordering::Relaxed));
    }

    /// Asks it to stop, as whoever runs services does.
    pub fn ask_to_stop(&self) {
        let process = self.process().to_string();
        let asked = Command::new("sh").args(["-c", "kill -s TERM \"$0\"", &process]).status();
        assert!(asked.unwrap().success());
    }

    /// Whether it is there: neither gone nor a process that nobody has asked about yet.
    pub fn runs(&self) -> bool {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.process()));
        stat.is_ok_and(|stat| !stat.contains(") Z "))
    }

    /// Where it listens.
    pub fn address(&self) -> &str {
        &self.listen
    }

    /// What `relay --check` finds: whether it is content, and its words.
    pub fn check(&self, told: &[(&str, &str)]) -> (bool, String) {
        let mut command = Command::new(&Places::here().relay);
        command.arg("--check").env("RELAY_ID", ID).env("RELAY_KEY", &self.key).envs(told.iter().copied());
        let output = command.output().unwrap();
        let said = [output.stdout, output.stderr].concat();
        (output.status.success(), String::from_utf8(said).unwrap())
    }

    /// Its process.
    pub fn process(&self) -> u32 {
        self.process.load(Ordering::Relaxed)
    }

    /// What it counts.
    pub async fn figures(&self) -> String {
        let answer = self.http.get(format!("http://{}/metrics", self.figures)).send().await.unwrap();
        answer.text().await.unwrap()
    }

    /// What it wrote.
    pub fn log(&self) -> PathBuf {
        self.directory.join("relay.log")
    }

    /// The end of that, for a test that failed.
    pub fn last_words(&self) -> String {
        end_of(&self.log())
    }
}
