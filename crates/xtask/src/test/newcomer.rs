//! The proof of `cargo xtask dev`: it is started as a newcomer does, what it prints is done, and Ctrl-C ends it.
//!
//! On the release that the other stages use, with a home and ports of its own.

use std::io::{BufRead, BufReader};
use std::net::{Ipv4Addr, TcpListener};
use std::process::{Child, Command, Stdio};

use anyhow::{Context, Result, bail, ensure};

use crate::build;
use crate::process::{output_of, succeeds};
use crate::progress::say;
use crate::workspace::{Workspace, empty_folder};

/// Needs pages, Worker and sandbox built.
pub(super) fn prove(workspace: &Workspace) -> Result<()> {
    let home = workspace.ours("newcomer");
    empty_folder(&home)?;
    let (port, sandbox_port) = (free_port()?, free_pair()?);
    let mut command = Command::new(std::env::current_exe()?);
    command
        .args(["dev", "--port", &port.to_string(), "--sandbox-port", &sandbox_port.to_string()])
        .current_dir(&workspace.root)
        .env("POSTBODE_TOOLS", workspace.tools())
        .env("POSTBODE_HOME", &home)
        .env(build::HOW, "none")
        .stdin(Stdio::null())
        .stdout(Stdio::piped());
    let mut running = Running(command.spawn().context("cannot start ourselves")?);
    let printed = running.welcome()?;

    let page = word(&printed, &format!("http://localhost:{port}/open#"))?;
    ensure!(status(page)? == "200", "the page does not answer: {page}");
    let inbox = format!("http://localhost:{sandbox_port}/");
    ensure!(status(word(&printed, &inbox)?)? == "200", "the inbox does not answer");

    let curl = curl_line(&printed)?;
    let answer = output_of(Command::new("sh").args(["-c", &curl]).current_dir(&workspace.root))?;
    // Nobody has signed in yet: the mail is accepted and waits.
    ensure!(answer.contains("\"state\":\"held\""), "the printed curl line answers {answer}");
    say("the page, the curl line and the inbox do what the welcome says");
    running.stop()
}

/// `cargo xtask dev` at work; ended with this value.
struct Running(Child);

impl Running {
    /// Everything it prints up to the end of the welcome.
    fn welcome(&mut self) -> Result<String> {
        let out = self.0.stdout.take().context("it has no output")?;
        let mut printed = String::new();
        let mut lines = BufReader::new(out).lines();
        for line in lines.by_ref() {
            let line = line?;
            printed.push_str(&line);
            printed.push('\n');
            if line.contains("Ctrl-C stops everything") {
                // It goes on printing, and must not wait for a reader.
                std::thread::spawn(move || lines.map_while(Result::ok).for_each(drop));
                return Ok(printed);
            }
        }
        bail!("cargo xtask dev ended before its welcome:\n{printed}")
    }

    /// What Ctrl-C does.
    fn stop(&mut self) -> Result<()> {
        let id = self.0.id().to_string();
        ensure!(succeeds(Command::new("sh").args(["-c", "kill -s INT \"$0\"", &id])), "it was gone already");
        let status = self.0.wait()?;
        ensure!(status.success(), "Ctrl-C ended it with {status}");
        Ok(())
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // After `stop` there is nobody left to end.
        let _ = self.0.try_wait().is_ok_and(|ended| ended.is_none()).then(|| self.stop());
    }
}

/// The word of the text that begins so.
fn word<'t>(text: &'t str, beginning: &str) -> Result<&'t str> {
    let found = text.split_whitespace().find(|word| word.starts_with(beginning));
    found.with_context(|| format!("the welcome has no {beginning}:\n{text}"))
}

/// The printed command with its continuation lines.
fn curl_line(text: &str) -> Result<String> {
    let mut lines = text.lines().map(str::trim).skip_while(|line| !line.starts_with("curl "));
    let mut command = String::new();
    for line in lines.by_ref() {
        match line.strip_suffix('\\') {
            Some(part) => command.push_str(part),
            None => return Ok(command + line),
        }
    }
    bail!("the welcome has no curl line:\n{text}")
}

fn status(url: &str) -> Result<String> {
    output_of(Command::new("curl").args(["-sS", "-o", "/dev/null", "-w", "%{http_code}", url]))
}

fn free_port() -> Result<u16> {
    Ok(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port())
}

/// The sandbox also takes the port above its own.
fn free_pair() -> Result<u16> {
    for _ in 0..50 {
        let port = free_port()?;
        if TcpListener::bind((Ipv4Addr::LOCALHOST, port.saturating_add(1))).is_ok() {
            return Ok(port);
        }
    }
    bail!("no two ports beside each other are free")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_what_the_welcome_tells_to_do() {
        let text = "1.\n\n   http://localhost:1/open#x\n\n   curl -sS a \\\n     -H 'b' @c\n\n3.";
        assert_eq!(curl_line(text).unwrap(), "curl -sS a -H 'b' @c");
        assert_eq!(word(text, "http://localhost:1/open#").unwrap(), "http://localhost:1/open#x");
    }
}
