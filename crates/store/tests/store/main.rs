//! The store against `DynamoDB` on this machine, through the real SDK over HTTP.
//!
//! Must not know: how the store is built inside.

mod faults;
mod listings;
mod local;
mod outcomes;
mod puts;
mod revisions;
mod settings;
mod support;
