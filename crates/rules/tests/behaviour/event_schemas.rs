//! The schemas in infra/events, held to the code: what a schema takes, the reader takes, and what the engine publishes fits.
//! It must not know what an event changes.

use std::collections::BTreeMap;
use std::path::Path;

use jsonschema::{Draft, Validator};
use rules::events::read;
use serde_json::{Value, json};

use crate::events_out::every_event;
use crate::support::at;

/// A little after every example was sent.
const NOW: &str = "2026-03-10T10:02:15Z";

/// One schema, and the events that it gives as examples.
struct Schema {
    validator: Validator,
    examples: Vec<Value>,
}

impl Schema {
    #[track_caller]
    fn takes(&self, event: &Value) {
        let problems: Vec<String> = self.validator.iter_errors(event).map(|problem| problem.to_string()).collect();
        assert!(problems.is_empty(), "{problems:?} in {event}");
    }
}

/// Every schema of the folder, by the kind of event that it describes.
fn schemas() -> BTreeMap<String, Schema> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../infra/events");
    let files = std::fs::read_dir(folder).expect("the folder of schemas");
    let read = files.map(|file| {
        let text = std::fs::read_to_string(file.expect("a file").path()).expect("a schema");
        let schema: Value = serde_json::from_str(&text).expect("a schema is JSON");
        jsonschema::meta::validate(&schema).expect("a schema is one of JSON Schema 2020-12");
        let title = schema["title"].as_str().expect("a title").to_owned();
        let examples = schema["examples"].as_array().expect("examples").clone();
        let options = jsonschema::options().with_draft(Draft::Draft202012).should_validate_formats(true);
        (title, Schema { validator: options.build(&schema).expect("a schema that can be used"), examples })
    });
    read.collect()
}

const INBOUND: [&str; 3] = ["Sync Failed", "Sync Succeeded", "API Calls Used"];

#[test]
fn there_is_a_schema_for_every_kind_of_event_and_for_no_other() {
    let known: Vec<String> = schemas().into_keys().collect();
    let mut kinds: Vec<&str> = every_event().iter().map(|(event, ..)| event.detail_type()).chain(INBOUND).collect();
    kinds.sort_unstable();
    kinds.dedup();
    assert_eq!(known, kinds);
}

#[test]
fn every_example_fits_its_schema_and_those_from_sources_are_taken_in() {
    for (kind, schema) in schemas() {
        assert!(!schema.examples.is_empty(), "{kind} has no example");
        for example in &schema.examples {
            schema.takes(example);
            if INBOUND.contains(&kind.as_str()) {
                read(&example.to_string(), at(NOW)).unwrap_or_else(|wrong| panic!("{wrong} in {example}"));
            }
        }
    }
}

#[test]
fn every_example_of_the_page_of_events_fits_its_schema() {
    let page = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/events.md"));
    let page = page.expect("the page");
    let schemas = schemas();
    let blocks: Vec<Value> = page
        .split("```json\n")
        .skip(1)
        .map(|rest| serde_json::from_str(rest.split("```").next().unwrap_or_default()).expect("an example is JSON"))
        .collect();
    assert_eq!(blocks.len(), schemas.len());
    for example in blocks {
        schemas[example["detail-type"].as_str().expect("a kind")].takes(&example);
    }
}

#[test]
fn every_event_that_is_published_fits_its_schema() {
    let schemas = schemas();
    for (event, detail_type, detail) in every_event() {
        let published = json!({ "source": "resync", "detail-type": event.detail_type(), "detail": detail });
        schemas[detail_type].takes(&published);
    }
}

#[test]
fn what_a_source_may_not_send_is_refused_by_schema_and_reader_alike() {
    let schemas = schemas();
    let failed = &schemas["Sync Failed"];
    let sound = &failed.examples[0];
    for (path, wrong) in [
        ("/detail/connection", json!("Billing")),
        ("/detail/object", json!("2nd")),
        ("/detail/externalId", json!("")),
        ("/detail/externalId", json!("a\nb")),
        ("/detail/externalIdField", json!("no field")),
        ("/detail/sourceVersion", json!(1.5)),
        ("/detail/sourceVersion", json!("yesterday")),
        ("/detail/failedAt", json!("10 March")),
        ("/detail/error", json!({ "message": "no code" })),
        ("/detail/payload", json!([1])),
        ("/detail/payload", json!({ "Id": "003000000000001" })),
        ("/detail/payload", json!({ "attributes": {} })),
        ("/detail/parent", json!({ "object": "Account" })),
        ("/time", json!("now")),
    ] {
        let mut broken = sound.clone();
        *broken.pointer_mut(path).expect("the example has it") = wrong;
        assert!(!failed.validator.is_valid(&broken), "the schema takes {path} of {broken}");
        assert!(read(&broken.to_string(), at(NOW)).is_err(), "the reader takes {path} of {broken}");
    }
    for (kind, needed) in [
        ("Sync Failed", ["connection", "object", "externalId", "error", "payload"].as_slice()),
        ("Sync Succeeded", &["connection", "object", "externalId"]),
        ("API Calls Used", &["connection", "source", "calls"]),
    ] {
        for name in needed {
            let mut broken = schemas[kind].examples[0].clone();
            broken["detail"].as_object_mut().expect("an object").remove(*name);
            assert!(!schemas[kind].validator.is_valid(&broken), "the schema takes {broken}");
            assert!(read(&broken.to_string(), at(NOW)).is_err(), "the reader takes {broken}");
        }
    }
}

#[test]
fn what_is_null_counts_as_absent_for_schema_and_reader_alike() {
    let schemas = schemas();
    let failed = &schemas["Sync Failed"];
    for name in ["externalIdField", "sourceVersion", "failedAt", "parent"] {
        let mut event = failed.examples[0].clone();
        event["detail"][name] = Value::Null;
        failed.takes(&event);
        assert!(read(&event.to_string(), at(NOW)).is_ok(), "{event}");
    }
}
