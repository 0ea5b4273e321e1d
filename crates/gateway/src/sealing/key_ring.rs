use std::fmt;

use api::{MailboxId, OrganisationId};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hkdf::Hkdf;
use sha2::Sha256;

/// Why the secret `SEALING_KEYS` can't be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "SEALING_KEYS is a list of name:key with commas between, newest first; a name is 1 to 16 letters or digits, a key is 32 random bytes in base64 (openssl rand -base64 32)"
)]
pub struct KeyRingError;

/// Why something sealed can't be opened.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SealError {
    /// The bytes are not an envelope of a version we know.
    #[error("a sealed record can't be read")]
    Envelope,
    /// The key it was sealed with is no longer in the ring.
    #[error("the sealing key {0} is missing from SEALING_KEYS")]
    KeyMissing(String),
}

/// The keys that everything sensitive is sealed with, newest first; older ones still open.
#[derive(Clone)]
pub struct KeyRing(Vec<(String, [u8; 32])>);

impl KeyRing {
    /// Reads the secret `SEALING_KEYS`: `name:base64,name:base64`, newest first.
    pub fn read(text: &str) -> Result<Self, KeyRingError> {
        let keys: Vec<_> = text
            .split(',')
            .map(|entry| read_key(entry.trim()).ok_or(KeyRingError))
            .collect::<Result<_, _>>()?;
        let twice = keys
            .iter()
            .enumerate()
            .any(|(at, (name, _))| keys.iter().skip(at + 1).any(|(other, _)| other == name));
        if keys.is_empty() || twice { Err(KeyRingError) } else { Ok(Self(keys)) }
    }

    /// The name of the key that seals from now on.
    #[must_use]
    pub fn current(&self) -> &str {
        self.0.first().map_or("", |(name, _)| name)
    }

    /// One 256-bit key per ring key for a purpose of the whole installation, newest first.
    pub(crate) fn derived(&self, purpose: &'static str) -> impl Iterator<Item = [u8; 32]> {
        self.0.iter().map(move |(_, key)| derive(key, b"installation", purpose))
    }
}

impl fmt::Debug for KeyRing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "KeyRing({} keys, [redacted])", self.0.len())
    }
}

fn read_key(entry: &str) -> Option<(String, [u8; 32])> {
    let (name, key) = entry.split_once(':')?;
    let named = (1..=16).contains(&name.len()) && name.bytes().all(|byte| byte.is_ascii_alphanumeric());
    let key = STANDARD.decode(key.trim()).ok()?.try_into().ok()?;
    named.then(|| (name.to_owned(), key))
}

/// HKDF-SHA-256 (RFC 5869): a key of its own for every mailbox, so that no nonce ever meets another mailbox's.
fn derive(key: &[u8; 32], salt: &[u8], purpose: &str) -> [u8; 32] {
    let mut derived = [0; 32];
    // 32 bytes are far below HKDF's bound of 255 blocks, so this cannot fail; if it did, an all-zero key would be the
    // worst answer, hence the other arm.
    match Hkdf::<Sha256>::new(Some(salt), key).expand(purpose.as_bytes(), &mut derived) {
        Ok(()) => derived,
        Err(_) => *key,
    }
}

/// What is sealed, so that one record's bytes can't stand in for another's: this is the associated data.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// The kind of record, e.g. `refresh_token`.
    pub kind: &'static str,
    /// Whose it is.
    pub organisation: OrganisationId,
    /// Which mailbox's. None for what belongs to the organisation as a whole.
    pub mailbox: Option<MailboxId>,
    /// Which one: a counter, a message id, a chunk number.
    pub number: String,
}

impl Record {
    fn associated_data(&self) -> Vec<u8> {
        // No part can hold a line feed: kinds and numbers are ours, identifiers are checked.
        format!("postbode/v1\n{}\n{}\n{}\n{}", self.kind, self.organisation, self.holder(), self.number)
            .into_bytes()
    }

    fn holder(&self) -> String {
        self.mailbox.map_or_else(|| "-".to_owned(), |mailbox| mailbox.to_string())
    }

    fn key(&self, key: &[u8; 32]) -> [u8; 32] {
        derive(key, format!("{}/{}", self.organisation, self.holder()).as_bytes(), "postbode/seal/v1")
    }
}

/// The first byte of every envelope.
const VERSION: u8 = 1;
const NONCE_BYTES: usize = 12;

/// A sealing that the host carries out: AES-256-GCM with these inputs, then [`Sealing::envelope`].
pub struct Sealing {
    name: String,
    /// The AES-256 key.
    pub key: [u8; 32],
    /// Never used twice with one key: 96 random bits, and fewer than 2^32 records of a mailbox (NIST SP 800-38D 8.3).
    pub nonce: [u8; NONCE_BYTES],
    /// What the ciphertext is bound to.
    pub associated_data: Vec<u8>,
}

impl Sealing {
    /// Plans to seal that record with the current key and 12 bytes of the host's randomness.
    #[must_use]
    pub fn plan(ring: &KeyRing, record: &Record, nonce: [u8; NONCE_BYTES]) -> Self {
        let (name, key) =
            ring.0.first().map_or((String::new(), [0; 32]), |(name, key)| (name.clone(), record.key(key)));
        Self { name, key, nonce, associated_data: record.associated_data() }
    }

    /// Puts version, key name and nonce before the ciphertext (with its tag): what is stored.
    #[must_use]
    pub fn envelope(&self, ciphertext: &[u8]) -> Vec<u8> {
        let name_bytes = u8::try_from(self.name.len()).unwrap_or(u8::MAX);
        let mut envelope = Vec::with_capacity(2 + self.name.len() + NONCE_BYTES + ciphertext.len());
        envelope.extend([VERSION, name_bytes]);
        envelope.extend(self.name.as_bytes());
        envelope.extend(self.nonce);
        envelope.extend(ciphertext);
        envelope
    }
}

/// An opening that the host carries out: AES-256-GCM with these inputs.
pub struct Opening<'e> {
    /// The AES-256 key.
    pub key: [u8; 32],
    /// The nonce it was sealed with.
    pub nonce: [u8; NONCE_BYTES],
    /// What the ciphertext must be bound to.
    pub associated_data: Vec<u8>,
    /// Ciphertext and tag.
    pub ciphertext: &'e [u8],
    /// Whether a newer key seals by now, so that the record should be sealed anew.
    pub outdated: bool,
}

impl<'e> Opening<'e> {
    /// Plans to open an envelope as that record.
    pub fn plan(ring: &KeyRing, record: &Record, envelope: &'e [u8]) -> Result<Self, SealError> {
        let (&[VERSION, name_bytes], rest) = envelope.split_first_chunk::<2>().ok_or(SealError::Envelope)?
        else {
            return Err(SealError::Envelope);
        };
        let (name, rest) = rest.split_at_checked(usize::from(name_bytes)).ok_or(SealError::Envelope)?;
        let (nonce, ciphertext) = rest.split_first_chunk::<NONCE_BYTES>().ok_or(SealError::Envelope)?;
        let name = std::str::from_utf8(name).map_err(|_| SealError::Envelope)?;
        let (_, key) = ring.0.iter().find(|(known, _)| known == name).ok_or_else(|| {
            SealError::KeyMissing(name.chars().take(16).filter(char::is_ascii_alphanumeric).collect())
        })?;
        Ok(Self {
            key: record.key(key),
            nonce: *nonce,
            associated_data: record.associated_data(),
            ciphertext,
            outdated: name != ring.current(),
        })
    }
}

macro_rules! redacted {
    ($($name:ty),+) => {$(
        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(concat!(stringify!($name), "([redacted])"))
            }
        }
    )+};
}

redacted!(Sealing, Opening<'_>);

#[cfg(test)]
mod tests {
    use aes_gcm::aead::{Aead as _, Payload};
    use aes_gcm::{Aes256Gcm, KeyInit as _};
    use api::Timestamp;
    use proptest::prelude::*;

    use super::*;

    fn ring(names: &[&str]) -> KeyRing {
        let keys: Vec<_> = names
            .iter()
            .map(|name| format!("{name}:{}", STANDARD.encode([u8::try_from(name.len()).unwrap(); 32])))
            .collect();
        KeyRing::read(&keys.join(", ")).unwrap()
    }

    fn record(number: &str, mailbox: u8) -> Record {
        Record {
            kind: "refresh_token",
            organisation: OrganisationId::new(Timestamp::from_millis(1), [1; 10]),
            mailbox: (mailbox > 0).then(|| MailboxId::new(Timestamp::from_millis(1), [mailbox; 10])),
            number: number.into(),
        }
    }

    // Stands in for the host's WebCrypto; the end-to-end tests run that one on the same envelopes.
    fn seal(ring: &KeyRing, record: &Record, msg: &[u8]) -> Vec<u8> {
        let sealing = Sealing::plan(ring, record, [7; 12]);
        let cipher = Aes256Gcm::new_from_slice(&sealing.key).unwrap();
        let payload = Payload { msg, aad: &sealing.associated_data };
        sealing.envelope(&cipher.encrypt((&sealing.nonce).into(), payload).unwrap())
    }

    fn open(ring: &KeyRing, record: &Record, envelope: &[u8]) -> Option<Vec<u8>> {
        let plan = Opening::plan(ring, record, envelope).ok()?;
        let payload = Payload { msg: plan.ciphertext, aad: &plan.associated_data };
        Aes256Gcm::new_from_slice(&plan.key).unwrap().decrypt((&plan.nonce).into(), payload).ok()
    }

    #[test]
    fn a_key_can_be_replaced_while_running() {
        let (old, both, new) = (ring(&["a"]), ring(&["bb", "a"]), ring(&["bb"]));
        let sealed = seal(&old, &record("1", 1), b"token");
        assert_eq!(open(&both, &record("1", 1), &sealed).as_deref(), Some(&b"token"[..]));
        assert!(Opening::plan(&both, &record("1", 1), &sealed).unwrap().outdated);
        assert!(!Opening::plan(&old, &record("1", 1), &sealed).unwrap().outdated);
        assert_eq!(
            Opening::plan(&new, &record("1", 1), &sealed).unwrap_err(),
            SealError::KeyMissing("a".into())
        );
    }

    #[test]
    fn no_record_stands_in_for_another() {
        let ring = ring(&["a"]);
        let sealed = seal(&ring, &record("1", 1), b"token");
        assert!(open(&ring, &record("2", 1), &sealed).is_none());
        assert!(open(&ring, &record("1", 2), &sealed).is_none());
        assert!(open(&ring, &Record { kind: "access_token", ..record("1", 1) }, &sealed).is_none());
    }

    /// What this version stores; later versions must still open it.
    #[test]
    fn the_envelope_of_version_1_is_read_forever() {
        let envelope = base16ct::lower::decode_vec(VERSION_1).unwrap();
        assert_eq!(open(&ring(&["a"]), &record("1", 1), &envelope).as_deref(), Some(&b"token"[..]));
    }
    const VERSION_1: &[u8] = b"010161070707070707070707070707f0a372560b21113750c21f6372fa7fdff80eabac10";

    #[test]
    fn the_secret_is_refused_unless_it_is_a_ring() {
        let key = STANDARD.encode([0; 32]);
        for text in [
            "",
            ":",
            "a:",
            &key,
            &format!("a:{key}x"),
            &format!("a b:{key}"),
            &format!("a:{key},a:{key}"),
            "a:AAAA",
        ] {
            assert!(KeyRing::read(text).is_err(), "{text}");
        }
        assert_eq!(KeyRing::read(&format!("new:{key},old:{key}")).unwrap().current(), "new");
    }

    proptest! {
        #[test]
        fn whatever_is_sealed_opens(plain: Vec<u8>, number in "[a-z0-9_]{0,40}") {
            let ring = ring(&["a"]);
            let record = record(&number, 3);
            prop_assert_eq!(open(&ring, &record, &seal(&ring, &record, &plain)), Some(plain));
        }

        #[test]
        fn any_changed_byte_is_noticed(at in 0_usize..31, bit in 0_u8..8) {
            let ring = ring(&["a"]);
            let mut sealed = seal(&ring, &record("1", 1), b"token");
            prop_assume!(at < sealed.len());
            sealed[at] ^= 1 << bit;
            prop_assert_eq!(open(&ring, &record("1", 1), &sealed), None);
        }

        #[test]
        fn no_bytes_make_it_panic(bytes: Vec<u8>) {
            let _ = Opening::plan(&ring(&["a"]), &record("1", 1), &bytes);
        }
    }
}
