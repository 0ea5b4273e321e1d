//! What the browser offers, each in the few words that the pages need. No rules here.

pub(crate) mod announce;
pub(crate) mod http;
pub(crate) mod intl;
pub(crate) mod language;
pub(crate) mod mode;
pub(crate) mod page;
pub(crate) mod storage;
