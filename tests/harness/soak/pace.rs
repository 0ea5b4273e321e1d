//! How many messages are accepted in a second.

use std::time::Duration;

use api::MessageView;
use futures_util::future::join_all;
use tokio::time::Instant;

use super::drain::{drained, numbered};
use crate::company::Company;
use crate::stack::Stack;

/// Callers that post at the same time, each one message after another.
const CALLERS: usize = 16;

/// How many messages a second are accepted for one mailbox, and for several in turn.
pub async fn table(stack: &Stack, count: usize) -> String {
    let mut lines = vec![format!("{:44} {:>9}", format!("{count} letters by {CALLERS} callers"), "a second")];
    let mut companies = Vec::new();
    for mailboxes in [1, 4] {
        while companies.len() < mailboxes {
            companies.push(Company::signed_in(stack, "tempo").await);
        }
        let what = format!("accepted, mailboxes: {mailboxes}");
        lines.push(format!("{what:44} {:9.1}", accepted_per_second(&companies, count).await));
        for company in &companies {
            drained(company, 0, Duration::from_mins(5)).await;
        }
    }
    lines.join("\n")
}

/// Posts so many small messages to these companies in turn; accepted messages a second.
async fn accepted_per_second(companies: &[Company<'_>], count: usize) -> f64 {
    let share = count / companies.len();
    let of = |company| numbered(company, &format!("Tempo {}", companies.len()), share);
    let all: Vec<_> = companies.iter().map(of).collect();
    let posts: Vec<_> = (0..share)
        .flat_map(|n| {
            companies.iter().zip(&all).filter_map(move |(company, all)| Some((company, all.get(n)?)))
        })
        .collect();
    let begun = Instant::now();
    let callers = (0..CALLERS).map(|caller| {
        let mine = posts.iter().skip(caller).step_by(CALLERS);
        async move {
            for (company, message) in mine {
                company.post(message, None).await.expect(202).json::<MessageView>();
            }
        }
    });
    join_all(callers).await;
    #[expect(clippy::cast_precision_loss, reason = "a few thousand")]
    let accepted = (share * companies.len()) as f64;
    accepted / begun.elapsed().as_secs_f64()
}
