//! From what the API says to what a person reads, in the page's language. Matches are exhaustive, so that a new state or
//! problem in `api` is a compile error here until it has words.

pub(crate) mod attention;
pub(crate) mod field;
pub(crate) mod held;
pub(crate) mod kind;
pub(crate) mod letter;
pub(crate) mod life;
pub(crate) mod permission;
pub(crate) mod problem;
pub(crate) mod reason;
pub(crate) mod size;
pub(crate) mod state;
pub(crate) mod test;
