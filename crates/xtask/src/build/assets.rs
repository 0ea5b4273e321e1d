//! Lays `app/dist` out: `assets/<name>-<hash>.<ext>`, kept by browsers for ever, and `index.html`, which names them.

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use sha2::{Digest, Sha256};

use crate::workspace::{Workspace, read, write_if_changed};

/// For the asset layer only: the Worker sets its own headers (worker/src), also on `index.html`.
const HEADERS: &str = "\
# Made by `cargo xtask build`. Every name under /assets/ carries a hash of its content.
/assets/*
  Cache-Control: public, max-age=31536000, immutable
  X-Content-Type-Options: nosniff
  Cross-Origin-Resource-Policy: same-origin
";

/// What wasm-bindgen made.
pub(super) struct Parts {
    pub(super) glue: PathBuf,
    pub(super) module: PathBuf,
    /// JavaScript that dependencies bring along; often there is none.
    pub(super) snippets: PathBuf,
}

/// A short hash of content, for names.
pub(super) fn fingerprint(content: &[u8]) -> String {
    let digest = Sha256::digest(content);
    let start = digest.first_chunk().copied().unwrap_or_default();
    format!("{:016x}", u64::from_be_bytes(start))
}

pub(super) fn lay_out(workspace: &Workspace, parts: &Parts) -> Result<()> {
    let mut dist =
        Dist { folder: workspace.path("app/dist"), names: BTreeMap::new(), written: BTreeSet::new() };
    let sources = workspace.path("app/static");
    dist.asset("app.wasm", &fs::read(&parts.module).context("wasm-bindgen made no module")?)?;
    dist.asset("app.js", &fs::read(&parts.glue).context("wasm-bindgen made no glue")?)?;
    for snippet in files_below(&parts.snippets)? {
        // The glue imports these by relative paths; their folder's name is a hash already.
        let name = Path::new("assets/snippets").join(snippet.strip_prefix(&parts.snippets)?);
        dist.file(&name, &fs::read(&snippet)?)?;
    }
    dist.asset("app.css", styles(workspace)?.as_bytes())?;

    // Scripts may name other parts, and pages name scripts: so in this order.
    let (pages, others): (Vec<_>, Vec<_>) =
        files_below(&sources)?.into_iter().partition(|path| has_extension(path, "html"));
    for path in others.iter().filter(|path| !has_extension(path, "css")) {
        let name = path.strip_prefix(&sources)?;
        if has_extension(path, "js") {
            let text = dist.filled(&read(path)?, path)?;
            dist.asset(&name.to_string_lossy(), text.as_bytes())?;
        } else {
            dist.file(name, &fs::read(path)?)?;
        }
    }
    for path in &pages {
        let text = dist.filled(&read(path)?, path)?;
        dist.file(path.strip_prefix(&sources)?, text.as_bytes())?;
    }
    dist.file(Path::new("_headers"), HEADERS.as_bytes())?;
    dist.remove_the_rest()
}

struct Dist {
    folder: PathBuf,
    /// `app.js` → `/assets/app-0123456789abcdef.js`
    names: BTreeMap<String, String>,
    written: BTreeSet<PathBuf>,
}

impl Dist {
    fn file(&mut self, name: &Path, content: &[u8]) -> Result<()> {
        let path = self.folder.join(name);
        write_if_changed(&path, content)?;
        self.written.insert(path);
        Ok(())
    }

    fn asset(&mut self, name: &str, content: &[u8]) -> Result<()> {
        let (stem, extension) = name.rsplit_once('.').with_context(|| format!("{name} has no extension"))?;
        let hashed = format!("assets/{}-{}.{extension}", stem.replace('/', "-"), fingerprint(content));
        self.file(Path::new(&hashed), content)?;
        self.names.insert(name.to_owned(), format!("/{hashed}"));
        Ok(())
    }

    /// A text with `{{app.js}}` and the like replaced. A name we do not know is a mistake, not text.
    fn filled(&self, text: &str, file: &Path) -> Result<String> {
        let mut filled = String::with_capacity(text.len());
        let mut rest = text;
        while let Some((before, after)) = rest.split_once("{{") {
            let (name, after) =
                after.split_once("}}").with_context(|| format!("{}: {{{{ without }}}}", file.display()))?;
            let Some(hashed) = self.names.get(name.trim()) else {
                let known: Vec<_> = self.names.keys().map(String::as_str).collect();
                bail!("{} names {{{{{name}}}}}; there are {}", file.display(), known.join(", "));
            };
            filled.push_str(before);
            filled.push_str(hashed);
            rest = after;
        }
        filled.push_str(rest);
        Ok(filled)
    }

    /// Files of earlier builds must not be deployed.
    fn remove_the_rest(&self) -> Result<()> {
        for path in files_below(&self.folder)? {
            if !self.written.contains(&path) {
                fs::remove_file(path)?;
            }
        }
        Ok(())
    }
}

/// All style sheets as one, in the order of their names: one request before the first paint.
fn styles(workspace: &Workspace) -> Result<String> {
    let mut sheets = files_below(&workspace.path("app/styles"))?;
    sheets.extend(files_below(&workspace.path("app/static"))?);
    sheets.retain(|path| has_extension(path, "css"));
    sheets.sort_by_key(|path| path.file_name().map(ToOwned::to_owned));
    sheets.iter().map(|path| read(path)).collect()
}

fn has_extension(path: &Path, extension: &str) -> bool {
    path.extension().is_some_and(|present| present == extension)
}

/// Every file below a folder, sorted; none when it does not exist.
fn files_below(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    if !folder.exists() {
        return Ok(found);
    }
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            found.extend(files_below(&path)?);
        } else {
            found.push(path);
        }
    }
    found.sort();
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dist() -> Dist {
        let names = [("app.js".to_owned(), "/assets/app-0f.js".to_owned())].into();
        Dist { folder: PathBuf::new(), names, written: BTreeSet::new() }
    }

    #[test]
    fn placeholders_become_hashed_names() {
        let page = dist().filled("<link href=\"{{app.js}}\">{{ app.js }}.", Path::new("index.html")).unwrap();
        assert_eq!(page, "<link href=\"/assets/app-0f.js\">/assets/app-0f.js.");
    }

    #[test]
    fn an_unknown_placeholder_is_named() {
        let error = dist().filled("{{ap.js}}", Path::new("index.html")).unwrap_err();
        assert_eq!(error.to_string(), "index.html names {{ap.js}}; there are app.js");
    }

    #[test]
    fn the_same_content_has_the_same_name() {
        assert_eq!(fingerprint(b"a"), "ca978112ca1bbdca");
    }
}
