//! `DynamoDB` behind the engine's ports: one table of records, indexes, control items, journal and settings.
//!
//! Must not know: numbers of a policy, what an error means, Salesforce.

mod backoff;
mod failure;
mod items;
#[cfg(feature = "local")]
pub mod local;
mod ports;
#[cfg(feature = "local")]
mod table;
#[cfg(feature = "local")]
pub mod template;

pub use ports::DynamoStore;
#[cfg(feature = "local")]
pub use table::{TableFailure, create_table};
