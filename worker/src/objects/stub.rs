use std::marker::PhantomData;
use std::pin::pin;
use std::time::Duration;

use api::{Code, MailboxId, OrganisationId, Problem};
use futures_util::future::{LocalBoxFuture, try_join_all};
use gateway::memory::Share;
use gateway::storage_refusal;
use serde::de::DeserializeOwned;
use worker::js_sys::{Function, Reflect, Uint8Array};
use worker::wasm_bindgen::{JsCast as _, JsValue};
use worker::{Env, Headers, Method, ObjectNamespace, Request, RequestInit, Stub};

use super::call::{Call, LENGTH_HEADER, PREFIX_BYTES, REQUEST_ID_HEADER, Streamed, internal, to_bytes};
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
        decode(&self.ask_alone(C::NAME, to_bytes(call), extra).await?)
    }

    /// Asks several objects the same at once, and answers in their order; the first refusal ends it.
    pub(crate) async fn call_each<C>(objects: &[Self], call: &C) -> Result<Vec<C::Reply>, Problem>
    where
        C: Call<Reply: DeserializeOwned>,
    {
        let json = to_bytes(call)?;
        let asked = objects.iter().map(|object| object.ask_alone(C::NAME, Ok(json.clone()), Duration::ZERO));
        try_join_all(asked).await?.iter().map(|reply| decode(reply)).collect()
    }

    /// Asks for something that is passed on as it is.
    pub(crate) async fn pass<C: Call>(&self, call: &C, extra: Duration) -> Result<Passed<C::Reply>, Problem> {
        let json = self.ask_alone(C::NAME, to_bytes(call), extra).await?;
        Ok(Passed { json, of: PhantomData })
    }

    /// Asks something whose answer comes bit by bit.
    pub(crate) async fn stream<C>(&self, call: &C) -> Result<http::Response<worker::Body>, Problem>
    where
        C: Call<Reply = Streamed>,
    {
        let request = Parcel::pack(&to_bytes(call)?, &[])?.request(C::NAME)?;
        let mut response = answered(within(DEADLINE, self.0.fetch_with_request(request)).await)?;
        if response.status_code() != 200 {
            return Err(problem_in(&response.bytes().await.unwrap_or_default()));
        }
        response.try_into().map_err(|_| internal("cannot read reply of object"))
    }

    /// Sends a call and reads the whole reply. Boxed, since most handlers wait for one.
    fn ask<'a>(
        &'a self,
        name: &'a str,
        parcel: &'a Parcel,
        limit: Duration,
    ) -> LocalBoxFuture<'a, Result<Vec<u8>, Unanswered>> {
        Box::pin(async move {
            let request = parcel.request(name).map_err(Unanswered::Refused)?;
            let reply = async {
                let mut response = self.0.fetch_with_request(request).await?;
                Ok::<_, worker::Error>((response.status_code(), response.bytes().await?))
            };
            let (status, bytes) = answered(within(limit, reply).await).map_err(Unanswered::Lost)?;
            if status == 200 { Ok(bytes) } else { Err(Unanswered::Refused(problem_in(&bytes))) }
        })
    }

    /// The same with nothing beside the call.
    fn ask_alone(
        &self,
        name: &'static str,
        json: Result<Vec<u8>, Problem>,
        extra: Duration,
    ) -> LocalBoxFuture<'_, Result<Vec<u8>, Problem>> {
        Box::pin(async move {
            let parcel = Parcel::pack(&json?, &[])?;
            self.ask(name, &parcel, DEADLINE + extra).await.map_err(Unanswered::into_problem)
        })
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

/// Asks with bytes beside the call, and once more when the object was lost meanwhile. The bytes leave the module at once,
/// and their memory is free when they are needed no longer. `object` makes a fresh way to the object, since one that was
/// lost is of no more use.
pub(crate) async fn deliver<C>(
    object: impl Fn() -> Result<Object, Problem>,
    call: &C,
    bytes: Vec<u8>,
    memory: Share,
    extra: Duration,
) -> Result<C::Reply, Problem>
where
    C: Call<Reply: DeserializeOwned>,
{
    let parcel = Parcel::pack(&to_bytes(call)?, &bytes)?;
    drop(bytes);
    let (first, limit) = (object()?, DEADLINE + extra);
    let reply = {
        let mut asked = pin!(first.ask(C::NAME, &parcel, limit));
        match within(AGAIN_WITHIN, asked.as_mut()).await {
            Some(Err(Unanswered::Lost(problem))) if problem.code == Code::Busy => None,
            Some(reply) => Some(reply),
            None => {
                // It was taken long ago, and is not asked again.
                drop(memory);
                return decode(&asked.await.map_err(Unanswered::into_problem)?);
            }
        }
    };
    let reply = match reply {
        Some(reply) => reply,
        None => object()?.ask(C::NAME, &parcel, limit).await,
    };
    decode(&reply.map_err(Unanswered::into_problem)?)
}

/// An object that did not even take so long was lost; one that took longer is slow, and asking it twice would not help.
const AGAIN_WITHIN: Duration = Duration::from_secs(5);

/// Why there is no reply.
enum Unanswered {
    /// The object refused.
    Refused(Problem),
    /// Nothing came from it.
    Lost(Problem),
}

impl Unanswered {
    fn into_problem(self) -> Problem {
        match self {
            Self::Refused(problem) | Self::Lost(problem) => problem,
        }
    }
}

fn decode<T: DeserializeOwned>(reply: &[u8]) -> Result<T, Problem> {
    serde_json::from_slice(reply).map_err(|_| internal("cannot decode reply of object"))
}

/// A call as it travels (see `call.rs`), in the runtime's memory and not in the module's.
struct Parcel {
    body: Uint8Array,
    /// How many bytes come along.
    bytes: usize,
}

impl Parcel {
    fn pack(json: &[u8], bytes: &[u8]) -> Result<Self, Problem> {
        let unmade = || internal("cannot make call");
        let length = |part: &[u8]| u32::try_from(part.len()).map_err(|_| unmade());
        let prefix = length(json)?.to_le_bytes();
        let total = [PREFIX_BYTES, length(json)?, length(bytes)?].into_iter().sum();
        let body = Uint8Array::new_with_length(total);
        let mut at = 0;
        for part in [&prefix, json, bytes] {
            let end = at + length(part)?;
            body.subarray(at, end).copy_from(part);
            at = end;
        }
        Ok(Self { body, bytes: bytes.len() })
    }

    fn request(&self, name: &str) -> Result<Request, Problem> {
        let unmade = |_| internal("cannot make call");
        let headers = Headers::new();
        headers.set(LENGTH_HEADER, &self.bytes.to_string()).map_err(unmade)?;
        if let Some(id) = current_request() {
            headers.set(REQUEST_ID_HEADER, &id.to_string()).map_err(unmade)?;
        }
        let mut init = RequestInit::new();
        init.with_method(Method::Post).with_headers(headers).with_body(Some(self.body.clone().into()));
        Request::new_with_init(&format!("https://object/{name}"), &init).map_err(unmade)
    }
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
