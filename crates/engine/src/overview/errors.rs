//! What a connection's records fail with: the error types, each with its count and its advice.
//!
//! Must not know: single records.

use std::collections::BTreeMap;

use rules::catalogue::{Catalogue, Class, ErrorType, Group};
use rules::connection::Connection;
use rules::fields::Mistakes;
use rules::ids::{ConnectionId, ObjectName};
use rules::time::Timestamp;
use serde::Serialize;
use tracing::warn;

use crate::parts::Ports;
use crate::ports::{Connections, ErrorTypes, PortError, Totals, TypeEntry};

/// One error type, as it stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ErrorCount {
    /// The type.
    #[serde(rename = "type")]
    pub error_type: ErrorType,
    /// The failing records.
    pub records: u64,
    /// The same by object.
    pub objects: BTreeMap<ObjectName, u64>,
    /// The earliest first failure among them.
    pub oldest: Option<Timestamp>,
    /// What kind of cause it has.
    pub class: Class,
    /// The card on which an operator looks for it.
    pub group: Group,
    /// What an administrator can do about it.
    pub advice: String,
    /// Whether no schedule tries it.
    pub excluded: bool,
}

/// The error types of a connection that have failing records, the most frequent first; nothing when there is no such
/// connection. The counts are the directory's: approximate, and counted anew every night.
///
/// # Errors
/// When the store fails.
pub async fn errors<P: Ports>(ports: &P, id: &ConnectionId) -> Result<Option<Vec<ErrorCount>>, PortError> {
    match ports.store().connection(id).await? {
        Some(connection) => errors_of(ports, &connection).await.map(Some),
        None => Ok(None),
    }
}

/// The same of a connection whose settings are known, with one request.
///
/// # Errors
/// When the store fails.
pub async fn errors_of<P: Ports>(ports: &P, connection: &Connection) -> Result<Vec<ErrorCount>, PortError> {
    let catalogue = connection.catalogue().map_err(|mistakes| unreadable(connection, &mistakes))?;
    let directory = ports.store().directory(&connection.id).await?;
    let present = directory.into_iter().filter(|entry| entry.total() > 0);
    let mut errors: Vec<_> = present.map(|entry| describe(connection, &catalogue, entry)).collect();
    errors.sort_by(|one, other| (other.records, &one.error_type).cmp(&(one.records, &other.error_type)));
    Ok(errors)
}

/// The failing records of these connections by type, and those of them in the timeout queue, in their order, a hundred connections a request; none of one whose numbers
/// cannot be read, which the log says.
///
/// # Errors
/// When the store fails.
pub async fn failing_of_each<P: Ports>(
    ports: &P,
    connections: &[ConnectionId],
) -> Result<Vec<Option<Totals>>, PortError> {
    let totals = ports.store().totals_of_each(connections).await?;
    let known = |(connection, totals): (&ConnectionId, Result<Totals, PortError>)| match totals {
        Ok(totals) => Ok(Some(totals)),
        Err(problem @ PortError::Unreadable { .. }) => {
            warn!(%connection, %problem, "the totals of a connection cannot be read");
            Ok(None)
        }
        Err(problem @ PortError::Unavailable { .. }) => Err(problem),
    };
    connections.iter().zip(totals).map(known).collect()
}

fn describe(connection: &Connection, catalogue: &Catalogue, entry: TypeEntry) -> ErrorCount {
    let records = entry.total();
    let TypeEntry { error_type, records: objects, oldest, .. } = entry;
    let rule = catalogue.rule(&error_type);
    ErrorCount {
        records,
        objects,
        oldest,
        class: rule.map_or(Class::Unreviewed, |rule| rule.class),
        group: rule.map_or(Group::Unknown, |rule| rule.group),
        advice: catalogue.advice(&error_type).to_owned(),
        excluded: connection.policy.excludes(&error_type),
        error_type,
    }
}

fn unreadable(connection: &Connection, mistakes: &Mistakes) -> PortError {
    PortError::Unreadable { what: format!("the error rules of {}", connection.id), problem: mistakes.to_string() }
}
