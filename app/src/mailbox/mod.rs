//! The page that matters: one mailbox, its settings, its status and its sign-in.

mod add;
pub(crate) mod desk;
mod loader;
pub(crate) mod notice;
mod picker;
pub(crate) mod requests;
pub(crate) mod server_test;

pub(crate) use desk::Desk;
pub(crate) use loader::MailboxPage;
