//! A small world to run connections in: the store in memory, scripted Salesforces, a bus that starts runs, a clock that
//! jumps.
//!
//! Must not know: what the engine ought to do with it; `invariants` does.

pub(crate) mod brittle;
pub(crate) mod invariants;
pub(crate) mod persons;
mod scheduler;
pub(crate) mod watched;
mod world;

pub(crate) use world::{World, at, id, interval, key, minutes, recent};
