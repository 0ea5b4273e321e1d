//! The scenarios.

mod sending;
