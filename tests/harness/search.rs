//! Looks for secrets where none may be: as they are, in base64, in base64url and percent-encoded, in part or whole.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use aho_corasick::AhoCorasick;
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};

/// Characters that are looked for at a time: nobody's random text has them by chance.
const PIECE: usize = 24;
/// From one piece to the next; an excerpt of both together holds a whole piece.
const STEP: usize = 64;

/// Something that was kept or sent, to be searched.
#[derive(Clone, Debug)]
pub struct Place {
    /// What sort of place it is.
    pub kind: &'static str,
    /// Which one.
    pub name: String,
    /// All of it.
    pub bytes: Vec<u8>,
}

impl Place {
    /// A text.
    pub fn text(kind: &'static str, name: impl Into<String>, text: &str) -> Self {
        Self { kind, name: name.into(), bytes: text.as_bytes().to_vec() }
    }

    /// Every file of a folder and the folders in it, or that one file.
    pub fn files(kind: &'static str, path: &Path) -> Vec<Self> {
        if let Ok(entries) = fs::read_dir(path) {
            return entries.flat_map(|entry| Self::files(kind, &entry.unwrap().path())).collect();
        }
        // A file that is gone by now (a journal, say) holds nothing any more.
        let bytes = fs::read(path);
        bytes.into_iter().map(|bytes| Self { kind, name: path.display().to_string(), bytes }).collect()
    }
}

/// Secrets, prepared for looking.
#[derive(Debug)]
pub struct Secrets {
    names: Vec<String>,
    /// For each pattern, whose it is.
    owners: Vec<usize>,
    patterns: AhoCorasick,
}

impl Secrets {
    /// Takes names and values. A value that is secret in its end only comes as that end.
    pub fn new(secrets: impl IntoIterator<Item = (String, String)>) -> Self {
        let (mut names, mut owners, mut patterns) = (Vec::new(), Vec::new(), Vec::new());
        for (name, secret) in secrets {
            assert!(secret.len() >= PIECE, "{name} is too short to be told from chance");
            for piece in pieces(secret.as_bytes()) {
                let written = ways_to_write(piece);
                owners.extend(std::iter::repeat_n(names.len(), written.len()));
                patterns.extend(written);
            }
            names.push(name);
        }
        Self { names, owners, patterns: AhoCorasick::new(patterns).unwrap() }
    }

    /// What was found: which secret, in which kind of place, by which name.
    pub fn found_in(&self, places: &[Place]) -> BTreeSet<(&str, &'static str, String)> {
        let hits = places.iter().flat_map(|place| {
            let owners = self.patterns.find_overlapping_iter(&place.bytes);
            let names = owners.filter_map(|hit| self.owners.get(hit.pattern().as_usize()));
            names
                .filter_map(|owner| self.names.get(*owner))
                .map(|name| (name.as_str(), place.kind, place.name.clone()))
        });
        hits.collect()
    }
}

fn pieces(secret: &[u8]) -> impl Iterator<Item = &[u8]> {
    let last = secret.len() - PIECE;
    let starts = (0..last).step_by(STEP).chain([last]);
    starts.filter_map(|start| secret.get(start..start + PIECE))
}

fn ways_to_write(piece: &[u8]) -> BTreeSet<Vec<u8>> {
    let mut ways = BTreeSet::from([piece.to_vec(), percent_encoded(piece)]);
    for shift in 0..3 {
        // In base64 three bytes become four characters, from wherever the three begin.
        let whole = piece.get(shift..shift + (PIECE - shift) / 3 * 3).unwrap();
        ways.extend([STANDARD_NO_PAD.encode(whole), URL_SAFE_NO_PAD.encode(whole)].map(String::into_bytes));
    }
    ways
}

/// Everything but letters and digits as `%XX`.
pub fn percent_encoded(text: &[u8]) -> Vec<u8> {
    let mut encoded = String::new();
    for byte in text {
        if byte.is_ascii_alphanumeric() {
            encoded.push(char::from(*byte));
        } else {
            write!(encoded, "%{byte:02X}").unwrap();
        }
    }
    encoded.into_bytes()
}

#[cfg(test)]
mod tests {
    use base64::engine::general_purpose::{STANDARD, URL_SAFE};

    use super::*;

    #[test]
    fn finds_a_token_in_every_writing_and_in_part() {
        let token: String = (0..700).map(|n| char::from(b"abc-_.XYZ9"[n * n % 10])).collect();
        let secrets = Secrets::new([("token".to_owned(), token.clone())]);
        let around = |text: &str| format!("before {text} after").into_bytes();
        for before in ["", "x", "xy"] {
            let longer = format!("{before}{token}");
            for written in [
                token.clone(),
                token[300..300 + STEP + PIECE].to_owned(),
                STANDARD.encode(&longer),
                URL_SAFE.encode(&longer),
                String::from_utf8(percent_encoded(longer.as_bytes())).unwrap(),
            ] {
                let place = Place { kind: "place", name: written.clone(), bytes: around(&written) };
                assert_eq!(secrets.found_in(&[place]).len(), 1, "{written}");
            }
        }
        assert!(secrets.found_in(&[Place::text("place", "", &token[..PIECE - 1])]).is_empty());
    }
}
