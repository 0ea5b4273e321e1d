//! A request up to the point where it is known whom it is from.

use std::time::Duration;

use axum::body::{BodyDataStream, Bytes};
use axum::http::{HeaderMap, request::Parts};
use data_encoding::HEXLOWER;
use futures_util::{Stream, StreamExt as _};
use relay_contract::{Order, Problem, ProblemCode, Refused, Request, wire};

use crate::answer::problem;
use crate::clock::now_ms;
use crate::relay::Relay;

/// How long an order may take to come.
const ORDER_DEADLINE: Duration = Duration::from_secs(10);

/// An order that was signed, and the beginning of the message behind it.
#[derive(Debug)]
pub(crate) struct Received {
    pub(crate) order: Order,
    pub(crate) message_sha256: [u8; 32],
    pub(crate) rest: Bytes,
}

/// Reads the order and believes it, or says why not. No connection has been opened anywhere.
pub(crate) async fn receive(
    relay: &Relay,
    parts: &Parts,
    body: &mut BodyDataStream,
) -> Result<Received, Problem> {
    let _unread =
        relay.unread.try_acquire().map_err(|_| problem(ProblemCode::Busy, "too many orders at once"))?;
    let said = Headers::read(&parts.headers)?;
    let read = tokio::time::timeout(ORDER_DEADLINE, read_order(body, said.order_length)).await;
    let (bytes, rest) = read.ok().flatten().ok_or_else(|| malformed("the order did not come to its end"))?;
    let request = Request {
        relay: said.relay,
        method: parts.method.as_str(),
        path: parts.uri.path_and_query().map_or("", |path| path.as_str()),
        time_ms: said.time_ms,
        nonce: said.nonce,
        order: &bytes,
        message_sha256: said.message_sha256,
    };
    let verified = relay.config.keys.iter().try_for_each(|key| {
        // Goes on to the next key for as long as the signature is another key's.
        match request.verify(key, said.signature, now_ms(), relay.started_ms) {
            Err(Refused::Signature) => Ok(()),
            verdict => Err(verdict),
        }
    });
    verified.err().unwrap_or(Err(Refused::Signature)).map_err(disbelieved)?;
    if said.relay != relay.config.id {
        return Err(problem(ProblemCode::Signature, "this order is for another relay"));
    }
    relay.take_nonce(said.nonce, said.time_ms).map_err(disbelieved)?;
    let order = serde_json::from_slice(&bytes).map_err(|error| malformed(&error.to_string()))?;
    Ok(Received { order, message_sha256: said.message_sha256, rest })
}

fn disbelieved(refused: Refused) -> Problem {
    let code = match refused {
        Refused::Signature => ProblemCode::Signature,
        Refused::Time => ProblemCode::Time,
        Refused::BeforeStart => ProblemCode::BeforeStart,
        Refused::Replayed => ProblemCode::Replayed,
    };
    problem(code, &refused.to_string())
}

fn malformed(detail: &str) -> Problem {
    problem(ProblemCode::Order, detail)
}

struct Headers<'h> {
    relay: &'h str,
    time_ms: i64,
    nonce: &'h str,
    order_length: usize,
    message_sha256: [u8; 32],
    signature: &'h str,
}

impl<'h> Headers<'h> {
    fn read(headers: &'h HeaderMap) -> Result<Self, Problem> {
        let text = |name: &str| {
            let value = headers.get(name).and_then(|value| value.to_str().ok());
            value.ok_or_else(|| malformed(&format!("{name} is missing")))
        };
        let number = |name: &str| text(name)?.parse().map_err(|_| malformed(&format!("{name} is no number")));
        let order_length = usize::try_from(number(wire::ORDER_LENGTH)?).unwrap_or(usize::MAX);
        if order_length > wire::ORDER_BYTES_MAX {
            return Err(malformed("the order is too long"));
        }
        let nonce = text(wire::NONCE)?;
        if !(wire::NONCE_CHARS_MIN..=wire::NONCE_CHARS_MAX).contains(&nonce.len()) {
            return Err(malformed("the nonce is not 16 random bytes in base64url"));
        }
        let hash = HEXLOWER.decode(text(wire::MESSAGE_SHA256)?.as_bytes());
        let message_sha256 = hash.ok().and_then(|hash| hash.try_into().ok());
        Ok(Self {
            relay: text(wire::RELAY)?,
            time_ms: number(wire::TIME)?,
            nonce,
            order_length,
            message_sha256: message_sha256
                .ok_or_else(|| malformed("the hash is not 32 bytes in hexadecimal"))?,
            signature: text(wire::SIGNATURE)?,
        })
    }
}

/// The order, and what came with it of the message.
async fn read_order<E>(
    body: &mut (impl Stream<Item = Result<Bytes, E>> + Unpin),
    length: usize,
) -> Option<(Vec<u8>, Bytes)> {
    let mut order = Vec::new();
    loop {
        let mut chunk = body.next().await?.ok()?;
        let missing = length - order.len();
        if chunk.len() >= missing {
            order.extend_from_slice(&chunk.split_to(missing));
            return Some((order, chunk));
        }
        order.extend_from_slice(&chunk);
    }
}
