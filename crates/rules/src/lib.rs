//! The retry and budget rules: records, policies, verdicts, budget, gates and events as pure values.
//!
//! Must not know: async, clocks, randomness, the environment, AWS, HTTP. Time and chance come in as arguments.

pub mod budget;
pub mod catalogue;
pub mod conflict;
pub mod connection;
pub mod control;
pub mod counts;
pub mod events;
pub mod fields;
pub mod forecast;
pub mod gates;
pub mod hexadecimal;
pub mod ids;
pub mod ingest;
pub mod journal;
pub mod lease;
pub mod owed;
pub mod policy;
pub mod record;
pub mod resync;
pub mod retention;
pub mod schedule;
pub mod suspension;
pub mod time;
pub mod tries;
pub mod usage;
pub mod verdict;
pub mod version;
