//! Spoilt requests through the function URL, the real router and the engine behind it: every one gets an answer, and none an
//! answer of a broken server.
//!
//! Must not know: what is wrong with a request.

use std::sync::Arc;

use engine::fakes::{Around, VirtualClock, around, sample};
use engine::ingest::Ingest;
use engine::memory::MemoryStore;
use engine::ports::Connections;
use fuzz::{Corpus, Shape, hunt};
use serde_json::{Value, json};

use super::*;
use crate::access::ArnPattern;

const ADA: &str = "arn:aws:iam::111122223333:user/ada";

/// `acme` with two records that failed.
async fn system() -> Around<MemoryStore> {
    let clock = VirtualClock::starting(sample::time("2026-03-02T09:30:00Z"));
    let store = MemoryStore::new();
    store.save_connection(&sample::interval("acme")).await.expect("the fake store takes it");
    let parts = around(store, clock);
    for id in ["c-1", "2026/08/ü?"] {
        let event = json!({
            "detail-type": "Sync Failed", "time": sample::FAILED,
            "detail": {
                "connection": "acme", "object": "Contact", "externalId": id, "sourceVersion": 1,
                "error": {"code": sample::CODE, "message": sample::MESSAGE}, "payload": {"LastName": "canary-stored"},
            },
        });
        Ingest::new(&parts).take(&event.to_string()).await.expect("the report is right");
    }
    parts
}

async fn ask(event: Event) -> Value {
    let access = Access { operators: vec![ArnPattern::parse(ADA).expect("a pattern")], viewers: Vec::new() };
    let answer = answer(router(Arc::new(system().await)), &access, event).await;
    serde_json::to_value(answer).expect("an answer is JSON")
}

fn check(answer: &Value) {
    let status = answer["statusCode"].as_u64().expect("a status");
    assert!((200..500).contains(&status), "{answer}");
    assert_eq!(answer["headers"]["x-content-type-options"], "nosniff", "{answer}");
    assert!(!answer.to_string().contains("canary-stored"), "{answer}");
}

#[test]
fn no_request_breaks_the_function_url_and_none_reads_a_payload() {
    hunt(Corpus::of("requests"), Shape::Json, |bytes| {
        let Ok(event) = serde_json::from_slice::<Event>(bytes) else { return String::new() };
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build();
        check(&runtime.expect("a runtime").block_on(ask(event)));
        String::new()
    });
}

#[test]
fn nearly_every_request_of_the_corpus_is_carried_out_when_nothing_is_wrong_with_it() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build();
    let runtime = runtime.expect("a runtime");
    let mut refused = Vec::new();
    for input in Corpus::of("requests").inputs() {
        let event = serde_json::from_slice(&input.bytes).unwrap_or_else(|error| panic!("{}: {error}", input.name));
        let answer = runtime.block_on(ask(event));
        let carried_out = answer["statusCode"].as_u64().is_some_and(|status| (200..300).contains(&status));
        refused.extend((!carried_out).then(|| format!("{}: {answer}", input.name)));
    }
    // A cursor and a plan are good for the system that gave them, and what is failing keeps its connection.
    let names: Vec<&str> = refused.iter().filter_map(|text| text.split('.').next()).collect();
    assert_eq!(names, ["cursor", "delete", "deletion"], "{refused:#?}");
}
