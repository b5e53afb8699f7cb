//! The protocol of a run as a finite model: runs, ingest, a person, Salesforce, and the faults between them, small enough that
//! every interleaving is tried. Decisions are those of `rules`; only the order of the steps is told anew.
//!
//! Must not know: the engine, stores, AWS, HTTP, async. It sees no clock: time is one of a few instants.

pub mod action;
pub mod bounds;
pub mod broken;
pub mod explore;
pub mod faults;
pub mod history;
pub mod interesting;
pub mod invariants;
pub mod journal;
pub mod kept;
pub mod org;
pub mod partition;
pub mod protocol;
pub mod run;
pub mod scene;
pub mod source;
pub mod world;
