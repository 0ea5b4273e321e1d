use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use std::fs::File;
use std::io::Read;

/// The secrets of one installation, made for one run.
#[derive(Debug)]
pub(crate) struct Secrets {
    pub(crate) sealing_keys: String,
    pub(crate) operator: String,
    pub(crate) client_id: String,
    pub(crate) client_secret: String,
}

impl Secrets {
    pub(crate) fn new() -> Self {
        let number = u32::from_be_bytes(random());
        Self {
            sealing_keys: format!("e2e:{}", STANDARD.encode(random::<32>())),
            operator: random_text(),
            client_id: format!("{number:08x}-0000-4000-8000-{number:012x}"),
            client_secret: random_text(),
        }
    }
}

/// 43 random characters of base64url: what browsers make for `state`, and nobody guesses.
pub fn random_text() -> String {
    URL_SAFE_NO_PAD.encode(random::<32>())
}

fn random<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    File::open("/dev/urandom").unwrap().read_exact(&mut bytes).unwrap();
    bytes
}
