//! The keys of all kinds of items. A connection's id and an object's name hold no `#`; a record's id may, and stands last.
//!
//! Must not know: what the items hold.

use rules::catalogue::ErrorType;
use rules::ids::{ActionKey, ConnectionId, ObjectName, RecordId, RecordKey, RequestId};
use rules::journal::Slot;
use rules::resync::Request;
use rules::time::Timestamp;

use super::fields::{Item, PK, SK, text};
use super::hash::fnv1a;

/// The most bytes of a sort key (`DynamoDB` service quotas).
const LONGEST_SORT_KEY: usize = 1_024;

/// The primary key of an item.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct ItemKey {
    /// The partition key.
    pub(crate) pk: String,
    /// The sort key.
    pub(crate) sk: String,
}

impl ItemKey {
    /// As attributes.
    pub(crate) fn item(&self) -> Item {
        Item::from([(PK.to_owned(), text(&self.pk)), (SK.to_owned(), text(&self.sk))])
    }
}

/// The sort key of every record's own item.
pub(crate) const RECORD: &str = "r";

/// A record's own item.
pub(crate) fn record(key: &RecordKey) -> ItemKey {
    ItemKey { pk: record_partition(key), sk: RECORD.to_owned() }
}

/// The item of a record's payload, when it is apart.
pub(crate) fn payload(key: &RecordKey) -> ItemKey {
    ItemKey { pk: record_partition(key), sk: "p".to_owned() }
}

fn record_partition(key: &RecordKey) -> String {
    ["r#", key.connection.as_str(), "#", key.object.as_str(), "#", key.id.as_str()].concat()
}

/// The record that a partition key belongs to.
pub(crate) fn record_of(pk: &str) -> Option<RecordKey> {
    let mut parts = pk.strip_prefix("r#")?.splitn(3, '#');
    Some(RecordKey {
        connection: ConnectionId::new(parts.next()?).ok()?,
        object: ObjectName::new(parts.next()?).ok()?,
        id: RecordId::new(parts.next()?).ok()?,
    })
}

/// The partition of the pointers from a parent to the records that wait for it.
pub(crate) fn pointers(parent: &RecordKey) -> String {
    format!("c#{}#{}#{}", parent.connection, parent.object, parent.id)
}

/// The pointer from a parent to one of the records that wait for it.
pub(crate) fn pointer(parent: &RecordKey, child: &RecordKey) -> ItemKey {
    ItemKey { pk: pointers(parent), sk: fitted(format!("{}#{}", child.object, child.id)) }
}

/// A sort key cut to fit, with a hash of the whole in place of what was cut.
fn fitted(whole: String) -> String {
    if whole.len() <= LONGEST_SORT_KEY {
        return whole;
    }
    let kept = whole.floor_char_boundary(LONGEST_SORT_KEY - 17);
    format!("{}#{:016x}", &whole[..kept], fnv1a(whole.as_bytes()))
}

/// A connection's control item.
pub(crate) fn control(connection: &ConnectionId) -> ItemKey {
    ItemKey { pk: format!("k#{connection}"), sk: "control".to_owned() }
}

/// What is reported of a connection's API calls.
pub(crate) fn usage(connection: &ConnectionId) -> ItemKey {
    ItemKey { pk: format!("u#{connection}"), sk: "usage".to_owned() }
}

/// The partition of a connection's journal.
pub(crate) fn journal(connection: &ConnectionId) -> String {
    format!("j#{connection}")
}

/// One slot of it.
pub(crate) fn slot(connection: &ConnectionId, slot: Slot) -> ItemKey {
    ItemKey { pk: journal(connection), sk: format!("{:05}", slot.0) }
}

/// The partition of all connections' settings.
pub(crate) const SETTINGS: &str = "s";

/// One connection's settings.
pub(crate) fn settings(connection: &ConnectionId) -> ItemKey {
    ItemKey { pk: SETTINGS.to_owned(), sk: connection.to_string() }
}

/// The partition of a connection's error types.
pub(crate) fn error_types(connection: &ConnectionId) -> String {
    format!("t#{connection}")
}

/// One of them.
pub(crate) fn error_type(connection: &ConnectionId, error_type: &ErrorType) -> ItemKey {
    ItemKey { pk: error_types(connection), sk: error_type.to_string() }
}

/// The totals of a connection's error types.
pub(crate) fn totals(connection: &ConnectionId) -> ItemKey {
    ItemKey { pk: format!("d#{connection}"), sk: "totals".to_owned() }
}

/// The partition of the reports of a connection's runs.
pub(crate) fn reports(connection: &ConnectionId) -> String {
    format!("x#{connection}")
}

/// A person's request.
pub(crate) fn request(connection: &ConnectionId, id: &RequestId) -> ItemKey {
    ItemKey { pk: format!("q#{connection}"), sk: id.to_string() }
}

/// The partition of the list of a connection's requests.
pub(crate) fn requests(connection: &ConnectionId) -> String {
    format!("l#{connection}")
}

/// A request's place in that list.
pub(crate) fn request_listed(request: &Request) -> ItemKey {
    let sk = format!("{}#{}", ordered(request.as_of), request.id);
    ItemKey { pk: requests(&request.connection), sk }
}

/// The partition of what was done in one connection, or of all that was done.
pub(crate) fn audits(connection: Option<&ConnectionId>) -> String {
    connection.map_or_else(|| "y".to_owned(), |connection| format!("y#{connection}"))
}

/// The key of an action.
pub(crate) fn action(key: &ActionKey) -> ItemKey {
    ItemKey { pk: format!("i#{key}"), sk: "action".to_owned() }
}

/// An instant as a text that sorts like it, from 1970 on.
pub(crate) fn ordered(at: Timestamp) -> String {
    format!("{:015}", at.as_millis().max(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(id: &str) -> RecordKey {
        RecordKey {
            connection: ConnectionId::new("acme").unwrap(),
            object: ObjectName::new("Invoice__c").unwrap(),
            id: RecordId::new(id).unwrap(),
        }
    }

    #[test]
    fn a_record_is_found_again_from_its_partition_key_even_if_its_id_holds_the_separator() {
        for id in ["1", "a#b", "#", "##", "ä b/c"] {
            assert_eq!(record_of(&record(&key(id)).pk), Some(key(id)));
        }
    }

    #[test]
    fn a_partition_key_of_another_kind_is_no_record() {
        assert_eq!(record_of("k#acme"), None);
        assert_eq!(record_of("r#acme#Contact"), None);
    }

    #[test]
    fn the_longest_ids_still_make_a_sort_key_that_fits_and_differs() {
        let long = |last: char| key(&("😀".repeat(254) + &last.to_string()));
        let [one, two] = ['a', 'b'].map(|last| pointer(&key("parent"), &long(last)).sk);
        assert!(one.len() <= LONGEST_SORT_KEY && two.len() <= LONGEST_SORT_KEY);
        assert_ne!(one, two);
    }
}
