//! What a message costs: rows written, which Cloudflare counts for its bill and for the free plan's day.

use api::{MessageId, MessageState, MessageView};
use end_to_end::company::Company;
use end_to_end::soak::numbered;
use end_to_end::{Stack, scenario, until};
use serde::Deserialize;

/// Messages sent one after another.
const MESSAGES: usize = 30;
/// Rows that one of them may take.
const ROWS_MAX: u64 = 12;

#[derive(Deserialize)]
struct Line {
    event: String,
    object: MessageId,
    rows: u64,
}

#[test]
fn a_small_message_writes_few_rows() {
    scenario(async {
        let company = Company::signed_in(Stack::shared().await, "rijen").await;
        let mut ids = Vec::new();
        // The first one also counts what the sign-in wrote.
        for message in numbered(&company, "Rij", MESSAGES + 1) {
            let view: MessageView = company.post(&message, Some(20)).await.expect(200).json();
            assert_eq!(view.state, MessageState::HandedOver);
            ids.push(view.id);
        }
        ids.remove(0);
        let rows = until("the log tells of all of them", async || {
            let rows = rows_of(&company, &ids);
            (rows.len() == MESSAGES).then_some(rows)
        })
        .await;
        let each = rows.iter().sum::<u64>().div_ceil(MESSAGES as u64);
        eprintln!("{each} rows written for each of {MESSAGES} small messages, one by one {rows:?}");
        assert!(each <= ROWS_MAX, "{rows:?}");
    });
}

/// Rows written for each of these, as far as the log tells.
fn rows_of(company: &Company<'_>, ids: &[MessageId]) -> Vec<u64> {
    let log = std::fs::read_to_string(company.stack.log()).unwrap();
    let lines = log.lines().filter_map(|line| line.find("{\"event\"").and_then(|at| line.get(at..)));
    let read = lines.filter_map(|line| serde_json::from_str::<Line>(line).ok());
    read.filter(|line| line.event == "hand_over" && ids.contains(&line.object))
        .map(|line| line.rows)
        .collect()
}
