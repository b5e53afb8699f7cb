//! What a person did: one item in the list of all that was done, and the same in that of its connection.
//!
//! Must not know: which actions there are.

use engine::ports::{AuditEntry, PortError};

use super::fields::expires;
use super::key::{self, ItemKey};
use super::{Item, body};

/// The entry's items.
pub(crate) fn write(entry: &AuditEntry) -> Vec<Item> {
    let of_connection = entry.connection.as_ref().map(|connection| key::audits(Some(connection)));
    let partitions = [Some(key::audits(None)), of_connection];
    partitions.into_iter().flatten().map(|pk| item(pk, entry)).collect()
}

/// The key of its item in the list of all that was done.
pub(crate) fn key(entry: &AuditEntry) -> ItemKey {
    key_in(key::audits(None), entry)
}

fn key_in(pk: String, entry: &AuditEntry) -> ItemKey {
    ItemKey { pk, sk: format!("{}#{:016x}", key::ordered(entry.at), entry.id) }
}

fn item(pk: String, entry: &AuditEntry) -> Item {
    let mut item = body::item(&key_in(pk, entry), entry);
    item.extend([expires(entry.expires)]);
    item
}

/// Reads one of them.
pub(crate) fn read(item: &Item) -> Result<AuditEntry, PortError> {
    body::read("the audit entry", item)
}

#[cfg(test)]
#[path = "audit_tests.rs"]
mod tests;
