//! What each trigger's event asks for: parse it, call the engine, shape the reply. Generic over the ports, so that a local
//! system calls the very same.
//!
//! Must not know: which ports they are, any rule.

mod error;
mod ingest;
mod lanes;
mod report;
mod retry;
mod trigger;

pub use error::HandlerError;
pub use ingest::{TakenIn, ingest, take_in};
pub use report::{Blocked, RetryReport};
pub use retry::{retry, retry_requested, retry_until};
pub use trigger::{Trigger, scheduled_event};

#[cfg(test)]
mod fuzz_tests;
#[cfg(test)]
mod tests;
