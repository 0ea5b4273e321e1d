//! Pieces that several pages use.

pub(crate) mod breaks;
pub(crate) mod copy;
pub(crate) mod details;
pub(crate) mod field;
pub(crate) mod footer;
pub(crate) mod header;
pub(crate) mod icon;
pub(crate) mod life_bar;
pub(crate) mod modal;
pub(crate) mod offline;
pub(crate) mod skeleton;
pub(crate) mod title;
