//! How many messages are accepted in a second.

use api::MessageView;
use futures_util::future::join_all;
use tokio::time::Instant;

use super::drain::numbered;
use crate::company::Company;

/// Callers that post at the same time, each one message after another.
const CALLERS: usize = 16;

/// Posts so many small messages to these companies in turn; accepted messages a second.
pub async fn accepted_per_second(companies: &[Company<'_>], count: usize) -> f64 {
    let share = count / companies.len();
    let posts: Vec<_> =
        companies.iter().map(|company| (company, numbered(company, "Tempo", share))).collect();
    let begun = Instant::now();
    let callers = (0..CALLERS).map(|caller| {
        let posts = &posts;
        async move {
            for n in 0..share {
                for (which, (company, messages)) in posts.iter().enumerate() {
                    if (n * posts.len() + which) % CALLERS == caller {
                        company.post(&messages[n], None).await.expect(202).json::<MessageView>();
                    }
                }
            }
        }
    });
    join_all(callers).await;
    #[expect(clippy::cast_precision_loss, reason = "a few thousand")]
    let accepted = (share * companies.len()) as f64;
    accepted / begun.elapsed().as_secs_f64()
}
