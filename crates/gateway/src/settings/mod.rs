//! The settings of a mailbox: what is valid, what can be reached from where, and the steps of a connection check.

mod connection_check;
mod reachability;
mod registration;
mod transport;
mod validate;

pub use connection_check::{failed_step, planned_steps, test_step};
pub use reachability::{Reach, out_of_reach};
pub use registration::{warn_days_left, warns_today};
pub use transport::{RelayAddress, Server, Transport};
pub use validate::check_settings;
