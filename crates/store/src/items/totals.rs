//! The totals of a connection's error types: each an attribute of its own, so that they are added to without being read.
//!
//! Must not know: who counts.

use std::collections::BTreeMap;

use engine::ports::{PortError, Totals};
use rules::catalogue::ErrorType;
use rules::ids::ConnectionId;

use super::directory::REVISION;
use super::fields::{format, number};
use super::{Fields, Item, key};

/// What the name of a type's total begins with.
const TOTAL: &str = "n#";

/// The attribute with the number of records in the timeout queue.
pub(crate) const TIMED_OUT: &str = "t";

const KIND: &str = "the totals of a connection";

/// The attribute with the total of a type.
pub(crate) fn total_of(error_type: &ErrorType) -> String {
    format!("{TOTAL}{error_type}")
}

/// An item that says what was counted.
pub(crate) fn write(connection: &ConnectionId, totals: &Totals) -> Item {
    let mut item = key::totals(connection).item();
    item.extend([format(), (REVISION.to_owned(), number(totals.revision + 1))]);
    item.extend((totals.timed_out > 0).then(|| (TIMED_OUT.to_owned(), number(totals.timed_out))));
    item.extend(totals.records.iter().map(|(of, records)| (total_of(of), number(records))));
    item
}

/// Reads one. A number below zero, which only lost changes can leave, is none.
pub(crate) fn read(item: &Item) -> Result<Totals, PortError> {
    let fields = Fields::of(KIND, item)?;
    let mut records = BTreeMap::new();
    for (name, value) in item {
        let Some(of) = name.strip_prefix(TOTAL) else { continue };
        let of = ErrorType::parse(of).map_err(|_| fields.wrong(name))?;
        let total: i64 = value.as_n().ok().and_then(|total| total.parse().ok()).ok_or_else(|| fields.wrong(name))?;
        records.extend(u64::try_from(total).ok().filter(|&total| total > 0).map(|total| (of, total)));
    }
    let timed_out = fields.optional_number::<i64>(TIMED_OUT)?.and_then(|total| u64::try_from(total).ok()).unwrap_or(0);
    Ok(Totals { records, timed_out, revision: fields.optional_number(REVISION)?.unwrap_or(0) })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn acme() -> ConnectionId {
        ConnectionId::new("acme").unwrap()
    }

    fn some() -> Totals {
        let of = |name| ErrorType::parse(name).unwrap();
        let records = [(of("row-lock"), 7), (of("unknown:A.B-C_1"), u64::from(u32::MAX))].into();
        Totals { records, timed_out: 5, revision: 3 }
    }

    #[test]
    fn totals_are_read_as_they_were_written_with_the_next_revision() {
        assert_eq!(read(&write(&acme(), &some())).unwrap(), Totals { revision: 4, ..some() });
    }

    #[test]
    fn a_total_that_lost_changes_took_below_zero_is_none() {
        let mut item = write(&acme(), &some());
        item.insert("n#row-lock".to_owned(), number(-2));
        item.insert("n#daco-02".to_owned(), number(0));
        item.insert(TIMED_OUT.to_owned(), number(-1));
        let told = read(&item).unwrap();
        assert_eq!(told.timed_out, 0);
        assert_eq!(told.records.into_keys().map(|of| of.to_string()).collect::<Vec<_>>(), ["unknown:A.B-C_1"]);
    }

    #[test]
    fn a_damaged_total_is_an_error_that_names_it() {
        for (name, value) in [("n#row-lock", "many"), ("n#no type", "1")] {
            let mut item = write(&acme(), &some());
            let value = if value == "many" { super::super::fields::text(value) } else { number(value) };
            item.insert(name.to_owned(), value);
            let error = read(&item).unwrap_err().to_string();
            assert!(error.contains(KIND), "{error}");
        }
    }
}
