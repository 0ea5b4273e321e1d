use api::{Code, Problem, TestServer};
use axum::body::Body;
use axum::extract::{Path, Request, State};
use axum::http::{HeaderValue, header};

use super::{Answer, App, input, who};
use crate::objects::mailbox::BeginTest;
use crate::objects::organisation::{KeyUse, UseKey};
use crate::objects::{Object, Objects};

/// `POST /api/mailboxes/{mailbox}/test`: *Testen* on the page.
#[worker::send]
pub(super) async fn by_person(State(app): State<App>, Path(id): Path<String>, request: Request) -> Answer {
    let employee = who::employee(&app, &request).await?;
    stream(&employee.mailbox(input::id(&id)?)?).await
}

/// `POST /v1/test`: the same for an ERP, or whoever sets one up.
#[worker::send]
pub(super) async fn by_key(State(app): State<App>, request: Request) -> Answer {
    let config = app.config()?;
    let key = who::erp(&config, request.headers())?;
    let test: TestServer = input::small_json(request).await?;
    let from = test.from.parse().map_err(|_| {
        let error =
            api::FieldError { pointer: "/from".into(), detail: "an address looks like a@example.nl".into() };
        Problem::new(Code::FieldsRefused, "from is not an address").with_errors(vec![error])
    })?;
    let objects = Objects::new(&app.env, &config.jurisdiction);
    let call = UseKey { id: key.id, hash: who::hash_text(&key.hash), wanted: KeyUse::SendFrom(from) };
    let mailbox = objects.organisation(key.organisation)?.call(&call).await?;
    let mailbox = mailbox.ok_or_else(|| Problem::new(Code::NotFound, "there is no such mailbox"))?;
    stream(&objects.mailbox(key.organisation, mailbox)?).await
}

/// Passes the lines on as they come.
async fn stream(mailbox: &Object) -> Answer {
    let mut answer = mailbox.stream(&BeginTest {}).await?.map(Body::new);
    let headers = answer.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/x-ndjson"));
    Ok(answer)
}
