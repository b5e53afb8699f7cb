//! Tests of `request`.
//!
//! Must not know: the calls that carry these items.

use rules::resync::{Action, Matching, Progress, RequestState, Wanted};

use super::*;
use crate::items::fields::{EXPIRES, PK, SK, number, text};
use crate::items::samples::{acme, at};

fn open() -> Request {
    Request {
        id: RequestId::new("one").unwrap(),
        connection: acme(),
        action: Action::Resync,
        wanted: Wanted::all(),
        as_of: at(0),
        requested_by: "ann".to_owned(),
        state: RequestState::Open,
        planned: None,
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

#[test]
fn a_request_that_the_first_version_wrote_is_read() {
    let old = |wanted: &str| {
        let mut item = write(&open());
        let body = format!(
            "{{\"id\":\"one\",\"connection\":\"acme\",\"wanted\":{wanted},\"as_of\":\"{}\",\"requested_by\":\"ann\",\
             \"state\":\"open\",\"progress\":{{\"tried\":1,\"resolved\":1,\"failed\":0,\"unknown\":0,\"skipped\":3}},\
             \"ended\":null}}",
            at(0)
        );
        item.insert(FORMAT.to_owned(), number(1));
        item.insert(BODY.to_owned(), text(body));
        read(&item).unwrap()
    };
    let progress = Progress { tried: 1, resolved: 1, skipped: 3, ..Progress::default() };
    let expected = Request { progress, ..open() };
    assert_eq!(old("{\"all\":{\"object\":null}}"), expected);
    let contact = rules::ids::ObjectName::new("Contact").unwrap();
    let daco = rules::catalogue::ErrorType::parse("daco-10").unwrap();
    let matching = Matching { object: Some(contact), ..Matching::of_type(daco) };
    let of_type = Request { wanted: Wanted::Matching(matching), ..expected };
    assert_eq!(old("{\"type\":{\"error_type\":\"daco-10\",\"object\":\"Contact\"}}"), of_type);
}

#[test]
fn the_first_version_does_not_take_a_deletion_for_a_resync_because_it_cannot_read_it() {
    assert_eq!(write(&open())[FORMAT], number(2));
}
