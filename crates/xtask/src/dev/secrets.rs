//! Development secrets: made once, at random, in a file that git ignores and only its owner reads.

use std::fs::{self, File, OpenOptions};
use std::io::{Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::PathBuf;

use anyhow::{Context, Result};
use base64::Engine;
use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD};

use crate::workspace::{Workspace, read};

/// What the Worker and the sandbox must both know, and what we need ourselves.
pub(super) struct Secrets {
    pub(super) client_id: String,
    pub(super) client_secret: String,
    pub(super) operator: String,
}

impl Secrets {
    pub(super) fn load_or_make(workspace: &Workspace) -> Result<Self> {
        let path = file(workspace);
        if !path.exists() {
            write_private(&path, &fresh()?)?;
        }
        Self::parse(&read(&path)?).with_context(|| {
            format!("{} is incomplete; delete it and start again with --fresh", path.display())
        })
    }

    fn parse(text: &str) -> Option<Self> {
        let value = |name: &str| {
            text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix('=')).map(str::to_owned)
        };
        value("SEALING_KEYS")?;
        Some(Self {
            client_id: value("ENTRA_CLIENT_ID")?,
            client_secret: value("ENTRA_CLIENT_SECRET")?,
            operator: value("OPERATOR_SECRET")?,
        })
    }

    /// For `wrangler dev --env-file`.
    #[expect(clippy::unused_self, reason = "having one means that the file is there")]
    pub(super) fn file(&self, workspace: &Workspace) -> PathBuf {
        file(workspace)
    }
}

fn file(workspace: &Workspace) -> PathBuf {
    workspace.ours("dev.vars")
}

fn fresh() -> Result<String> {
    Ok(format!(
        "# Made by `cargo xtask dev` for this checkout only. Nothing in it is worth anything elsewhere.\n\
         SEALING_KEYS=dev1:{}\n\
         OPERATOR_SECRET={}\n\
         ENTRA_CLIENT_ID={}\n\
         ENTRA_CLIENT_SECRET={}\n",
        BASE64_STANDARD.encode(random::<32>()?),
        BASE64_URL_SAFE_NO_PAD.encode(random::<32>()?),
        guid(random()?),
        BASE64_URL_SAFE_NO_PAD.encode(random::<32>()?),
    ))
}

fn random<const N: usize>() -> Result<[u8; N]> {
    let mut bytes = [0; N];
    File::open("/dev/urandom")
        .and_then(|mut source| source.read_exact(&mut bytes))
        .context("no randomness")?;
    Ok(bytes)
}

/// A random UUID, as Entra's application ids are.
fn guid(bytes: [u8; 16]) -> String {
    let number = (u128::from_be_bytes(bytes) & !(0xf << 76) & !(0x3 << 62)) | (0x4 << 76) | (0x2 << 62);
    let hex = format!("{number:032x}");
    let mut text = String::with_capacity(36);
    for (index, digit) in hex.chars().enumerate() {
        if matches!(index, 8 | 12 | 16 | 20) {
            text.push('-');
        }
        text.push(digit);
    }
    text
}

/// Writes a file that only its owner reads.
pub(super) fn write_private(path: &std::path::Path, content: &str) -> Result<()> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    OpenOptions::new()
        .create(true)
        .write(true)
        .truncate(true)
        .mode(0o600)
        .open(path)
        .and_then(|mut file| file.write_all(content.as_bytes()))
        .with_context(|| format!("cannot write {}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_application_id_is_a_version_4_uuid() {
        assert_eq!(guid([0xff; 16]), "ffffffff-ffff-4fff-bfff-ffffffffffff");
        assert_eq!(guid([0; 16]), "00000000-0000-4000-8000-000000000000");
    }

    #[test]
    fn what_is_made_can_be_read() {
        let text = fresh().unwrap();
        let secrets = Secrets::parse(&text).unwrap();
        assert_eq!((secrets.client_id.len(), secrets.operator.len()), (36, 43));
        let key = text.split_once("dev1:").unwrap().1.lines().next().unwrap();
        assert_eq!(BASE64_STANDARD.decode(key).unwrap().len(), 32);
    }
}
