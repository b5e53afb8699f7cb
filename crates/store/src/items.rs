//! The kinds of items in the table, and how each is read from and written to attributes. All pure.
//!
//! Must not know: requests, indexes' consistency, retries.

pub(crate) mod action;
pub(crate) mod audit;
pub(crate) mod body;
pub(crate) mod directory;
pub(crate) mod fields;
#[cfg(test)]
mod fuzz_tests;
pub(crate) mod hash;
pub(crate) mod index;
pub(crate) mod journal;
pub(crate) mod key;
pub(crate) mod payload;
pub(crate) mod pointer;
pub(crate) mod record;
pub(crate) mod report;
pub(crate) mod request;
#[cfg(test)]
pub(crate) mod samples;
pub(crate) mod settings;
pub(crate) mod state;
pub(crate) mod totals;
pub(crate) mod version;

pub(crate) use fields::{Fields, Item};
