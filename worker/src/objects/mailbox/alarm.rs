use std::cell::Cell;
use std::time::Duration;

use api::{Problem, Timestamp};
use worker::State;

use crate::host::now;
use crate::objects::sql::storage_failed;

/// When a broken configuration is looked at again.
const BROKEN_CONFIGURATION: Duration = Duration::from_mins(5);

/// The object's one alarm, as the machine planned it.
#[derive(Default)]
pub(super) struct Alarm {
    /// Not yet told to the runtime.
    planned: Cell<Option<Timestamp>>,
}

impl Alarm {
    /// Plans the alarm; a later plan replaces an earlier one.
    pub(super) fn plan(&self, at: Timestamp) {
        self.planned.set(Some(at));
    }

    /// Tells the runtime what is planned. Setting the alarm writes a row, which storage may refuse.
    pub(super) async fn settle(&self, state: &State) -> Result<(), Problem> {
        let Some(at) = self.planned.take() else { return Ok(()) };
        let offset = Duration::from_millis(at.since(now()).max(0).unsigned_abs());
        state.storage().set_alarm(offset).await.map_err(|error| storage_failed(&error))
    }

    /// Sets the alarm without the machine, which can't run.
    pub(super) async fn set_later(&self, state: &State) -> Result<(), Problem> {
        state.storage().set_alarm(BROKEN_CONFIGURATION).await.map_err(|error| storage_failed(&error))
    }
}
