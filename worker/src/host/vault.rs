use api::{Code, Problem};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use gateway::sealing::{KeyRing, Opening, Record, SealError, Sealing};
use gateway::tokens::SealedText;
use wasm_bindgen::{JsCast as _, JsValue};
use web_sys::{CryptoKey, SubtleCrypto, WorkerGlobalScope};
use worker::js_sys::{Array, Object, Reflect, Uint8Array, global};
use worker::wasm_bindgen_futures::JsFuture;

use crate::host::random;

/// Seals and opens records with the runtime's WebCrypto, which does megabytes in native code (ADR 3).
pub(crate) struct Vault<'r>(pub(crate) &'r KeyRing);

impl Vault<'_> {
    /// Seals bytes as that record.
    pub(crate) async fn seal(&self, record: &Record, plain: &[u8]) -> Result<Vec<u8>, Problem> {
        let sealing = Sealing::plan(self.0, record, random()?);
        let (key, nonce) = (&sealing.key, &sealing.nonce);
        let sealed = aes_gcm(Direction::Encrypt, key, nonce, &sealing.associated_data, plain).await;
        sealed.map(|ciphertext| sealing.envelope(&ciphertext)).map_err(|_| failed("cannot seal record"))
    }

    /// Opens bytes sealed as that record.
    pub(crate) async fn open(&self, record: &Record, envelope: &[u8]) -> Result<Vec<u8>, Problem> {
        let plan = Opening::plan(self.0, record, envelope).map_err(|error| match error {
            SealError::KeyMissing(_) => Problem::new(Code::NotConfigured, error.to_string()),
            _ => failed("cannot open sealed record").with_cause(error.to_string()),
        })?;
        let opened =
            aes_gcm(Direction::Decrypt, &plan.key, &plan.nonce, &plan.associated_data, plan.ciphertext).await;
        opened.map_err(|_| {
            failed("cannot open sealed record").with_cause("changed, or sealed as another record")
        })
    }

    /// Seals a text for a stored JSON record.
    pub(crate) async fn seal_text(&self, record: &Record, plain: &str) -> Result<SealedText, Problem> {
        Ok(SealedText(STANDARD.encode(self.seal(record, plain.as_bytes()).await?)))
    }

    /// Opens a text of a stored JSON record.
    pub(crate) async fn open_text(&self, record: &Record, sealed: &SealedText) -> Result<String, Problem> {
        let envelope = STANDARD.decode(&sealed.0).map_err(|_| failed("cannot decode sealed record"))?;
        String::from_utf8(self.open(record, &envelope).await?)
            .map_err(|_| failed("cannot decode sealed record"))
    }
}

fn failed(detail: &str) -> Problem {
    Problem::new(Code::Internal, detail)
}

enum Direction {
    Encrypt,
    Decrypt,
}

/// AES-256-GCM with a 128-bit tag at the end (W3C Web Cryptography API, "AES-GCM").
async fn aes_gcm(
    direction: Direction,
    key: &[u8; 32],
    nonce: &[u8; 12],
    associated_data: &[u8],
    input: &[u8],
) -> Result<Vec<u8>, JsValue> {
    let subtle: SubtleCrypto = global().unchecked_into::<WorkerGlobalScope>().crypto()?.subtle();
    let usage = match direction {
        Direction::Encrypt => "encrypt",
        Direction::Decrypt => "decrypt",
    };
    let raw: Object = Uint8Array::from(key.as_slice()).into();
    let usages = Array::of1(&usage.into());
    let key = JsFuture::from(subtle.import_key_with_str("raw", &raw, "AES-GCM", false, &usages)?).await?;
    let key: CryptoKey = key.unchecked_into();
    let algorithm = Object::new();
    for (name, value) in [
        ("name", JsValue::from_str("AES-GCM")),
        ("iv", Uint8Array::from(nonce.as_slice()).into()),
        ("additionalData", Uint8Array::from(associated_data).into()),
    ] {
        Reflect::set(&algorithm, &name.into(), &value)?;
    }
    let input = Uint8Array::from(input);
    let output = match direction {
        Direction::Encrypt => subtle.encrypt_with_object_and_buffer_source(&algorithm, &key, &input)?,
        Direction::Decrypt => subtle.decrypt_with_object_and_buffer_source(&algorithm, &key, &input)?,
    };
    Ok(Uint8Array::new(&JsFuture::from(output).await?).to_vec())
}
