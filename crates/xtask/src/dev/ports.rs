//! A port that is taken: by whom, and what to do.

use std::net::{Ipv4Addr, Ipv6Addr, TcpListener};

use anyhow::{Result, bail};

/// Fails, naming the process that has it, when the port cannot be had.
pub(super) fn must_be_free(port: u16, flag: &str) -> Result<()> {
    let v4 = TcpListener::bind((Ipv4Addr::LOCALHOST, port));
    // A machine without IPv6 refuses for another reason than "in use".
    let v6 = TcpListener::bind((Ipv6Addr::LOCALHOST, port));
    let taken = |result: &std::io::Result<TcpListener>| matches!(result, Err(error) if error.kind() == std::io::ErrorKind::AddrInUse);
    if !taken(&v4) && !taken(&v6) {
        return Ok(());
    }
    let by = owner(port).map_or_else(String::new, |owner| format!(" by {owner}"));
    bail!(
        "port {port} is taken{by}.\nStop that, or choose another: cargo xtask dev {flag} {}",
        port.saturating_add(10)
    )
}

/// "node (process 123: node wrangler.js dev)", where the system tells.
#[cfg(target_os = "linux")]
fn owner(port: u16) -> Option<String> {
    let inode = listener_inode(port)?;
    let wanted = format!("socket:[{inode}]");
    for entry in std::fs::read_dir("/proc").ok()?.flatten() {
        let (name, folder) = (entry.file_name(), entry.path());
        if !name.to_string_lossy().chars().all(|letter| letter.is_ascii_digit()) {
            continue; // `self` is one of us, by another name
        }
        let Ok(files) = std::fs::read_dir(folder.join("fd")) else { continue };
        if files
            .flatten()
            .any(|file| std::fs::read_link(file.path()).is_ok_and(|link| *link.as_os_str() == *wanted))
        {
            let line = std::fs::read(folder.join("cmdline")).ok()?;
            let line = String::from_utf8_lossy(&line).replace('\0', " ");
            let short: String = line.trim().chars().take(100).collect();
            return Some(format!("process {} ({short})", name.display()));
        }
    }
    None
}

#[cfg(target_os = "linux")]
fn listener_inode(port: u16) -> Option<String> {
    const LISTENING: &str = "0A";
    let wanted = format!(":{port:04X}");
    ["/proc/net/tcp", "/proc/net/tcp6"].iter().find_map(|table| {
        std::fs::read_to_string(table).ok()?.lines().find_map(|line| {
            let mut columns = line.split_whitespace();
            let local = columns.nth(1)?;
            let state = columns.nth(1)?;
            (local.ends_with(&wanted) && state == LISTENING).then(|| columns.nth(5).map(str::to_owned))?
        })
    })
}

#[cfg(not(target_os = "linux"))]
fn owner(port: u16) -> Option<String> {
    let mut lsof = std::process::Command::new("lsof");
    let output =
        crate::process::output_of(lsof.args(["-nP", "-Fpc", &format!("-iTCP:{port}"), "-sTCP:LISTEN"]))
            .ok()?;
    let field = |letter: char| output.lines().find_map(|line| line.strip_prefix(letter));
    Some(format!("process {} ({})", field('p')?, field('c').unwrap_or("?")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_taken_port_names_its_owner_and_the_way_out() {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        let error = must_be_free(port, "--port").unwrap_err().to_string();
        assert!(error.contains("cargo xtask dev --port"), "{error}");
        if cfg!(target_os = "linux") {
            assert!(error.contains(&format!("process {}", std::process::id())), "{error}");
        }
        drop(listener);
        assert!(must_be_free(port, "--port").is_ok());
    }
}
