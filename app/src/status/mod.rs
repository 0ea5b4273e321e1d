//! Whether the mailbox sends, since when, how long still, and the buttons of the seed: Authenticate, Remove, Status.

mod administrator;
mod approval;
mod asked;
mod attention;
mod buttons;
mod confirm;
mod facts;
mod held;
mod letter_box;
mod lives;
mod panel;
mod remove;
mod server_test;
mod waiting;
mod warnings;
mod why;

pub(crate) use administrator::CommandLine;
pub(crate) use panel::StatusPanel;
pub(crate) use remove::remove;
