//! What a connection's records fail with: the error types, each with its count and its advice.
//!
//! Must not know: single records.

use futures::{StreamExt, TryStreamExt, stream};
use rules::catalogue::{Catalogue, Class, ErrorType, Group};
use rules::connection::Connection;
use rules::fields::Mistakes;
use rules::ids::ConnectionId;
use rules::time::Timestamp;
use serde::Serialize;

use super::latest;
use crate::parts::Ports;
use crate::ports::{AgeCount, Clock, Connections, DueRecords, ErrorTypes, PortError};

/// How many types are counted at the same time.
const AT_A_TIME: usize = 8;

/// One error type, as it stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ErrorCount {
    /// The type.
    #[serde(rename = "type")]
    pub error_type: ErrorType,
    /// The failing records.
    pub records: u64,
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
/// connection. The counts come from an index that may lag.
///
/// # Errors
/// When the store fails.
pub async fn errors<P: Ports>(ports: &P, id: &ConnectionId) -> Result<Option<Vec<ErrorCount>>, PortError> {
    let Some(connection) = ports.store().connection(id).await? else {
        return Ok(None);
    };
    let catalogue = connection.catalogue().map_err(|mistakes| unreadable(&connection, &mistakes))?;
    let types = ports.store().error_types(id).await?;
    let (from, to) = (Timestamp::from_millis(0), latest(ports.clock().now()));
    let counted = stream::iter(types).map(|error_type| async {
        let count = ports.store().count_aged(id, &error_type, from, to, connection.shards).await?;
        Ok::<_, PortError>((error_type, count))
    });
    let counted: Vec<_> = counted.buffered(AT_A_TIME).try_collect().await?;
    let present = counted.into_iter().filter(|(_, count)| count.records > 0);
    let mut errors: Vec<_> =
        present.map(|(error_type, count)| describe(&connection, &catalogue, error_type, count)).collect();
    errors.sort_by(|one, other| (other.records, &one.error_type).cmp(&(one.records, &other.error_type)));
    Ok(Some(errors))
}

fn describe(connection: &Connection, catalogue: &Catalogue, error_type: ErrorType, count: AgeCount) -> ErrorCount {
    let rule = catalogue.rule(&error_type);
    ErrorCount {
        records: count.records,
        oldest: count.oldest,
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
