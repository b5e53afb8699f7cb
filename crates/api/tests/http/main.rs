//! The router as its callers see it, over the store in memory and a scripted Salesforce.
//!
//! Must not know: handlers.

mod bad_input;
mod connections;
mod erasures;
mod export;
mod guard;
mod health;
mod imports;
mod once;
mod openapi;
mod pages;
mod plans;
mod problems;
mod records;
mod resyncs;
mod roles;
mod support;
mod trial;
mod usage;
