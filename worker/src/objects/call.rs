//! What an object can be asked, and the object's side of it.
//!
//! A call is a `POST /{name}` whose body is the length of its JSON (four bytes, little-endian), the JSON, and what bytes
//! come along. Nothing of it stands in a header, since Cloudflare logs headers, but how many bytes come along (`x-bytes`) and
//! which request the call is made for (`x-request-id`).
//!
//! During a deployment a Worker and its objects may be of different versions. So a call ignores fields that it does not
//! know, and a field that a later version adds to a call or a reply is `#[serde(default)]`.

use api::{Code, Problem, RequestId};
use futures_util::future::LocalBoxFuture;
use gateway::memory::{Share, to_store};
use serde::Serialize;
use serde::de::DeserializeOwned;
use worker::js_sys::Uint8Array;
use worker::wasm_bindgen_futures::JsFuture;
use worker::{Request, Response};

use crate::host::{Line, in_request, log, memory, now};

/// One thing that an object can be asked. The caller and the object share the type, so neither can misspell it.
pub(crate) trait Call: Serialize + DeserializeOwned {
    /// The answer unless the object refuses.
    type Reply: Reply;
    /// Its path within the object.
    const NAME: &'static str;
}

/// An answer that an object can give.
pub(crate) trait Reply {
    /// Makes it ready to go out.
    fn encode(self) -> Result<Encoded, Problem>;
}

impl<T: Serialize> Reply for T {
    fn encode(self) -> Result<Encoded, Problem> {
        to_bytes(&self).map(Encoded::Json)
    }
}

/// An answer of bytes, maybe bit by bit: the response itself.
pub(crate) struct Streamed(pub(crate) Response);

impl Reply for Streamed {
    fn encode(self) -> Result<Encoded, Problem> {
        Ok(Encoded::Stream(self.0))
    }
}

/// An answer that is ready to go out.
pub(crate) enum Encoded {
    Json(Vec<u8>),
    Stream(Response),
}

/// Declares calls: the struct with its fields, its reply and its name.
///
/// ```text
/// calls! {
///     /// Cancels a message.
///     Cancel { id: MessageId, } -> MessageView, "cancel";
/// }
/// ```
macro_rules! calls {
    ($($(#[$doc:meta])* $name:ident { $($(#[$field_attribute:meta])* $field:ident: $type:ty,)* } -> $reply:ty, $path:literal;)+) => {$(
        $(#[$doc])*
        #[derive(serde::Serialize, serde::Deserialize)]
        pub(crate) struct $name { $($(#[$field_attribute])* pub(crate) $field: $type,)* }

        impl $crate::objects::call::Call for $name {
            type Reply = $reply;
            const NAME: &'static str = $path;
        }
    )+};
}
pub(super) use calls;

/// The body of an object's `fetch`: finds the call, runs its handler, answers. A handler is an expression of
/// `Result<Reply, Problem>`, which may `.await`; a second name in the parentheses is the bytes that came along.
///
/// ```text
/// dispatch! { request =>
///     Cancel(call) => self.cancel(call.id),
///     Accept(call, bytes) => self.accept(call, bytes).await,
/// }
/// ```
macro_rules! dispatch {
    ($request:ident => $($call:ident($pattern:pat $(, $bytes:ident)?) => $handler:expr,)+) => {{
        use $crate::objects::call::{Call, Incoming, Reply, no_such_call, respond};
        let (name, id) = $crate::objects::call::head(&$request);
        let name = name.as_str();
        respond(name, id, Box::pin(async move {
            let incoming = Incoming::read($request).await?;
            match name {
                $(<$call as Call>::NAME => {
                    let $pattern: $call = incoming.parse()?;
                    $(let $bytes = incoming.into_carried();)?
                    let reply: Result<<$call as Call>::Reply, api::Problem> = $handler;
                    reply?.encode()
                })+
                _ => Err(no_such_call()),
            }
        })).await
    }};
}
pub(super) use dispatch;

/// The bytes that came along with a call, and what they hold of the isolate's memory.
pub(super) struct Carried {
    pub(super) bytes: Vec<u8>,
    pub(super) memory: Share,
}

/// A call as it arrives.
pub(super) struct Incoming {
    json: Vec<u8>,
    carried: Carried,
}

/// The length of the JSON, before it.
pub(super) const PREFIX_BYTES: u32 = 4;

impl Incoming {
    /// Reads a call, once there is memory for what comes along. Until then it stays with the runtime.
    pub(super) async fn read(request: Request) -> Result<Self, Problem> {
        let unreadable = || internal("cannot read call");
        let said = request.headers().get(LENGTH_HEADER).ok().flatten();
        let said = said.and_then(|length| length.parse().ok());
        // An earlier version's call does not say it.
        let memory = memory::store(to_store(said.unwrap_or_default())).await?;
        let body = request.inner().array_buffer().map_err(|_| unreadable())?;
        let body = Uint8Array::new(&JsFuture::from(body).await.map_err(|_| unreadable())?);
        let short = || internal("call is cut short");
        let length = u32::from_le_bytes(part(&body, 0, 4)?.try_into().map_err(|_| short())?);
        let end = length.checked_add(PREFIX_BYTES).ok_or_else(short)?;
        let json = part(&body, PREFIX_BYTES, end)?;
        let bytes = part(&body, end, body.length())?;
        if said.is_none() && !memory.resize(to_store(bytes.len().try_into().unwrap_or(u64::MAX)), now()) {
            return Err(memory::full());
        }
        Ok(Self { json, carried: Carried { bytes, memory } })
    }

    pub(super) fn parse<C: Call>(&self) -> Result<C, Problem> {
        serde_json::from_slice(&self.json).map_err(|_| internal("cannot decode call"))
    }

    pub(super) fn into_carried(self) -> Carried {
        self.carried
    }
}

/// A part of the runtime's buffer, copied into the module once.
fn part(body: &Uint8Array, begin: u32, end: u32) -> Result<Vec<u8>, Problem> {
    if begin > end || end > body.length() {
        return Err(internal("call is cut short"));
    }
    let length = usize::try_from(end - begin).map_err(|_| internal("call is too long"))?;
    let mut bytes = memory::buffer(length)?;
    bytes.resize(length, 0);
    body.subarray(begin, end).copy_to(&mut bytes);
    Ok(bytes)
}

/// The header that says how many bytes come along, so that memory is asked for before they are read.
pub(super) const LENGTH_HEADER: &str = "x-bytes";

/// The header that names the request which a call is made for.
pub(super) const REQUEST_ID_HEADER: &str = "x-request-id";

/// What a call says before its body: its name, and the request that it is made for.
pub(super) fn head(request: &Request) -> (String, Option<RequestId>) {
    let id = request.headers().get(REQUEST_ID_HEADER).ok().flatten();
    (request.path().trim_start_matches('/').to_owned(), id.and_then(|id| id.parse().ok()))
}

/// Runs a handler as a part of its request, and writes its answer or the problem. A fault's cause is logged here: it does
/// not cross the border of the object.
pub(super) async fn respond(
    name: &str,
    id: Option<RequestId>,
    handler: LocalBoxFuture<'_, Result<Encoded, Problem>>,
) -> worker::Result<Response> {
    let problem = match in_request(id, handler).await {
        Ok(Encoded::Json(bytes)) => return Response::from_bytes(bytes),
        Ok(Encoded::Stream(response)) => return Ok(response),
        Err(problem) => problem,
    };
    if let Some(detail) = problem.log_detail() {
        let request_id = id.map(|id| id.to_string()).unwrap_or_default();
        let (outcome, status) = (problem.code.as_str(), problem.status);
        log(&Line {
            event: "call",
            outcome,
            request_id: &request_id,
            object: name,
            status,
            detail,
            ..Line::default()
        });
    }
    refuse(&problem)
}

fn refuse(problem: &Problem) -> worker::Result<Response> {
    let body = to_bytes(problem).unwrap_or_default();
    Ok(Response::from_bytes(body)?.with_status(problem.status))
}

/// The answer of a handler that makes a whole response.
pub(super) fn streamed(response: worker::Result<Response>) -> Result<Streamed, Problem> {
    response.map(Streamed).map_err(|_| internal("cannot make response"))
}

/// Writes a reply by hand, for handlers that make a whole response.
pub(super) fn reply<T: Serialize>(outcome: Result<T, Problem>) -> worker::Result<Response> {
    match outcome {
        Ok(value) => Response::from_bytes(serde_json::to_vec(&value)?),
        Err(problem) => refuse(&problem),
    }
}

pub(super) fn to_bytes<T: Serialize>(value: &T) -> Result<Vec<u8>, Problem> {
    serde_json::to_vec(value).map_err(|_| internal("cannot encode call or reply"))
}

pub(super) fn no_such_call() -> Problem {
    internal("no such call")
}

pub(super) fn internal(detail: &str) -> Problem {
    Problem::new(Code::Internal, detail)
}
