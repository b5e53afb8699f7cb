//! The records that wait for another one, as that one's page lists them: a bounded look.
//!
//! Must not know: how a resync brings them along.

use rules::connection::Connection;
use rules::ids::{ParentKey, RecordKey};
use rules::record::Stored;
use rules::resync::FailingState;

use crate::parts::Ports;
use crate::ports::{Clock, PortError, Records};

/// The records that wait for one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Waiting {
    /// Some of them, with where each stands.
    pub records: Vec<(RecordKey, FailingState)>,
    /// Whether there may be others.
    pub more: bool,
}

/// The failing records that wait for `parent`; it looks at `most` at most.
///
/// # Errors
/// When the store fails.
pub async fn waiting_for<P: Ports>(
    ports: &P,
    connection: &Connection,
    parent: &RecordKey,
    most: usize,
) -> Result<Waiting, PortError> {
    let (store, now) = (ports.store(), ports.clock().now());
    let page = store.children(parent, None, most).await?;
    let named = ParentKey { object: parent.object.clone(), id: parent.id.clone() };
    let mut waiting = Waiting { records: Vec::new(), more: page.next.is_some() };
    for read in store.read(&page.keys).await? {
        // The pointers are hints: a child may be resolved, or have another parent by now.
        if let Stored::Record(record) = read.stored
            && record.parent.as_ref() == Some(&named)
            && let Some(state) = FailingState::of(&connection.policy, &record, now)
        {
            waiting.records.push((record.key, state));
        }
    }
    waiting.records.sort_by(|(one, _), (other, _)| (&one.object, &one.id).cmp(&(&other.object, &other.id)));
    Ok(waiting)
}
