//! What arrived, a line each, for tests that count thousands of mails: no bodies, and no file is hashed for it.

use std::sync::Arc;

use axum::{
    Json,
    extract::{Query, State},
};
use chrono::SecondsFormat;
use serde::Serialize;

use crate::{
    inbox::{Mail, Whose},
    state::Sandbox,
};

#[derive(Debug, Serialize)]
pub(crate) struct Line {
    id: u64,
    at: String,
    subject: String,
    /// `null` where the JSON form of `sendMail` named none.
    message_id: Option<String>,
    /// Everybody it went to: by SMTP the envelope, else To, Cc and Bcc.
    rcpt: Vec<String>,
}

/// Newest last.
pub(crate) async fn list(State(sandbox): State<Arc<Sandbox>>, Query(whose): Query<Whose>) -> Json<Vec<Line>> {
    let mails = sandbox.store().inbox.of(&whose);
    Json(mails.iter().map(|mail| line(mail)).collect())
}

fn line(mail: &Mail) -> Line {
    let shown = || mail.to.iter().chain(&mail.cc).chain(&mail.bcc).map(|one| one.address.clone()).collect();
    let rcpt = mail.envelope.as_ref().map_or_else(shown, |envelope| envelope.rcpt_to.clone());
    Line {
        id: mail.id,
        at: mail.received_at.to_rfc3339_opts(SecondsFormat::Millis, true),
        subject: mail.subject.clone(),
        message_id: mail.message_id.clone(),
        rcpt,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::{
        inbox::{Address, Envelope},
        testing::{self, Test},
    };

    fn address(text: &str) -> Address {
        Address { address: text.into(), name: None }
    }

    fn received() -> Test {
        let test = Test::new();
        let by_graph = Mail {
            account: "anna@bakkerijjansen.example".into(),
            cc: vec![address("c@example.com")],
            bcc: vec![address("d@example.com")],
            ..testing::mail()
        };
        let by_smtp = Mail {
            message_id: Some("<1@erp.example>".into()),
            envelope: Some(Envelope {
                user: "a@example.com".into(),
                mail_from: "a@example.com".into(),
                rcpt_to: vec!["e@example.com".into()],
            }),
            ..testing::mail()
        };
        let mut store = test.sandbox.store();
        store.inbox.receive(by_graph);
        store.inbox.receive(by_smtp);
        drop(store);
        test
    }

    #[tokio::test]
    async fn a_line_per_mail() {
        let mut test = received();
        let at = "1970-01-01T00:00:00.000Z";
        assert_eq!(
            test.get("/sandbox/ledger").await.json(),
            json!([
                { "id": 1, "at": at, "subject": "x", "message_id": null,
                  "rcpt": ["b@example.com", "c@example.com", "d@example.com"] },
                { "id": 2, "at": at, "subject": "x", "message_id": "<1@erp.example>", "rcpt": ["e@example.com"] },
            ])
        );
    }

    #[tokio::test]
    async fn one_accounts_mails_only() {
        let mut test = received();
        for path in ["/sandbox/ledger", "/inbox.json"] {
            for (query, ids) in [
                ("", json!([1, 2])),
                ("?account=Anna@bakkerijjansen.example", json!([1])),
                ("?account=nobody@bakkerijjansen.example", json!([])),
            ] {
                let list = test.get(&format!("{path}{query}")).await.json();
                let found: Vec<_> = list.as_array().unwrap().iter().map(|mail| mail["id"].clone()).collect();
                assert_eq!(json!(found), ids, "{path}{query}");
            }
            assert_eq!(test.get(&format!("{path}?acount=x")).await.status.as_u16(), 400, "{path}");
        }
        let clear = async |test: &mut Test, query: &str| {
            test.control("DELETE", &format!("/inbox.json{query}"), json!(null)).await.status.as_u16()
        };
        assert_eq!(clear(&mut test, "?acount=a@example.com").await, 400);
        assert_eq!(test.inbox().await.len(), 2, "a misspelt account is not everybody");
        assert_eq!(clear(&mut test, "?account=a@example.com").await, 204);
        assert_eq!(test.inbox().await[0]["id"], 1);
        assert_eq!(clear(&mut test, "").await, 204);
        assert!(test.inbox().await.is_empty());
    }
}
