//! The functions' real binaries, each given the real events of its triggers, between fakes of the cloud's services and a
//! simulated Salesforce.
//!
//! Must not know: what is inside a binary.

mod bus;
mod clock;
mod ingest;
mod json_service;
mod process;
mod reports;
mod retry_due;
mod retry_recent;
mod retry_timed_out;
mod runtime_api;
mod secrets;
mod start;
mod world;
