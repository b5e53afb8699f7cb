//! The functions' real binaries, each given the real events of its triggers, between fakes of the cloud's services and a
//! simulated Salesforce.
//!
//! Must not know: what is inside a binary.

mod api;
mod asking;
mod built;
pub(crate) mod bus;
mod clock;
pub(crate) mod environment;
mod ingest;
pub(crate) mod json_service;
mod metrics;
pub(crate) mod process;
mod producers;
pub(crate) mod reports;
mod retry_due;
mod retry_recent;
mod retry_requested;
mod retry_timed_out;
pub(crate) mod runtime_api;
mod secrecy;
pub(crate) mod secrets;
mod start;
pub(crate) mod url;
mod wiretap;
pub(crate) mod world;
