//! An app's certificate with its key, as somebody makes them for Entra.

use rcgen::{CertificateParams, KeyPair, PKCS_RSA_SHA256};
use rsa::PrivateKey;
use rsa::pkcs8::{EncodePrivateKey as _, LineEnding};

/// What is uploaded at Entra, and what stays with the app; both PEM.
#[derive(Clone, Debug)]
pub struct Certificate {
    /// For Entra.
    pub certificate: String,
    /// For the app alone.
    pub private_key: String,
}

impl Certificate {
    /// Makes one that is good until that year.
    pub fn new(last_year: i32) -> Self {
        let mut source = getrandom::rand_core::UnwrapErr(getrandom::SysRng);
        let key = PrivateKey::new(&mut source, 2048).unwrap();
        let private_key = key.to_pkcs8_pem(LineEnding::LF).unwrap().to_string();
        let pair = KeyPair::from_pkcs8_pem_and_sign_algo(&private_key, &PKCS_RSA_SHA256).unwrap();
        let mut wanted = CertificateParams::default();
        wanted.not_after = rcgen::date_time_ymd(last_year, 12, 31);
        Self { certificate: wanted.self_signed(&pair).unwrap().pem(), private_key }
    }
}
