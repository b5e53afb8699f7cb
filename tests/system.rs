//! The one test target of the whole system; every test hangs below it.
//!
//! Must not know: what is inside the parts.
#![expect(clippy::unwrap_used, reason = "a helper that cannot set up its test has failed it")]

mod costs;
mod deploy;
mod functions;
mod kill;
mod likes;
mod named;
mod rooms;
mod soak;
