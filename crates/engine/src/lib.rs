//! The use cases of the retry engine: taking in reports, running a connection's retries, explaining a record.
//!
//! Must not know: `DynamoDB`, Salesforce's codes, Lambda, the environment. It spawns no task and reads no clock: time, chance
//! and waiting are ports, so that a simulation runs the very same code.

pub mod ingest;
pub mod parts;
pub mod payload;
pub mod ports;
pub mod types;
