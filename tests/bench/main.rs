//! How long an ERP waits: posting through Postbode beside posting to Graph itself, in one run on one machine.
//!
//! Both talk to the same sandbox, which takes its usual 30 ms for a mail. What Postbode adds is what it does besides: two
//! objects asked, the message sealed and stored durably, the attempt recorded.
//!
//! `cargo xtask bench` runs it. Figures are milliseconds as the client sees them, one request after another.

#![expect(clippy::print_stdout, reason = "a table is what it is for")]

use std::future::Future;

use api::{MessageView, SendMessage};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use end_to_end::company::Company;
use end_to_end::http::{Answer, client};
use end_to_end::message::{attachment, letter, pdf};
use end_to_end::soak::pace;
use end_to_end::{Options, Stack, scenario};
use futures_util::future::join_all;
use serde_json::{Value, json};
use tokio::time::Instant;

/// Counted requests of each row, after a tenth as many to warm up.
const ROUNDS: usize = 100;
/// Mails of the burst.
const BURST: usize = 200;
/// Messages of the last table.
const POSTED: usize = 1000;
/// The invoice of the second table.
const INVOICE_BYTES: usize = 100_000;

fn main() {
    scenario(async {
        let stack = Stack::start(Options::default()).await;
        let company = Company::signed_in(&stack, "bench").await;
        for (title, file) in [("a letter", None), ("an invoice, a PDF of 100 kB", Some(pdf(INVOICE_BYTES)))] {
            println!("\n{title:44} {:>9} {:>9} {:>9}   (ms, n = {ROUNDS})", "median", "p95", "max");
            let mut message = letter(&company.account.upn, "Factuur");
            message.attachments.extend(file.as_deref().map(|bytes| attachment("factuur.pdf", bytes)));
            let graph = graph_message(&message, file.as_deref());
            let token = stack.sandbox.issued().await.access_tokens.pop().unwrap_or_default();
            let url = format!("{}/v1.0/me/sendMail", stack.sandbox.origin);
            let http = client();
            row("Graph itself, 202", async || {
                Answer::to(http.post(&url).bearer_auth(&token).json(&graph)).await.expect(202);
            })
            .await;
            row("Postbode, stored durably, 202", async || {
                company.post(&message, None).await.expect(202);
            })
            .await;
            settle(&company).await;
            row("Postbode, waited for the hand-over, 200", async || {
                company.hand_over(&message).await;
            })
            .await;
        }
        burst(&company).await;
        println!("\n{}", pace::table(&stack, POSTED).await);
    });
}

async fn row<F: Future<Output = ()>>(name: &str, request: impl Fn() -> F) {
    let mut times = Vec::with_capacity(ROUNDS);
    for round in 0..ROUNDS + ROUNDS / 10 {
        let start = Instant::now();
        request().await;
        if round >= ROUNDS / 10 {
            times.push(start.elapsed().as_secs_f64() * 1000.0);
        }
    }
    times.sort_by(f64::total_cmp);
    let at =
        |part: usize| times.get((times.len() * part / 100).min(times.len() - 1)).copied().unwrap_or_default();
    println!("{name:44} {:9.1} {:9.1} {:9.1}", at(50), at(95), at(100));
}

/// Mails at once: how fast they are accepted, and how fast the mailbox hands them over, four at a time as Graph allows.
async fn burst(company: &Company<'_>) {
    let message = letter(&company.account.upn, "Factuur");
    let start = Instant::now();
    let posted = join_all(
        (0..BURST).map(async |_| company.post(&message, None).await.expect(202).json::<MessageView>()),
    );
    let posted = posted.await;
    let accepted = start.elapsed().as_secs_f64();
    settle(company).await;
    let handed_over = start.elapsed().as_secs_f64();
    let count = posted.len();
    println!("\n{count} letters at once                           per second");
    #[expect(clippy::cast_precision_loss, reason = "a few hundred")]
    for (what, seconds) in [("accepted", accepted), ("handed over", handed_over)] {
        println!("{what:44} {:9.1}", count as f64 / seconds);
    }
}

/// Waits until the mailbox has nothing left to hand over.
async fn settle(company: &Company<'_>) {
    let person = company.person().await;
    end_to_end::until("the outbox is empty", async || (person.view().await.waiting == 0).then_some(())).await;
}

/// The same mail, as one would post it to Graph.
fn graph_message(message: &SendMessage, file: Option<&[u8]>) -> Value {
    let attachments: Vec<_> = file
        .map(|bytes| {
            json!({ "@odata.type": "#microsoft.graph.fileAttachment", "name": "factuur.pdf",
                    "contentType": "application/pdf", "contentBytes": STANDARD.encode(bytes) })
        })
        .into_iter()
        .collect();
    json!({ "message": {
        "subject": message.subject,
        "body": { "contentType": "text", "content": message.text },
        "toRecipients": [{ "emailAddress": { "address": "klant@example.com" } }],
        "attachments": attachments,
    } })
}
