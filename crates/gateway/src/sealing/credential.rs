use std::fmt;
use std::marker::PhantomData;
use std::str::FromStr;

use api::{KeyId, LinkId, OrganisationId, SessionId};
use base32ct::{Base32Unpadded, Encoding as _};
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;
use subtle::ConstantTimeEq as _;

use super::KeyRing;
use super::digest::sha256;

/// What a credential is for; each has its own id, prefix and MAC key, so that a link is never taken for a key.
pub trait Purpose {
    /// Names the credential; not secret.
    type Id: fmt::Display + FromStr + Copy;
    /// What its text begins with, for people and secret scanners.
    const PREFIX: &'static str;
    /// Separates its MAC from every other.
    const MAC_PURPOSE: &'static str;
}

macro_rules! purposes {
    ($($(#[$doc:meta])* $name:ident, $id:ty, $prefix:literal, $mac:literal;)+) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum $name {}

        impl Purpose for $name {
            type Id = $id;
            const PREFIX: &'static str = $prefix;
            const MAC_PURPOSE: &'static str = $mac;
        }
    )+};
}

/// The purposes there are.
pub mod purpose {
    use super::{KeyId, LinkId, Purpose, SessionId};
    purposes! {
        /// An ERP's API key.
        ApiKey, KeyId, "pb_live_", "postbode/mac/key/v1";
        /// A one-time link into an organisation's pages.
        Link, LinkId, "pb_link_", "postbode/mac/link/v1";
        /// A browser session.
        Session, SessionId, "pb_session_", "postbode/mac/session/v1";
    }
}

/// Random bytes in a credential: 160 bits can't be guessed, so one plain SHA-256 is hash enough to store.
const SECRET_BYTES: usize = 20;
/// The MAC is cut to 128 bits (RFC 2104 section 5).
const MAC_BYTES: usize = 16;
/// The MAC in base32.
const MAC_CHARS: usize = (MAC_BYTES * 8).div_ceil(5);
const ULID_CHARS: usize = 26;

/// Makes and checks credentials with the installation's keys.
///
/// `pb_live_<organisation>_<id><secret><mac>`. The MAC says that this installation made it, so that a forged one is
/// refused before any object or body is touched; the hash that the organisation keeps says that it still holds.
#[derive(Debug)]
pub struct Mint<'r>(&'r KeyRing);

/// A new credential: its text, shown once, and the hash to keep.
pub struct Minted {
    /// The whole credential.
    pub text: String,
    /// What the organisation stores.
    pub hash: [u8; 32],
}

/// A credential whose MAC is right: it was made here, for that organisation. Whether it still holds, the organisation
/// knows.
pub struct Credential<P: Purpose> {
    /// Whose it is.
    pub organisation: OrganisationId,
    /// Which one.
    pub id: P::Id,
    /// To compare with the stored hash, in constant time.
    pub hash: [u8; 32],
    purpose: PhantomData<P>,
}

impl<'r> Mint<'r> {
    /// Uses those keys; the newest makes MACs, all check them.
    #[must_use]
    pub fn new(ring: &'r KeyRing) -> Self {
        Self(ring)
    }

    /// Makes a credential from 20 bytes of the host's randomness.
    #[must_use]
    pub fn make<P: Purpose>(
        &self,
        organisation: OrganisationId,
        id: P::Id,
        secret: [u8; SECRET_BYTES],
    ) -> Minted {
        let ulid = |id: String| id.rsplit_once('_').map(|(_, ulid)| ulid.to_owned()).unwrap_or_default();
        let signed = format!(
            "{}{}_{}{}",
            P::PREFIX,
            ulid(organisation.to_string()),
            ulid(id.to_string()),
            Base32Unpadded::encode_string(&secret)
        );
        let mac = self.0.derived(P::MAC_PURPOSE).next().map(|key| mac(&key, &signed)).unwrap_or_default();
        Minted { text: signed + &mac, hash: sha256(&secret) }
    }

    /// Reads a credential that somebody presents. `None` is a forgery, a typo, or of another installation.
    #[must_use]
    pub fn check<P: Purpose>(&self, text: &str) -> Option<Credential<P>> {
        let (signed, presented) = text.split_at_checked(text.len().checked_sub(MAC_CHARS)?)?;
        // Every key is tried, so that the time taken tells nothing. Compared as text, of which there is one spelling.
        let genuine = self.0.derived(P::MAC_PURPOSE).fold(false, |found, key| {
            found | bool::from(mac(&key, signed).as_bytes().ct_eq(presented.as_bytes()))
        });
        if !genuine {
            return None;
        }
        let (organisation, rest) = signed.strip_prefix(P::PREFIX)?.split_once('_')?;
        let (id, secret) = rest.split_at_checked(ULID_CHARS)?;
        Some(Credential {
            organisation: format!("{}{organisation}", OrganisationId::PREFIX).parse().ok()?,
            id: parse_id::<P>(id)?,
            hash: sha256(&Base32Unpadded::decode_vec(secret).ok()?),
            purpose: PhantomData,
        })
    }
}

/// The id types differ only in their prefix, which the text leaves out.
fn parse_id<P: Purpose>(ulid: &str) -> Option<P::Id> {
    [KeyId::PREFIX, LinkId::PREFIX, SessionId::PREFIX]
        .iter()
        .find_map(|prefix| format!("{prefix}{ulid}").parse().ok())
}

/// The MAC as it stands in the text: base32 (RFC 4648) in lower case without padding survives a double-click, and needs no
/// escaping anywhere.
fn mac(key: &[u8; 32], signed: &str) -> String {
    let mut cut = [0; MAC_BYTES];
    if let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(key) {
        mac.update(signed.as_bytes());
        let full = mac.finalize().into_bytes();
        cut.iter_mut().zip(full).for_each(|(to, from)| *to = from);
    }
    Base32Unpadded::encode_string(&cut)
}

/// Whether two secrets are the same, in a time that does not tell where they differ.
#[must_use]
pub fn same_secret(one: &[u8], other: &[u8]) -> bool {
    sha256(one).ct_eq(&sha256(other)).into()
}

impl fmt::Debug for Minted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Minted([redacted])")
    }
}

impl<P: Purpose> fmt::Debug for Credential<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Credential({}, {})", self.organisation, self.id)
    }
}

#[cfg(test)]
mod tests {
    use api::Timestamp;
    use proptest::prelude::*;

    use super::purpose::{ApiKey, Link, Session};
    use super::*;

    fn ring(text: &str) -> KeyRing {
        KeyRing::read(text).unwrap()
    }
    const OLD: &str = "old:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";
    const BOTH: &str =
        "new:AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE=,old:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";

    fn ids() -> (OrganisationId, KeyId) {
        let now = Timestamp::from_millis(1_795_459_200_000);
        (OrganisationId::new(now, [1; 10]), KeyId::new(now, [2; 10]))
    }

    #[test]
    fn a_key_is_taken_before_and_after_the_ring_turns() {
        let (organisation, id) = ids();
        let minted = Mint::new(&ring(OLD)).make::<ApiKey>(organisation, id, [9; 20]);
        for ring in [ring(OLD), ring(BOTH)] {
            let credential = Mint::new(&ring).check::<ApiKey>(&minted.text).unwrap();
            assert_eq!(
                (credential.organisation, credential.id, credential.hash),
                (organisation, id, minted.hash)
            );
        }
    }

    #[test]
    fn a_key_looks_like_one() {
        let (organisation, id) = ids();
        let text = Mint::new(&ring(OLD)).make::<ApiKey>(organisation, id, [9; 20]).text;
        assert!(text.starts_with("pb_live_01") && text.len() == 8 + 26 + 1 + 26 + 32 + 26, "{text}");
        assert!(text.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_'));
    }

    #[test]
    fn a_link_is_no_key_and_no_session() {
        let (organisation, _) = ids();
        let ring = ring(OLD);
        let id = LinkId::new(Timestamp::from_millis(1), [3; 10]);
        let text = Mint::new(&ring).make::<Link>(organisation, id, [9; 20]).text;
        assert!(Mint::new(&ring).check::<Link>(&text).is_some());
        assert!(Mint::new(&ring).check::<Session>(&text).is_none());
        assert!(Mint::new(&ring).check::<ApiKey>(&text.replace("pb_link_", "pb_live_")).is_none());
    }

    proptest! {
        #[test]
        fn one_changed_character_is_a_forgery(at in 0_usize..119, other in "[a-z2-7_]") {
            let (organisation, id) = ids();
            let ring = ring(OLD);
            let mut text = Mint::new(&ring).make::<ApiKey>(organisation, id, [9; 20]).text;
            prop_assume!(text.get(at..=at) != Some(other.as_str()));
            text.replace_range(at..=at, &other);
            prop_assert!(Mint::new(&ring).check::<ApiKey>(&text).is_none());
        }

        #[test]
        fn no_text_makes_it_panic(text in ".*") {
            prop_assert!(Mint::new(&ring(OLD)).check::<ApiKey>(&text).is_none());
        }
    }
}
