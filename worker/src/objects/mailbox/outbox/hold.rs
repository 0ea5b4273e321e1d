//! Mail that waits for a person, and goes out by itself afterwards.

use api::{Failure, Problem};

use crate::host::now;
use crate::objects::mailbox::Inner;

impl Inner {
    /// Holds what is due.
    pub(super) fn hold_all(&self, failure: &Failure) -> Result<(), Problem> {
        self.store.hold_due(failure, now())?;
        let waiting: Vec<_> = self.waiting.borrow().keys().copied().collect();
        for id in waiting {
            if !self.sending.borrow().contains_key(&id) {
                self.tell_waiting(id);
            }
        }
        Ok(())
    }

    /// Lets held messages go out again.
    pub(in crate::objects::mailbox) fn release_held(&self) -> Result<(), Problem> {
        self.store.release_held(now())
    }
}
