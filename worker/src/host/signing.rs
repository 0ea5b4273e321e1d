use wasm_bindgen::{JsCast as _, JsValue};
use web_sys::{CryptoKey, SubtleCrypto, WorkerGlobalScope};
use worker::js_sys::{Array, Object, Reflect, Uint8Array, global};
use worker::wasm_bindgen_futures::JsFuture;

/// Signs with RSASSA-PSS, SHA-256 and a salt of 32 bytes: PS256 (RFC 7518 section 3.5). None when the key is no RSA key
/// that WebCrypto takes.
pub(crate) async fn sign_ps256(private_key: &[u8], message: &[u8]) -> Option<Vec<u8>> {
    let sign = async {
        let key = import("pkcs8", private_key, "sign").await?;
        let signed =
            subtle()?.sign_with_object_and_buffer_source(&pss()?, &key, &Uint8Array::from(message))?;
        Ok::<_, JsValue>(Uint8Array::new(&JsFuture::from(signed).await?).to_vec())
    };
    sign.await.ok()
}

/// Whether a signature was made with the private key of that public key (DER of `SubjectPublicKeyInfo`).
pub(crate) async fn is_signed_by(public_key: &[u8], signature: &[u8], message: &[u8]) -> bool {
    let verify = async {
        let key = import("spki", public_key, "verify").await?;
        let (signature, message) = (Uint8Array::from(signature), Uint8Array::from(message));
        let outcome = subtle()?.verify_with_object_and_buffer_source_and_buffer_source(
            &pss()?,
            &key,
            &signature,
            &message,
        )?;
        Ok::<_, JsValue>(JsFuture::from(outcome).await?.is_truthy())
    };
    verify.await.unwrap_or(false)
}

fn subtle() -> Result<SubtleCrypto, JsValue> {
    Ok(global().unchecked_into::<WorkerGlobalScope>().crypto()?.subtle())
}

fn pss() -> Result<Object, JsValue> {
    object(&[("name", "RSA-PSS".into()), ("saltLength", 32.into())])
}

async fn import(format: &str, der: &[u8], usage: &str) -> Result<CryptoKey, JsValue> {
    let algorithm = object(&[("name", "RSA-PSS".into()), ("hash", "SHA-256".into())])?;
    let der: Object = Uint8Array::from(der).into();
    let usages = Array::of1(&usage.into());
    let key = subtle()?.import_key_with_object(format, &der, &algorithm, false, &usages)?;
    Ok(JsFuture::from(key).await?.unchecked_into())
}

fn object(fields: &[(&str, JsValue)]) -> Result<Object, JsValue> {
    let object = Object::new();
    for (name, value) in fields {
        Reflect::set(&object, &(*name).into(), value)?;
    }
    Ok(object)
}
