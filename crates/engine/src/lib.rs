//! The use cases of the retry engine: taking in reports, running a connection's retries, explaining a record.
//!
//! Must not know: `DynamoDB`, Salesforce's codes, Lambda, the environment. It spawns no task and reads no clock: time, chance
//! and waiting are ports, so that a simulation runs the very same code.

#[cfg(feature = "fakes")]
pub mod conformance;
mod control;
pub mod counts;
pub mod erase;
pub mod explain;
#[cfg(feature = "fakes")]
pub mod fakes;
pub mod fan_out;
pub mod health;
pub mod ingest;
pub mod manage;
#[cfg(feature = "measured")]
pub mod measured;
#[cfg(feature = "fakes")]
pub mod memory;
pub mod overdue;
pub mod overview;
pub mod parts;
pub mod payload;
pub mod plan;
pub mod ports;
pub mod recount;
pub mod resync;
pub mod retention;
pub mod run;
pub mod suspension;
pub mod types;
