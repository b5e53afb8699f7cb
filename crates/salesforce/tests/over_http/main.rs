//! The client against a Salesforce over real HTTP: a simulated one, and servers that answer oddly or not at all.
//!
//! Must not know: how the client is made inside.
#![expect(clippy::unwrap_used, reason = "a helper that cannot set up its test has failed it")]

mod against_a_simulator;
mod isolation;
mod keys;
mod odd_answers;
mod odd_server;
mod secrecy;
mod signing_in;
mod support;
