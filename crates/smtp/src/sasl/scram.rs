use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::{Digest as _, Sha256};

use crate::plan::{Credentials, Nonce};

/// Rounds that a server may ask for: each costs processor time here, and a hostile server would ask for the most.
const ITERATIONS_MAX: u32 = 100_000;
/// Rounds below which a stolen answer is soon a password again (RFC 7677 section 4).
const ITERATIONS_MIN: u32 = 4096;

/// SCRAM-SHA-256 (RFC 5802, RFC 7677) without channel binding: each side proves that it knows the password, and nobody who
/// listens learns it.
///
/// Passwords are taken as they were typed, without the normalisation of RFC 4013, which changes none of ASCII.
pub(super) struct Scram {
    password: String,
    nonce: String,
    first: String,
    expected: Option<Vec<u8>>,
    is_proven: bool,
}

/// What stands before the first message: no channel binding, nobody else's name.
const GS2_HEADER: &str = "n,,";

impl Scram {
    pub(super) fn new(credentials: &Credentials, nonce: &Nonce) -> Self {
        let nonce = STANDARD.encode(nonce);
        let user = credentials.user().replace('=', "=3D").replace(',', "=2C");
        Self {
            password: credentials.secret().to_owned(),
            first: format!("n={user},r={nonce}"),
            nonce,
            expected: None,
            is_proven: false,
        }
    }

    /// The first message.
    pub(super) fn first(&self) -> String {
        format!("{GS2_HEADER}{}", self.first)
    }

    /// Whether the server has shown that it knows the password, too.
    pub(super) fn is_proven(&self) -> bool {
        self.is_proven
    }

    /// What to answer to the server's next message; nothing when it is not one that fits.
    pub(super) fn answer(&mut self, message: &str) -> Option<String> {
        match self.expected.take() {
            None => self.proof(message),
            Some(expected) => {
                let shown = STANDARD.decode(message.strip_prefix("v=")?.split(',').next()?).ok()?;
                self.is_proven = shown == expected;
                self.is_proven.then(String::new)
            }
        }
    }

    fn proof(&mut self, server_first: &str) -> Option<String> {
        let field = |name: &str| server_first.split(',').find_map(|field| field.strip_prefix(name));
        let (nonce, salt) = (field("r=")?, STANDARD.decode(field("s=")?).ok()?);
        let iterations = field("i=")?.parse().ok()?;
        let is_theirs_too = nonce.len() > self.nonce.len() && nonce.starts_with(&self.nonce);
        // A first field `m=` asks for something that nobody knows yet (RFC 5802 section 5.1).
        if !is_theirs_too || !(ITERATIONS_MIN..=ITERATIONS_MAX).contains(&iterations) || field("m=").is_some()
        {
            return None;
        }
        let salted = pbkdf2::pbkdf2_hmac_array::<Sha256, 32>(self.password.as_bytes(), &salt, iterations);
        let without_proof = format!("c={},r={nonce}", STANDARD.encode(GS2_HEADER));
        let everything = format!("{},{server_first},{without_proof}", self.first);
        let client_key = mac(&salted, b"Client Key")?;
        let signature = mac(&Sha256::digest(&client_key), everything.as_bytes())?;
        let proof: Vec<u8> =
            client_key.iter().zip(&signature).map(|(key, signature)| key ^ signature).collect();
        self.expected = Some(mac(&mac(&salted, b"Server Key")?, everything.as_bytes())?);
        Some(format!("{without_proof},p={}", STANDARD.encode(proof)))
    }
}

fn mac(key: &[u8], text: &[u8]) -> Option<Vec<u8>> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).ok()?;
    mac.update(text);
    Some(mac.finalize().into_bytes().to_vec())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of RFC 7677 section 3, whose nonce is a text of its own.
    fn example() -> Scram {
        let mut scram = Scram::new(&Credentials::new("user", "pencil").unwrap(), &[0; 18]);
        scram.nonce = "rOprNGfwEbeRWgbNEkqO".to_owned();
        scram.first = format!("n=user,r={}", scram.nonce);
        scram
    }

    const SERVER_FIRST: &str =
        "r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096";

    #[test]
    fn the_example_of_the_rfc() {
        let mut scram = example();
        assert_eq!(scram.first(), "n,,n=user,r=rOprNGfwEbeRWgbNEkqO");
        let proof = scram.answer(SERVER_FIRST).unwrap();
        let expected = "c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,\
                        p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=";
        assert_eq!(proof, expected);
        assert!(!scram.is_proven());
        let server_final = "v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=";
        assert_eq!(scram.answer(server_final).unwrap(), "");
        assert!(scram.is_proven());
    }

    #[test]
    fn a_server_that_does_not_know_the_password_is_not_believed() {
        let mut scram = example();
        scram.answer(SERVER_FIRST).unwrap();
        assert_eq!(scram.answer("v=AAAA"), None);
        assert!(!scram.is_proven());
    }

    #[test]
    fn what_a_server_may_not_ask_is_not_answered() {
        for message in [
            "r=rOprNGfwEbeRWgbNEkqO,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096",
            "r=another,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096",
            "r=rOprNGfwEbeRWgbNEkqOx,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=1",
            "r=rOprNGfwEbeRWgbNEkqOx,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4000000000",
            "m=x,r=rOprNGfwEbeRWgbNEkqOx,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096",
            "e=other-error",
            "",
        ] {
            assert_eq!(example().answer(message), None, "{message}");
        }
    }

    #[test]
    fn a_name_with_a_comma_stays_one_name() {
        let scram = Scram::new(&Credentials::new("a,b=c", "x").unwrap(), &[0; 18]);
        assert!(scram.first().starts_with("n,,n=a=2Cb=3Dc,r="));
    }
}
