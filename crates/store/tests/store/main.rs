//! The store against `DynamoDB` on this machine, through the real SDK over HTTP.
//!
//! Must not know: how the store is built inside.

#![expect(clippy::unwrap_used, reason = "a helper of a test may panic like the test itself")]

mod actions;
mod embedded;
mod erasing;
mod faults;
mod listings;
mod local;
mod outcomes;
mod partial;
mod puts;
mod requests;
mod revisions;
mod settings;
mod support;
