//! A certificate instead of a secret (section 1.5).

use std::sync::OnceLock;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use ring::{digest, rand::SystemRandom, signature};
use rsa::{PrivateKey, pkcs8::EncodePrivateKey};
use serde_json::{Value, json};
use tokio_rustls::rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};

use crate::{
    Config, random,
    testing::{Answer, NOW, Test},
};

const AUDIENCE: &str = "http://localhost:8790/organizations/oauth2/v2.0/token";

/// A key with its certificate, as an app has them.
struct Proof {
    pair: signature::RsaKeyPair,
    pem: String,
    der: Vec<u8>,
}

static PROOF: OnceLock<Proof> = OnceLock::new();

fn proof() -> &'static Proof {
    PROOF.get_or_init(|| {
        let mut source = getrandom::rand_core::UnwrapErr(getrandom::SysRng);
        let key = PrivateKey::new(&mut source, 2048).unwrap().to_pkcs8_der().unwrap();
        let pair = signature::RsaKeyPair::from_pkcs8(key.as_bytes()).unwrap();
        let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.as_bytes().to_vec()));
        let key = rcgen::KeyPair::try_from(&key).unwrap();
        let certificate = rcgen::CertificateParams::default().self_signed(&key).unwrap();
        Proof { pair, pem: certificate.pem(), der: certificate.der().to_vec() }
    })
}

fn thumbprint(algorithm: &'static digest::Algorithm) -> Value {
    URL_SAFE_NO_PAD.encode(digest::digest(algorithm, &proof().der)).into()
}

fn header() -> Value {
    json!({ "alg": "PS256", "typ": "JWT", "x5t#S256": thumbprint(&digest::SHA256) })
}

fn claims() -> Value {
    json!({ "aud": AUDIENCE, "iss": Config::CLIENT_ID, "sub": Config::CLIENT_ID, "jti": random::guid(),
        "nbf": NOW, "iat": NOW, "exp": NOW + 600 })
}

fn signed(header: &Value, claims: &Value) -> String {
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let content = format!("{}.{}", part(header), part(claims));
    let padding: &dyn signature::RsaEncoding =
        if header["alg"] == "RS256" { &signature::RSA_PKCS1_SHA256 } else { &signature::RSA_PSS_SHA256 };
    let mut signature = vec![0; proof().pair.public().modulus_len()];
    proof().pair.sign(padding, &SystemRandom::new(), content.as_bytes(), &mut signature).unwrap();
    format!("{content}.{}", URL_SAFE_NO_PAD.encode(signature))
}

fn with(value: Value, name: &str, change: Value) -> Value {
    let mut value = value;
    value[name] = change;
    value
}

async fn prepared() -> (Test, String) {
    let mut test = Test::new();
    let code = test.sign_in("anna", &[]).await;
    let token = test.redeem(&code, &[]).await.json()["refresh_token"].as_str().unwrap().to_owned();
    let path = format!("/sandbox/apps/{}", Config::CLIENT_ID);
    let answer = test.control("PATCH", &path, json!({ "certificates": [proof().pem] })).await;
    assert_eq!(answer.json()["certificates"], json!([thumbprint(&digest::SHA256)]), "{}", answer.text());
    (test, token)
}

async fn refresh(test: &mut Test, token: &str, assertion: &str, changes: &[(&str, &str)]) -> Answer {
    let mut fields = vec![
        ("client_secret", ""),
        ("grant_type", "refresh_token"),
        ("refresh_token", token),
        ("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"),
        ("client_assertion", assertion),
    ];
    fields.extend_from_slice(changes);
    test.token(&fields).await
}

#[tokio::test]
async fn both_algorithms_and_both_thumbprints_serve() {
    let (mut test, token) = prepared().await;
    let older = json!({ "alg": "RS256", "typ": "JWT", "x5t": thumbprint(&digest::SHA1_FOR_LEGACY_USE_ONLY) });
    for header in [header(), older] {
        let answer = refresh(&mut test, &token, &signed(&header, &claims()), &[]).await;
        assert!(answer.json()["access_token"].is_string(), "{header} {}", answer.text());
    }
    let discovery = test.get("/organizations/v2.0/.well-known/openid-configuration").await.json();
    assert!(discovery["token_endpoint_auth_methods_supported"].to_string().contains("private_key_jwt"));
}

#[tokio::test]
async fn signature_and_thumbprint_are_checked() {
    let (mut test, token) = prepared().await;
    let (content, _) =
        signed(&header(), &claims()).rsplit_once('.').map(|(a, b)| (a.to_owned(), b.to_owned())).unwrap();
    let (_, other) =
        signed(&header(), &claims()).rsplit_once('.').map(|(a, b)| (a.to_owned(), b.to_owned())).unwrap();
    for bad in [
        format!("{content}.{other}"),
        signed(&with(header(), "x5t#S256", "unknown".into()), &claims()),
        signed(&json!({ "alg": "PS256" }), &claims()),
        signed(&with(header(), "alg", "ES256".into()), &claims()),
    ] {
        let answer = refresh(&mut test, &token, &bad, &[]).await;
        let seen = (answer.status.as_u16(), answer.aadsts());
        assert_eq!((seen, &answer.json()["error"]), ((401, 700_027), &"invalid_client".into()));
    }
    // Another certificate was uploaded.
    let path = format!("/sandbox/apps/{}", Config::CLIENT_ID);
    test.control("PATCH", &path, json!({ "certificates": [] })).await;
    let answer = refresh(&mut test, &token, &signed(&header(), &claims()), &[]).await;
    assert_eq!(answer.aadsts(), 700_027);
    let answer = test.control("PATCH", &path, json!({ "certificates": ["nonsense"] })).await;
    assert_eq!(answer.status.as_u16(), 400);
}

#[tokio::test]
async fn claims_are_checked() {
    let (mut test, token) = prepared().await;
    for (name, value) in [
        ("aud", "https://elsewhere.example/token".into()),
        ("iss", "x".into()),
        ("sub", "x".into()),
        ("jti", "".into()),
        ("nbf", (NOW + 400).into()),
        ("exp", (NOW - 400).into()),
        ("exp", (NOW + 3600).into()),
        ("exp", Value::Null),
    ] {
        let answer = refresh(&mut test, &token, &signed(&header(), &with(claims(), name, value)), &[]).await;
        assert_eq!(answer.aadsts(), 50013, "{name}");
    }
    let mut bare = claims();
    bare.as_object_mut().unwrap().remove("nbf");
    assert_eq!(refresh(&mut test, &token, &signed(&header(), &bare), &[]).await.aadsts(), 0, "as msal does");
    bare["jti"] = "another".into();
    bare.as_object_mut().unwrap().remove("iat");
    assert_eq!(refresh(&mut test, &token, &signed(&header(), &bare), &[]).await.aadsts(), 50013);
    // The clocks may be five minutes apart.
    let ahead = with(with(claims(), "nbf", (NOW + 290).into()), "exp", (NOW + 590).into());
    assert_eq!(refresh(&mut test, &token, &signed(&header(), &ahead), &[]).await.aadsts(), 0);
    let again = signed(&header(), &ahead);
    assert_eq!(refresh(&mut test, &token, &again, &[]).await.aadsts(), 50013, "the same jti");
}

#[tokio::test]
async fn one_proof_of_the_right_kind() {
    let (mut test, token) = prepared().await;
    let assertion = signed(&header(), &claims());
    let both = refresh(&mut test, &token, &assertion, &[("client_secret", crate::testing::SECRET)]).await;
    assert_eq!((both.aadsts(), &both.json()["error"]), (9_002_313, &"invalid_request".into()));
    let untyped = refresh(&mut test, &token, &assertion, &[("client_assertion_type", "")]).await;
    assert_eq!(untyped.aadsts(), 900_144);
    let saml = [("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:saml2-bearer")];
    assert_eq!(refresh(&mut test, &token, &assertion, &saml).await.aadsts(), 90013);
    assert_eq!(refresh(&mut test, &token, "a.b.c", &[]).await.aadsts(), 50013);
    assert_eq!(refresh(&mut test, &token, &assertion, &[]).await.aadsts(), 0, "unused until now");
}
