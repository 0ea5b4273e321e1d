use std::marker::PhantomData;
use std::time::Duration;

use api::{Code, MailboxId, OrganisationId, Problem};
use gateway::storage_refusal;
use serde::de::DeserializeOwned;
use worker::js_sys::{Function, Reflect, Uint8Array};
use worker::wasm_bindgen::{JsCast as _, JsValue};
use worker::{Env, Headers, Method, ObjectNamespace, Request, RequestInit, Stub};

use super::call::{Call, PREFIX_BYTES, REQUEST_ID_HEADER, Streamed, internal, to_bytes};
use crate::host::{current_request, now, within};

/// How long an object may take for a call that waits for nothing but storage. A panic in an object leaves its caller
/// without an answer, so every call has a deadline.
const DEADLINE: Duration = Duration::from_secs(10);

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
    pub(crate) async fn call<C>(&self, call: &C) -> Result<C::Reply, Problem>
    where
        C: Call<Reply: DeserializeOwned>,
    {
        self.call_for(call, Duration::ZERO).await
    }

    /// Asks something that may itself wait that long for somebody else.
    pub(crate) async fn call_for<C>(&self, call: &C, extra: Duration) -> Result<C::Reply, Problem>
    where
        C: Call<Reply: DeserializeOwned>,
    {
        self.call_with_bytes(call, &[], extra).await
    }

    /// Asks with bytes beside the call.
    pub(crate) async fn call_with_bytes<C>(
        &self,
        call: &C,
        bytes: &[u8],
        extra: Duration,
    ) -> Result<C::Reply, Problem>
    where
        C: Call<Reply: DeserializeOwned>,
    {
        let reply = self.ask(post(C::NAME, &to_bytes(call)?, bytes)?, DEADLINE + extra).await?;
        serde_json::from_slice(&reply).map_err(|_| internal("cannot decode reply of object"))
    }

    /// Asks for something that is passed on as it is.
    pub(crate) async fn pass<C: Call>(&self, call: &C, extra: Duration) -> Result<Passed<C::Reply>, Problem> {
        let json = self.ask(post(C::NAME, &to_bytes(call)?, &[])?, DEADLINE + extra).await?;
        Ok(Passed { json, of: PhantomData })
    }

    /// Asks something whose answer comes bit by bit.
    pub(crate) async fn stream<C>(&self, call: &C) -> Result<http::Response<worker::Body>, Problem>
    where
        C: Call<Reply = Streamed>,
    {
        let request = post(C::NAME, &to_bytes(call)?, &[])?;
        let mut response = answered(within(DEADLINE, self.0.fetch_with_request(request)).await)?;
        if response.status_code() != 200 {
            return Err(problem_in(&response.bytes().await.unwrap_or_default()));
        }
        response.try_into().map_err(|_| internal("cannot read reply of object"))
    }

    /// Sends a call and reads the whole reply.
    async fn ask(&self, request: Request, limit: Duration) -> Result<Vec<u8>, Problem> {
        let reply = async {
            let mut response = self.0.fetch_with_request(request).await?;
            Ok::<_, worker::Error>((response.status_code(), response.bytes().await?))
        };
        let (status, bytes) = answered(within(limit, reply).await)?;
        if status == 200 { Ok(bytes) } else { Err(problem_in(&bytes)) }
    }
}

/// A reply that nobody on the way reads: JSON, undecoded. It leaves the code out that would decode it, and a field of a
/// newer object comes through.
pub(crate) struct Passed<T> {
    pub(crate) json: Vec<u8>,
    of: PhantomData<fn() -> T>,
}

impl<T> Passed<Option<T>> {
    /// The value, if there is one.
    pub(crate) fn some(self) -> Option<Passed<T>> {
        (self.json != b"null").then_some(Passed { json: self.json, of: PhantomData })
    }
}

/// Puts a call into a request (see `call.rs`), without a copy of its bytes on the way.
fn post(name: &str, json: &[u8], bytes: &[u8]) -> Result<Request, Problem> {
    let unmade = || internal("cannot make call");
    let prefix = u32::try_from(json.len()).map_err(|_| unmade())?.to_le_bytes();
    let total = u32::try_from(PREFIX_BYTES + json.len() + bytes.len()).map_err(|_| unmade())?;
    let body = Uint8Array::new_with_length(total);
    let mut at = 0;
    for part in [&prefix, json, bytes] {
        let end = at + u32::try_from(part.len()).map_err(|_| unmade())?;
        body.subarray(at, end).copy_from(part);
        at = end;
    }
    let headers = Headers::new();
    if let Some(id) = current_request() {
        headers.set(REQUEST_ID_HEADER, &id.to_string()).map_err(|_| unmade())?;
    }
    let mut init = RequestInit::new();
    init.with_method(Method::Post).with_headers(headers).with_body(Some(body.into()));
    Request::new_with_init(&format!("https://object/{name}"), &init).map_err(|_| unmade())
}

/// The problem that an object answered with.
fn problem_in(bytes: &[u8]) -> Problem {
    serde_json::from_slice(bytes).unwrap_or_else(|_| internal("object failed"))
}

/// What came of asking. Cloudflare may refuse because this installation has used up its quota of requests or rows.
fn answered<T>(outcome: Option<worker::Result<T>>) -> Result<T, Problem> {
    let busy =
        || Problem::new(Code::Busy, "a part of this installation did not answer in time").with_retry_after(5);
    let outcome = outcome.ok_or_else(|| busy().with_cause("object did not answer within its deadline"))?;
    outcome.map_err(|error| {
        let cause = error.to_string();
        storage_refusal(&cause, now()).unwrap_or_else(busy).with_cause(cause)
    })
}
