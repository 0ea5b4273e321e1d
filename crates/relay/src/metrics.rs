use std::fmt::Write as _;
use std::time::Duration;

use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use prometheus_client::registry::{Registry, Unit};
use relay_contract::ProblemCode;
use smtp::Outcome;

use crate::conversation::ending;

type Labels = [(&'static str, String); 1];

/// Figures for whoever watches the relay.
#[derive(Debug)]
pub(crate) struct Metrics {
    registry: Registry,
    ended: Family<Labels, Counter>,
    refused: Family<Labels, Counter>,
    duration: Histogram,
}

impl Default for Metrics {
    fn default() -> Self {
        let mut registry = Registry::with_prefix("relay");
        let (ended, refused) = (Family::<Labels, Counter>::default(), Family::<Labels, Counter>::default());
        let duration = Histogram::new(exponential_buckets(0.05, 2.0, 12));
        registry.register("conversations", "Conversations by how they ended", ended.clone());
        registry.register("orders_not_taken", "Orders that were not taken, by reason", refused.clone());
        registry.register_with_unit(
            "conversation",
            "How long a conversation took",
            Unit::Seconds,
            duration.clone(),
        );
        Self { registry, ended, refused, duration }
    }
}

impl Metrics {
    pub(crate) fn ended(&self, outcome: &Outcome, took: Duration) {
        self.ended.get_or_create(&[("ending", ending(outcome).to_owned())]).inc();
        self.duration.observe(took.as_secs_f64());
    }

    pub(crate) fn refused(&self, code: ProblemCode) {
        let word = serde_json::to_string(&code).unwrap_or_default();
        self.refused.get_or_create(&[("code", word.trim_matches('"').to_owned())]).inc();
    }

    /// In the text format that Prometheus reads.
    pub(crate) fn text(&self, under_way: usize) -> String {
        let mut text = String::new();
        let _ = writeln!(
            text,
            "# HELP relay_under_way Conversations that are being held.\n# TYPE relay_under_way gauge\nrelay_under_way {under_way}"
        );
        let _ = encode(&mut text, &self.registry);
        text
    }
}
