//! The ports: what the engine needs of a store, of Salesforce, of an event bus, of time and of chance, as small traits
//! named for a role.
//!
//! Must not know: who implements them.

mod actions;
mod audit;
mod bus;
mod directory;
mod due;
mod erasures;
mod error;
mod facts;
mod records;
mod reports;
mod requests;
mod store;
mod target;
mod time;

pub use actions::{ActionKeys, Attempt, Claimed, Fingerprint, KeptAnswer, KeyedAction};
pub use audit::{AuditAction, AuditEntry, Audits};
pub use bus::Events;
pub use directory::{CountChange, ErrorTypes, Recounted, Totals, TypeEntry};
pub use due::{AgedKey, DueRecords, KeyPage, Look, PageToken, Queue, SIDE_BY_SIDE, Stretch};
pub use erasures::{Erasing, Erasure, Erasures};
pub use error::{PortError, causes};
pub use facts::{Facts, Standing, Standings};
pub use records::{EachPayload, Keeping, OutcomeWrite, PayloadChange, Put, Read, Records, Written};
pub use reports::{Reports, RunReport, StopReason};
pub use requests::{KeptRequest, Requests};
pub use store::{
    Connections, Controls, DeletionMark, Intake, Journal, Removed, Saved, SlotWritten, Store, UsageReports,
};
pub use target::{
    LoginAnswer, NotProcessed, OrgFigure, ProbeAnswer, Reply, SyncTarget, Targets, Upsert, UpsertAnswer, UpsertRequest,
};
pub use time::{Clock, Entropy};
