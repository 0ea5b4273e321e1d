use std::time::Duration;

use api::TestStep;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use futures_util::StreamExt as _;
use gateway::settings::test_step;
use relay_contract::{Event, Key, Order, Problem, ProblemCode, Request as Signed, Signature, wire};
use sha2::{Digest as _, Sha256};
use smtp::{Outcome, Step};
use worker::js_sys::Uint8Array;
use worker::{AbortController, CacheMode, Headers, Method, Request, RequestInit, RequestRedirect};

use crate::host::{now, random, within};

/// How long a relay may take to say that it is there.
const HEALTH: Duration = Duration::from_secs(10);
/// How long everything may take: a little more than the relay's own limit, less than after what a hand-over counts as lost.
const IN_ALL_MS: i64 = 170_000;
/// How long it may say nothing at all; it sends an empty line every ten seconds.
const SILENCE: Duration = Duration::from_secs(40);
/// How long until a broken connection is tried again.
const PAUSE: Duration = Duration::from_secs(1);
/// Longest answer, in bytes: a thousand recipients with a long refusal each.
const ANSWER_BYTES_MAX: usize = 10 * 1024 * 1024;

/// A relay, and the key that it shares with nobody but whoever named it.
#[derive(Clone, Debug)]
pub(crate) struct Relay {
    /// Without a slash at the end.
    pub(crate) url: String,
    pub(crate) id: String,
    pub(crate) key: Key,
}

/// Why there is no outcome.
#[derive(Debug)]
pub(crate) enum RelayTrouble {
    /// It is not there; it has nothing of the message.
    Unreachable,
    /// It did not take the order; it has nothing of the message.
    Refused(Problem),
    /// It may have taken the order, and can't be asked any more.
    Unknown,
    /// A fault of ours.
    Internal,
}

/// How one request ended.
enum Heard {
    Outcome(Outcome),
    Refused(Problem),
    /// The connection broke, or something on the way answered in its place.
    Nothing,
}

impl Relay {
    /// Lets the relay carry an order out, and brings its outcome: what became of the message, however often the connection
    /// breaks. `docs/relay-contract.md`.
    pub(crate) async fn submit(
        &self,
        order: &Order,
        message: &[u8],
        before: impl Future<Output = bool>,
        mut on_step: impl FnMut(TestStep),
    ) -> Result<Outcome, RelayTrouble> {
        let begun = now();
        // A relay that is away is away before anything was sent, so that the message can safely be tried again later.
        if !self.is_there().await {
            return Err(RelayTrouble::Unreachable);
        }
        on_step(TestStep::Relay);
        if !before.await {
            return Err(RelayTrouble::Internal);
        }
        let order = serde_json::to_vec(order).map_err(|_| RelayTrouble::Internal)?;
        let message_sha256: [u8; 32] = Sha256::digest(message).into();
        let body = Uint8Array::new_with_length(length(order.len() + message.len()));
        body.subarray(0, length(order.len())).copy_from(&order);
        body.subarray(length(order.len()), length(order.len() + message.len())).copy_from(message);
        let (mut is_first, mut told) = (true, 0);
        loop {
            let nonce: [u8; 16] = random().map_err(|_| RelayTrouble::Internal)?;
            let nonce = URL_SAFE_NO_PAD.encode(nonce);
            // A repetition keeps its time: a relay that was started since then refuses it, instead of sending twice.
            let signed = Signed {
                relay: &self.id,
                method: "POST",
                path: wire::PATH,
                time_ms: begun.millis(),
                nonce: &nonce,
                order: &order,
                message_sha256,
            };
            let left = Duration::from_millis((IN_ALL_MS - now().since(begun)).max(0).unsigned_abs());
            let mut skip = told;
            let step = |step| {
                // The answer to a repetition begins with the steps that were told before.
                if skip > 0 {
                    skip -= 1;
                } else {
                    told += 1;
                    on_step(test_step(step));
                }
            };
            let abort = AbortController::default();
            let asked = within(left, self.ask(&signed, order.len(), &body, &abort, step)).await;
            if asked.is_none() {
                abort.abort();
            }
            match asked.unwrap_or(Heard::Nothing) {
                Heard::Outcome(outcome) => return Ok(outcome),
                Heard::Refused(problem) if is_first => return Err(RelayTrouble::Refused(problem)),
                // It may have carried the first one out, and remembers no more.
                Heard::Refused(_) => return Err(RelayTrouble::Unknown),
                Heard::Nothing if now().since(begun) >= IN_ALL_MS => return Err(RelayTrouble::Unknown),
                Heard::Nothing => worker::Delay::from(PAUSE).await,
            }
            is_first = false;
        }
    }

    async fn is_there(&self) -> bool {
        let abort = AbortController::default();
        let asked = async {
            let mut init = RequestInit::new();
            init.with_redirect(RequestRedirect::Manual).with_cache(CacheMode::NoStore);
            let request = Request::new_with_init(&format!("{}/health", self.url), &init).ok()?;
            let signal = abort.signal();
            let mut answer = worker::Fetch::Request(request).send_with_signal(&signal).await.ok()?;
            (answer.status_code() == 200 && answer.bytes().await.is_ok()).then_some(())
        };
        let there = within(HEALTH, asked).await.flatten().is_some();
        if !there {
            abort.abort();
        }
        there
    }

    async fn ask(
        &self,
        signed: &Signed<'_>,
        order_length: usize,
        body: &Uint8Array,
        abort: &AbortController,
        on_step: impl FnMut(Step),
    ) -> Heard {
        let Ok(request) = self.request(signed, order_length, body) else { return Heard::Nothing };
        let signal = abort.signal();
        let Ok(mut answer) = worker::Fetch::Request(request).send_with_signal(&signal).await else {
            return Heard::Nothing;
        };
        let status = answer.status_code();
        if status == 200 {
            return listen(&mut answer, on_step).await;
        }
        let problem =
            answer.bytes().await.ok().and_then(|bytes| serde_json::from_slice::<Problem>(&bytes).ok());
        problem.filter(|problem| problem.code.status() == status).map_or(Heard::Nothing, Heard::Refused)
    }

    fn request(
        &self,
        signed: &Signed<'_>,
        order_length: usize,
        body: &Uint8Array,
    ) -> worker::Result<Request> {
        let headers = Headers::new();
        for (name, value) in [
            (wire::RELAY, signed.relay),
            (wire::TIME, &signed.time_ms.to_string()),
            (wire::NONCE, signed.nonce),
            (wire::ORDER_LENGTH, &order_length.to_string()),
            (wire::MESSAGE_SHA256, &base16ct::lower::encode_string(&signed.message_sha256)),
            (wire::SIGNATURE, Signature::of(&self.key, signed).as_str()),
            ("content-type", "application/octet-stream"),
        ] {
            headers.set(name, value)?;
        }
        let mut init = RequestInit::new();
        init.with_method(Method::Post)
            .with_headers(headers)
            .with_redirect(RequestRedirect::Manual)
            .with_cache(CacheMode::NoStore)
            .with_body(Some(body.clone().into()));
        Request::new_with_init(&format!("{}{}", self.url, wire::PATH), &init)
    }
}

/// Reads line by line until the outcome.
async fn listen(answer: &mut worker::Response, mut on_step: impl FnMut(Step)) -> Heard {
    let Ok(mut stream) = answer.stream() else { return Heard::Nothing };
    let (mut line, mut total) = (Vec::new(), 0_usize);
    while let Some(Some(Ok(chunk))) = within(SILENCE, stream.next()).await {
        total = total.saturating_add(chunk.len());
        if total > ANSWER_BYTES_MAX {
            return Heard::Nothing;
        }
        for byte in chunk {
            if byte != b'\n' {
                line.push(byte);
                continue;
            }
            match serde_json::from_slice(&std::mem::take(&mut line)) {
                Ok(Event::Step(step)) => on_step(step),
                Ok(Event::Outcome(outcome)) => return Heard::Outcome(outcome),
                // An empty line, or a later version's.
                Err(_) => {}
            }
        }
    }
    Heard::Nothing
}

/// JavaScript counts bytes in 32 bits; nothing that large is accepted.
fn length(bytes: usize) -> u32 {
    u32::try_from(bytes).unwrap_or(u32::MAX)
}

impl RelayTrouble {
    /// Whether the same order may be taken later without anybody changing anything.
    pub(crate) fn passes(&self) -> bool {
        match self {
            Self::Unreachable => true,
            Self::Refused(problem) => matches!(problem.code, ProblemCode::Busy | ProblemCode::BeforeStart),
            Self::Unknown | Self::Internal => false,
        }
    }
}
