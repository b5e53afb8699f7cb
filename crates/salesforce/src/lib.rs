//! The real Salesforce behind the engine's port: OAuth, the Collections upsert, the org's own count of calls, and every
//! answer sorted into the few that the engine knows.
//!
//! Every method that calls Salesforce makes one HTTP request at most: nothing is retried, no redirect is followed, no token
//! is renewed behind the caller's back. The engine can therefore reserve each call before it is made.
//!
//! Must not know: attempts, budgets, tables, where credentials are kept.

mod allow;
mod auth;
mod body;
mod client;
mod exchange;
mod fixed_secrets;
#[cfg(test)]
mod fuzz_tests;
mod jwt;
mod limit_info;
#[cfg(feature = "measured")]
pub mod measured;
mod names;
mod reach;
mod records;
mod secret;
mod session;
mod sort;
mod targets;

pub use client::SalesforceTarget;
pub use fixed_secrets::{FixedSecrets, NoSuchSecret};
pub use reach::names_this_machine;
pub use secret::{Secret, Secrets};
pub use targets::SalesforceTargets;
