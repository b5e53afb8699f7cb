//! Tests of `request`.
//!
//! Must not know: the calls that carry these items.

use rules::resync::{Progress, RequestState, Wanted};

use super::*;
use crate::items::fields::{EXPIRES, PK, SK, number, text};
use crate::items::samples::{acme, at};

fn open() -> Request {
    Request {
        id: RequestId::new("one").unwrap(),
        connection: acme(),
        wanted: Wanted::All { object: None },
        as_of: at(0),
        requested_by: "ann".to_owned(),
        state: RequestState::Open,
        progress: Progress::default(),
        ended: None,
    }
}

#[test]
fn an_open_request_never_expires_and_one_that_ended_does_thirty_days_later_with_its_place_in_the_list() {
    assert!(!write(&open()).contains_key(EXPIRES) && !listed(&open()).contains_key(EXPIRES));
    let done = Request { state: RequestState::Done, ended: Some(at(7_000)), ..open() };
    let expected = number(at(7_000).as_millis() / 1_000 + 30 * 24 * 60 * 60);
    assert_eq!([&write(&done)[EXPIRES], &listed(&done)[EXPIRES]], [&expected, &expected]);
}

#[test]
fn a_request_is_found_from_its_place_in_the_list_which_sorts_by_when_it_was_made() {
    let place = listed(&open());
    assert_eq!((&place[PK], &place[SK]), (&text("l#acme"), &text(format!("{:015}#one", at(0).as_millis()))));
    assert_eq!(key_of(&acme(), &place).unwrap(), key::request(&acme(), &open().id));
    assert_eq!(read(&write(&open())).unwrap(), open());
}
