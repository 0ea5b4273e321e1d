//! Every refusal that the sandbox can produce, judged: one data file, written from Microsoft's pages by whoever wrote the
//! sandbox, so that one misreading can't hide in both.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use api::{Code, Reason, RefusedConsent};
use futures_util::FutureExt as _;
use microsoft::{
    ClientSecret, Decision, Endpoints, Http, HttpRequest, HttpResponse, Proof, RefreshToken, Refusal,
    TokenEndpoint, TransportError, decide, read_refused_consent,
};

#[derive(serde::Deserialize)]
struct Row {
    number: u32,
    at: String,
    status: u16,
    error: String,
    suberror: Option<String>,
    class: String,
    meaning: String,
}

fn rows(at: &str) -> Vec<Row> {
    let file = include_str!("../../sandbox/data/aadsts.csv");
    let rows = csv::Reader::from_reader(file.as_bytes()).into_deserialize();
    let rows: Vec<Row> = rows.collect::<Result<_, _>>().unwrap();
    rows.into_iter().filter(|row| row.at == at).collect()
}

struct Canned<'r>(&'r Row);

impl Http for Canned<'_> {
    async fn send(&self, _: HttpRequest) -> Result<HttpResponse, TransportError> {
        let Row { number, status, error, suberror, meaning, .. } = self.0;
        let body = serde_json::json!({
            "error": error, "suberror": suberror, "error_codes": [number],
            "error_description": format!("AADSTS{number}: {meaning}"), "correlation_id": "c",
        });
        let answer = http::Response::builder().status(*status).header("content-type", "application/json");
        Ok(answer.body(body.to_string().into()).unwrap())
    }
}

fn refused_refresh(row: &Row) -> Refusal {
    let endpoints =
        Endpoints::new("https://login.microsoftonline.com", "https://graph.microsoft.com").unwrap();
    let proof = Proof::Secret(ClientSecret::new("secret".into()));
    let endpoint = TokenEndpoint { endpoints: &endpoints, tenant: "t", client_id: "app", proof };
    let token = RefreshToken::new("rt".into());
    endpoint.refresh(&token, &[], &Canned(row)).now_or_never().unwrap().unwrap_err()
}

#[test]
fn every_number_of_the_token_endpoint_leads_to_whoever_can_mend_it() {
    let rows = rows("token");
    assert!(rows.len() > 90);
    for row in rows {
        let refusal = refused_refresh(&row);
        let decision = refusal.decision().unwrap();
        let expected: &[Code] = match row.class.as_str() {
            "TMP" => &[Code::MicrosoftUnavailable, Code::Throttled],
            "USR" => &[Code::SignInAgain],
            "ADM" => &[Code::AdministratorNeeded],
            "CFG" => &[Code::RegistrationBroken, Code::RequestRejected],
            other => panic!("an unknown class {other}"),
        };
        assert!(expected.contains(&refusal.code), "AADSTS{} became {:?}", row.number, refusal.code);
        assert_eq!(decision == Decision::Retry, row.class == "TMP", "AADSTS{}", row.number);
        if row.class != "TMP" {
            assert_ne!(refusal.reason(), Some(Reason::Other), "AADSTS{} has no words", row.number);
        }
        let upstream = refusal.upstream.unwrap();
        assert_eq!(upstream.code.unwrap(), format!("AADSTS{}", row.number));
        assert_eq!(upstream.request_id.as_deref(), Some("c"));
    }
}

/// Microsoft changes numbers: without them the same is done, unless it passes by itself.
#[test]
fn the_number_does_not_decide() {
    for row in rows("token").into_iter().filter(|row| row.class != "TMP") {
        let with = refused_refresh(&row).decision().unwrap();
        let without = decide(row.status, &row.error, row.suberror.as_deref(), None);
        assert_eq!(with, without, "AADSTS{}", row.number);
    }
}

#[test]
fn every_number_that_comes_back_to_the_browser_is_told_as_what_it_is() {
    let rows = rows("redirect");
    assert!(rows.len() > 20);
    for row in rows {
        let back = RefusedConsent {
            state: String::new(),
            error: row.error.clone(),
            error_subcode: row.suberror.clone(),
            error_description: Some(format!("AADSTS{}: {}", row.number, row.meaning)),
        };
        let refusal = read_refused_consent(&back);
        let expected: &[Code] = match row.class.as_str() {
            "TMP" => &[Code::MicrosoftUnavailable],
            "USR" => &[Code::ConsentNotGiven, Code::ConsentRefused],
            "ADM" => &[Code::AdministratorNeeded],
            _ => &[Code::RegistrationBroken, Code::RequestRejected],
        };
        assert!(expected.contains(&refusal.code), "AADSTS{} became {:?}", row.number, refusal.code);
    }
}
