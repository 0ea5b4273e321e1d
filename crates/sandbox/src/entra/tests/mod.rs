//! Entra's rules, each by a request a client could make.

mod accounts;
mod apps;
mod assertion;
mod authorize;
mod code;
mod consent;
mod refresh;
mod sign_in;
mod token;
