//! The cloud that the production code runs in: the table's wire, the bus, the Salesforces.
//!
//! Must not know: what the production code should do with it.

mod bus;
mod org;
mod salesforce;
mod weather;
mod wire;

pub(crate) use bus::{Bus, Post};
pub(crate) use org::{Call, CallKind, Due, Org, Orgs, Part, Temper};
pub(crate) use salesforce::Salesforces;
pub(crate) use wire::{TABLE, Table, Wire};
