//! A known fault that is put back into a copy of the sources.
//!
//! The file says why on its first lines, then for each change `@@ FILE`, and between `<<<<`, `====` and `>>>>` what to find,
//! exactly once, and what to put there.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, bail};

use crate::workspace::read;

/// One fault.
#[derive(Debug)]
pub(super) struct Mutation {
    pub(super) name: String,
    /// What it brings back.
    pub(super) why: String,
    changes: Vec<Change>,
}

#[derive(Debug, PartialEq, Eq)]
struct Change {
    file: String,
    find: String,
    replace: String,
}

impl Mutation {
    /// Every fault in a folder, by name.
    pub(super) fn all(folder: &Path) -> Result<Vec<Self>> {
        let mut paths = Vec::new();
        for entry in fs::read_dir(folder).with_context(|| format!("cannot read {}", folder.display()))? {
            paths.push(entry?.path());
        }
        paths.sort();
        paths.iter().map(|path| Self::read(path)).collect()
    }

    fn read(path: &Path) -> Result<Self> {
        let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        let text = read(path)?;
        let (why, changes) = parse(&text).with_context(|| format!("{} is not a mutation", path.display()))?;
        Ok(Self { name, why, changes })
    }

    /// Puts the fault into the sources below `root`.
    pub(super) fn apply(&self, root: &Path) -> Result<()> {
        for Change { file, find, replace } in &self.changes {
            let path = root.join(file);
            let text = read(&path)?;
            let count = text.matches(find.as_str()).count();
            if count != 1 {
                bail!("{}: what is to be found occurs {count} times in {file}", self.name);
            }
            fs::write(&path, text.replacen(find.as_str(), replace, 1))?;
        }
        Ok(())
    }

    /// The files that it changes.
    pub(super) fn files(&self) -> impl Iterator<Item = &str> {
        self.changes.iter().map(|change| change.file.as_str())
    }
}

fn parse(text: &str) -> Option<(String, Vec<Change>)> {
    let (why, rest) = text.split_once("\n@@ ")?;
    let mut changes = Vec::new();
    for part in rest.split("\n@@ ") {
        let (file, part) = part.split_once("\n<<<<\n")?;
        let (find, part) = part.split_once("\n====\n")?;
        let replace = part.strip_suffix('\n').unwrap_or(part).strip_suffix(">>>>")?;
        let replace = replace.strip_suffix('\n').unwrap_or(replace);
        changes.push(Change { file: file.to_owned(), find: find.to_owned(), replace: replace.to_owned() });
    }
    Some((why.trim().to_owned(), changes))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::workspace::Workspace;

    #[test]
    fn a_mutation_names_files_and_changes() {
        let text =
            "F1: why.\n\n@@ a.rs\n<<<<\none\ntwo\n====\nthree\n>>>>\n\n@@ b.rs\n<<<<\nfour\n====\n>>>>\n";
        let (why, changes) = parse(text).unwrap();
        let change = |file: &str, find: &str, replace: &str| Change {
            file: file.to_owned(),
            find: find.to_owned(),
            replace: replace.to_owned(),
        };
        assert_eq!(why, "F1: why.");
        assert_eq!(changes, [change("a.rs", "one\ntwo", "three"), change("b.rs", "four", "")]);
    }

    /// What a mutation changes must not drift away from it.
    #[test]
    fn every_mutation_finds_its_place_once() {
        let workspace = Workspace::find().unwrap();
        let all = Mutation::all(&workspace.path("crates/simulation/mutations")).unwrap();
        assert!(all.len() >= 15);
        for mutation in &all {
            for change in &mutation.changes {
                let text = read(&workspace.path(&change.file)).unwrap();
                assert_eq!(text.matches(&change.find).count(), 1, "{} in {}", mutation.name, change.file);
            }
        }
    }
}
