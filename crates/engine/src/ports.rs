//! The ports: what the engine needs of a store, of Salesforce, of an event bus, of time and of chance, as small traits
//! named for a role.
//!
//! Must not know: who implements them.

mod bus;
mod error;
mod store;
mod target;
mod time;

pub use bus::Events;
pub use error::PortError;
pub use store::{
    Connections, Controls, DueRecords, ErrorTypes, Journal, KeyPage, OutcomeWrite, PageToken, PayloadChange, Put,
    Queue, Read, Records, Reports, RunReport, Saved, SlotWritten, StopReason, Store, UsageReports, Written,
};
pub use target::{
    LoginAnswer, NotProcessed, OrgFigure, ProbeAnswer, Reply, SyncTarget, Targets, Upsert, UpsertAnswer, UpsertRequest,
};
pub use time::{Clock, Entropy};
