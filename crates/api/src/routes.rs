//! All routes, each group in a file of its own, and what they share: names in an address.
//!
//! Must not know: who is let in.

pub(crate) mod asking;
mod audit;
mod connections;
mod deletions;
mod erasures;
mod errors;
mod explain;
mod export;
mod health;
mod imports;
mod manage;
mod plans;
mod records;
mod resyncs;
mod runs;
mod suspension;
mod system;
mod usage;

use std::sync::Arc;

use axum::Router;
use engine::parts::Ports;
use engine::ports::Connections;
use rules::connection::Connection;
use rules::ids::{ConnectionId, ObjectName, RecordId, RecordKey};

use crate::problem::{Problem, Refusal};

pub(crate) use records::filter;
pub(crate) use resyncs::{request_id, unknown_request};

pub(crate) fn all<P: Ports + 'static>() -> Router<Arc<P>> {
    Router::new()
        .merge(system::routes())
        .merge(connections::routes())
        .merge(manage::routes())
        .merge(errors::routes())
        .merge(records::routes())
        .merge(explain::routes())
        .merge(plans::routes())
        .merge(resyncs::routes())
        .merge(deletions::routes())
        .merge(suspension::routes())
        .merge(usage::routes())
        .merge(health::routes())
        .merge(runs::routes())
        .merge(export::routes())
        .merge(erasures::routes())
        .merge(imports::routes())
        .merge(audit::routes())
}

/// A connection's name from an address. No connection has a name that is none.
pub(crate) fn connection_id(text: &str) -> Result<ConnectionId, Problem> {
    ConnectionId::new(text).map_err(|wrong| Problem::of(Refusal::UnknownConnection, format!("the name {wrong}")))
}

pub(crate) fn unknown_connection(id: &ConnectionId) -> Problem {
    Problem::of(Refusal::UnknownConnection, format!("{id} is not known; create it first, or correct its name"))
}

/// The settings of the connection that an address names.
pub(crate) async fn settings<P: Ports>(ports: &P, name: &str) -> Result<Connection, Problem> {
    let id = connection_id(name)?;
    ports.store().connection(&id).await?.ok_or_else(|| unknown_connection(&id))
}

/// A record's key from an address.
pub(crate) fn record_key(connection: &str, object: &str, id: &str) -> Result<RecordKey, Problem> {
    let connection = connection_id(connection)?;
    let unknown = |what, wrong| Problem::of(Refusal::UnknownRecord, format!("the {what} {wrong}"));
    let object = ObjectName::new(object).map_err(|wrong| unknown("object", wrong))?;
    let id = RecordId::new(id).map_err(|wrong| unknown("external id", wrong))?;
    Ok(RecordKey { connection, object, id })
}
