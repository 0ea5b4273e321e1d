//! Whether the mailbox sends, since when, how long still, and the buttons of the seed: Authenticate, Remove, Status.

mod asked;
mod buttons;
mod confirm;
mod facts;
mod lives;
mod panel;
mod remove;
mod waiting;

pub(crate) use panel::StatusPanel;
pub(crate) use remove::remove;
