//! The one test target of the whole system; every test hangs below it.
//!
//! Must not know: what is inside the parts.

mod functions;
mod rooms;
