//! Tests of `audit`.
//!
//! Must not know: the calls that carry these items.

use engine::ports::AuditAction;
use rules::ids::ConnectionId;

use super::*;
use crate::items::fields::{EXPIRES, PK, number, text};
use crate::items::samples::{acme, at};

fn entry(connection: Option<ConnectionId>) -> AuditEntry {
    AuditEntry {
        id: u64::MAX,
        at: at(0),
        who: "ann".to_owned(),
        action: AuditAction::RecordErased,
        connection,
        subject: "Contact".to_owned(),
        records: 1,
        expires: at(60_000),
    }
}

#[test]
fn an_entry_of_a_connection_stands_in_the_list_of_all_too_and_both_expire_when_it_says() {
    let items = write(&entry(Some(acme())));
    let partitions: Vec<_> = items.iter().map(|item| item[PK].clone()).collect();
    assert_eq!(partitions, [text("y"), text("y#acme")]);
    for item in items {
        assert_eq!(item[EXPIRES], number(at(60_000).as_millis() / 1_000));
        assert_eq!(read(&item).unwrap(), entry(Some(acme())));
    }
}

#[test]
fn an_entry_of_no_connection_stands_in_the_list_of_all_only() {
    assert_eq!(write(&entry(None)).len(), 1);
}
