use std::time::Duration;

use api::{Code, MailboxId, OrganisationId, Problem};
use gateway::storage_refusal;
use serde::Serialize;
use serde::de::DeserializeOwned;
use worker::js_sys::{Function, Reflect, Uint8Array};
use worker::wasm_bindgen::{JsCast as _, JsValue};
use worker::{Env, Headers, Method, ObjectNamespace, Request, RequestInit, Response, Stub};

use crate::host::{now, within};

/// One thing that an object can be asked. The caller and the object share the type, so neither can misspell it.
pub(crate) trait Call: Serialize + DeserializeOwned {
    /// What the object answers when it does not refuse.
    type Reply: Serialize + DeserializeOwned;
    /// Its path within the object.
    const NAME: &'static str;
}

/// How long an object may take for a call that waits for nothing but storage. A panic in an object leaves its caller
/// without an answer, so every call has a deadline.
const DEADLINE: Duration = Duration::from_secs(10);

/// The header that carries a call whose body is something else.
const CALL_HEADER: &str = "x-postbode-call";

/// The way to the objects.
pub(crate) struct Objects<'e> {
    env: &'e Env,
    jurisdiction: &'e str,
}

impl<'e> Objects<'e> {
    pub(crate) fn new(env: &'e Env, jurisdiction: &'e str) -> Self {
        Self { env, jurisdiction }
    }

    pub(crate) fn organisation(&self, id: OrganisationId) -> Result<Object, Problem> {
        self.object("ORGANISATION", &id.to_string())
    }

    pub(crate) fn mailbox(&self, organisation: OrganisationId, id: MailboxId) -> Result<Object, Problem> {
        self.object("MAILBOX", &format!("{organisation}/{id}"))
    }

    pub(crate) fn directory(&self) -> Result<Object, Problem> {
        self.object("DIRECTORY", "directory")
    }

    fn object(&self, binding: &'static str, name: &str) -> Result<Object, Problem> {
        let namespace = self
            .env
            .durable_object(binding)
            .and_then(|namespace| within_jurisdiction(namespace, self.jurisdiction));
        let stub = namespace.and_then(|namespace| namespace.get_by_name(name));
        stub.map(Object)
            .map_err(|_| Problem::new(Code::NotConfigured, format!("the binding {binding} does not work")))
    }
}

/// Ties objects to a place by `namespace.jurisdiction(name)`, which the worker crate does not wrap.
fn within_jurisdiction(namespace: ObjectNamespace, jurisdiction: &str) -> worker::Result<ObjectNamespace> {
    if jurisdiction.is_empty() {
        return Ok(namespace);
    }
    let raw: &JsValue = namespace.as_ref();
    let method: Function = Reflect::get(raw, &"jurisdiction".into())?.dyn_into()?;
    Ok(ObjectNamespace::unchecked_from_js(method.call1(raw, &jurisdiction.into())?))
}

/// One object, to be asked.
pub(crate) struct Object(Stub);

impl Object {
    /// Asks something that waits for nothing but storage.
    pub(crate) async fn call<C: Call>(&self, call: &C) -> Result<C::Reply, Problem> {
        self.call_for(call, Duration::ZERO).await
    }

    /// Asks something that may itself wait that long for somebody else.
    pub(crate) async fn call_for<C: Call>(&self, call: &C, extra: Duration) -> Result<C::Reply, Problem> {
        let json = serde_json::to_string(call).map_err(|_| internal("a call can't be written"))?;
        self.ask::<C>(JsValue::from_str(&json), Headers::new(), extra).await
    }

    /// Asks with a body of bytes beside the call.
    pub(crate) async fn call_with_body<C: Call>(
        &self,
        call: &C,
        body: &[u8],
        extra: Duration,
    ) -> Result<C::Reply, Problem> {
        let headers = Headers::new();
        let json = serde_json::to_string(call).map_err(|_| internal("a call can't be written"))?;
        headers.set(CALL_HEADER, &json).map_err(|_| internal("a call does not fit a header"))?;
        self.ask::<C>(Uint8Array::from(body).into(), headers, extra).await
    }

    /// Asks something whose answer comes bit by bit.
    pub(crate) async fn stream<C: Call>(&self, call: &C) -> Result<http::Response<worker::Body>, Problem> {
        let json = serde_json::to_string(call).map_err(|_| internal("a call can't be written"))?;
        let mut init = RequestInit::new();
        init.with_method(Method::Post).with_body(Some(JsValue::from_str(&json)));
        let request = Request::new_with_init(&format!("https://object/{}", C::NAME), &init)
            .map_err(|_| internal("a call can't be made"))?;
        let answer = within(DEADLINE, self.0.fetch_with_request(request)).await.ok_or_else(busy)?;
        let mut answer = answer.map_err(|error| unreached(&error))?;
        if answer.status_code() != 200 {
            return Err(answer.json().await.unwrap_or_else(|_| internal("an object failed")));
        }
        answer.try_into().map_err(|_| internal("an object's reply can't be read"))
    }

    async fn ask<C: Call>(
        &self,
        body: JsValue,
        headers: Headers,
        extra: Duration,
    ) -> Result<C::Reply, Problem> {
        let mut init = RequestInit::new();
        init.with_method(Method::Post).with_headers(headers).with_body(Some(body));
        let request = Request::new_with_init(&format!("https://object/{}", C::NAME), &init)
            .map_err(|_| internal("a call can't be made"))?;
        let answer = async {
            let mut response = self.0.fetch_with_request(request).await?;
            Ok::<_, worker::Error>((response.status_code(), response.bytes().await?))
        };
        let answer = within(DEADLINE + extra, answer).await.ok_or_else(busy)?;
        let (status, bytes) = answer.map_err(|error| unreached(&error))?;
        if status == 200 {
            return serde_json::from_slice(&bytes).map_err(|_| internal("an object's reply can't be read"));
        }
        Err(serde_json::from_slice(&bytes).unwrap_or_else(|_| internal("an object failed")))
    }
}

/// Why an object gave no answer: what Cloudflare lets this installation do may be used up, for requests and for writes alike.
fn unreached(error: &worker::Error) -> Problem {
    storage_refusal(&error.to_string(), now()).unwrap_or_else(busy)
}

fn busy() -> Problem {
    Problem::new(Code::Busy, "a part of this installation did not answer in time").with_retry_after(5)
}

/// The object's side: reads the call, from the body or, when that is something else, from its header.
pub(super) async fn read<C: Call>(request: &mut Request) -> Result<C, Problem> {
    let json = match request.headers().get(CALL_HEADER) {
        Ok(Some(json)) => json,
        _ => request.text().await.map_err(|_| internal("a call can't be read"))?,
    };
    serde_json::from_str(&json).map_err(|_| internal("a call is of another version"))
}

/// The object's side: writes the reply, or the problem as it goes out.
pub(super) fn reply<T: Serialize>(outcome: Result<T, Problem>) -> worker::Result<Response> {
    match outcome {
        Ok(value) => Response::ok(serde_json::to_string(&value)?),
        Err(problem) => Ok(Response::ok(serde_json::to_string(&problem)?)?.with_status(problem.status)),
    }
}

pub(super) fn internal(detail: &str) -> Problem {
    Problem::new(Code::Internal, detail)
}
