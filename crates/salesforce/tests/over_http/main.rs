//! The client against a Salesforce over real HTTP: a simulated one, and servers that answer oddly or not at all.
//!
//! Must not know: how the client is made inside.

mod against_a_simulator;
mod isolation;
mod keys;
mod odd_answers;
mod odd_server;
mod secrecy;
mod signing_in;
mod support;
