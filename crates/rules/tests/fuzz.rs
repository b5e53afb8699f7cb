//! Spoilt events and settings: whatever is wrong with them, they are read or refused, and no payload is quoted.
//!
//! Must not know: which mistakes there are.

use fuzz::{Corpus, Shape, hunt};
use rules::catalogue::{Catalogue, ErrorType};
use rules::connection::Connection;
use rules::events::{Inbound, LARGEST_PAYLOAD, ReportedFailure, read};
use rules::time::Timestamp;
use serde_json::Value;

fn now() -> Timestamp {
    Timestamp::parse("2026-03-02T09:10:00Z").expect("a time")
}

/// What an accepted failure must be like, whatever it was made of.
fn check(failure: &ReportedFailure) {
    let payload = serde_json::to_vec(&failure.payload).expect("a payload is JSON");
    assert!(payload.len() <= LARGEST_PAYLOAD, "a payload of {} bytes was taken", payload.len());
    assert!(failure.key.id.as_str().chars().count() <= 255 && !failure.key.id.as_str().contains('\0'));
    can_be_read_back(Catalogue::builtin().classify(&failure.code, &failure.message).error_type);
}

fn can_be_read_back(error_type: ErrorType) {
    let name = error_type.to_string();
    assert_eq!(ErrorType::parse(&name).ok(), Some(error_type), "{name}");
}

#[test]
fn no_event_of_a_source_breaks_the_reading_and_none_is_quoted() {
    hunt(Corpus::of("events"), Shape::Json, |bytes| match read(&String::from_utf8_lossy(bytes), now()) {
        Ok(inbound) => {
            if let Inbound::Failed(failure) = &inbound {
                check(failure);
                return format!("{:?}", failure.without_names());
            }
            String::new()
        }
        Err(mistakes) => format!("{mistakes} {mistakes:?}"),
    });
}

/// Shown without what names a record or a version, which may be seen.
trait WithoutNames {
    fn without_names(&self) -> Self;
}

impl WithoutNames for ReportedFailure {
    fn without_names(&self) -> Self {
        let Ok(Inbound::Failed(named)) = read(include_str!("../../fuzz/corpus/events/failed.json"), now()) else {
            panic!("the corpus has a failure")
        };
        let Self { message, payload, .. } = self.clone();
        Self { message, payload, ..*named }
    }
}

#[test]
fn no_settings_break_the_reading_and_what_is_taken_is_read_back_as_it_is() {
    hunt(Corpus::of("settings"), Shape::Json, |bytes| {
        let Ok(value) = serde_json::from_slice::<Value>(bytes) else { return String::new() };
        let Ok(connection) = Connection::read(&value) else { return String::new() };
        let catalogue = connection.catalogue().expect("rules that were taken make a catalogue");
        can_be_read_back(catalogue.classify("ANY_CODE", "any message").error_type);
        let written = serde_json::to_value(&connection).expect("settings are JSON");
        assert_eq!(Connection::read(&written).as_ref(), Ok(&connection), "{written}");
        String::new()
    });
}
