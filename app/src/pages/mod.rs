//! The pages around the one that matters.

pub(crate) mod callback;
pub(crate) mod failed;
pub(crate) mod missing;
pub(crate) mod no_session;
pub(crate) mod open;
pub(crate) mod session;
