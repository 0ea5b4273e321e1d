//! Four requests at a time per app and mailbox, and not one more (section 0.1 fact 14, section 4.10).

use std::sync::Arc;

use crate::{
    graph::errors::{self, GraphError},
    state::Sandbox,
};

/// Section 5.
const CONCURRENT_MAX: usize = 4;

/// One request being worked on; leaving its scope, by whatever way, ends it.
#[derive(Debug)]
pub(crate) struct InFlight {
    sandbox: Arc<Sandbox>,
    oid: String,
}

impl InFlight {
    pub(crate) fn begin(sandbox: &Arc<Sandbox>, oid: &str) -> Result<Self, GraphError> {
        let mut store = sandbox.store();
        let count = store.in_flight.entry(oid.to_owned()).or_default();
        if *count >= CONCURRENT_MAX {
            return Err(errors::throttled());
        }
        *count += 1;
        Ok(Self { sandbox: Arc::clone(sandbox), oid: oid.to_owned() })
    }
}

impl Drop for InFlight {
    fn drop(&mut self) {
        if let Some(count) = self.sandbox.store().in_flight.get_mut(&self.oid) {
            *count = count.saturating_sub(1);
        }
    }
}
