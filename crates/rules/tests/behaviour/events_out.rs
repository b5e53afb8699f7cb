//! What the engine publishes: deterministic ids, exact shapes, and nothing of a payload.
//! It must not know when an event is published.

use rules::counts::{ApiCalls, TryKind};
use rules::events::{
    BudgetSpent, ConnectionResumed, ConnectionSuspended, Outbound, PossibleOverwrite, RecordsRetried, RecordsTimedOut,
    RetryResult, RunRequested, Spent,
};
use rules::ids::Epoch;
use rules::owed::Selection;
use rules::suspension::Cause;
use rules::time::Timestamp;
use rules::tries::TryOutcome;
use rules::version::SourceVersion;
use serde_json::{Value, json};

use crate::support::{at, batch, connection_id, error_type, object, record_id};

const NOON: &str = "2026-03-01T12:00:00Z";

fn retried() -> RecordsRetried {
    let result = |id, outcome, error_type| RetryResult { id: record_id(id), outcome, error_type };
    let results = vec![
        result("INV-1", TryOutcome::Saved, None),
        result("INV-2", TryOutcome::TimedOut, Some(error_type("duplicate-value"))),
    ];
    RecordsRetried::of(connection_id(), object(), batch(5, 12), TryKind::Interval, results)
}

fn timed_out(counts: &[(&str, u64)]) -> RecordsTimedOut {
    let counts = counts.iter().map(|(name, records)| (error_type(name), *records)).collect();
    RecordsTimedOut::of(connection_id(), Epoch(5), &counts).expect("records timed out")
}

fn spent(waiting_records: u64, resumes: Option<Timestamp>) -> BudgetSpent {
    let calls = ApiCalls(5000);
    BudgetSpent::of(connection_id(), Epoch(5), Spent { used: calls, cap: calls, waiting_records, resumes })
}

fn overwrite(sent: i64, newer: i64) -> PossibleOverwrite {
    let sent = SourceVersion::Number(sent);
    PossibleOverwrite::of(connection_id(), object(), record_id("INV-1"), sent, SourceVersion::Number(newer))
}

fn suspended(cause: Cause) -> Outbound {
    let next_probe = matches!(cause, Cause::Down).then(|| at("2026-03-01T12:20:00Z"));
    Outbound::ConnectionSuspended(ConnectionSuspended {
        connection: connection_id(),
        cause,
        since: at(NOON),
        next_probe,
    })
}

fn run(selection: Selection) -> Outbound {
    Outbound::RunRequested(RunRequested { connection: connection_id(), selection })
}

pub(crate) fn every_event() -> Vec<(Outbound, &'static str, Value)> {
    let tick = at(NOON);
    vec![
        (
            Outbound::RecordsRetried(retried()),
            "Records Retried",
            json!({
                "id": "acme/5-12", "connection": "acme", "batch": { "epoch": 5, "sequence": 12 }, "object": "Invoice__c",
                "kind": "interval",
                "results": [
                    { "id": "INV-1", "outcome": "saved" },
                    { "id": "INV-2", "outcome": "timed_out", "errorType": "duplicate-value" },
                ],
            }),
        ),
        (
            Outbound::RecordsTimedOut(timed_out(&[("row-lock", 600), ("validation-rule", 2400)])),
            "Records Timed Out",
            json!({
                "id": "acme/5/timed-out", "connection": "acme", "epoch": 5, "records": 3000,
                "errorTypes": [
                    { "errorType": "validation-rule", "records": 2400 }, { "errorType": "row-lock", "records": 600 },
                ],
                "summary": "3000 records of acme go into the timeout queue: 2400 validation-rule, 600 row-lock",
            }),
        ),
        (
            Outbound::BudgetSpent(spent(1200, Some(at(NOON)))),
            "Budget Spent",
            json!({
                "id": "acme/5/budget-spent", "connection": "acme", "epoch": 5, "used": 5000, "cap": 5000,
                "waitingRecords": 1200, "resumes": NOON,
                "summary": "acme has used 5000 of its 5000 API calls in 24 hours; 1200 records wait; it goes on at \
                            2026-03-01T12:00:00Z",
            }),
        ),
        (
            Outbound::BudgetSpent(spent(1, None)),
            "Budget Spent",
            json!({
                "id": "acme/5/budget-spent", "connection": "acme", "epoch": 5, "used": 5000, "cap": 5000,
                "waitingRecords": 1,
                "summary": "acme has used 5000 of its 5000 API calls in 24 hours; 1 record waits; when it goes on is not known",
            }),
        ),
        (
            Outbound::PossibleOverwrite(overwrite(3, 4)),
            "Possible Overwrite",
            json!({
                "id": "acme/Invoice__c/INV-1/4", "connection": "acme", "object": "Invoice__c", "externalId": "INV-1",
                "sent": 3, "newer": 4,
            }),
        ),
        (
            run(Selection::Due { tick }),
            "Run Requested",
            json!({ "connection": "acme", "selection": { "due": { "tick": NOON } } }),
        ),
        (
            run(Selection::TimedOut { tick }),
            "Run Requested",
            json!({ "connection": "acme", "selection": { "timed_out": { "tick": NOON } } }),
        ),
        (
            suspended(Cause::Down),
            "Connection Suspended",
            json!({ "connection": "acme", "cause": "down", "since": NOON, "nextProbe": "2026-03-01T12:20:00Z" }),
        ),
        (
            suspended(Cause::LoginRefused { secret: "v1".to_owned() }),
            "Connection Suspended",
            json!({ "connection": "acme", "cause": "login_refused", "secret": "v1", "since": NOON }),
        ),
        (
            suspended(Cause::SecretUnreadable { name: "sf/acme".to_owned(), problem: "it is not there".to_owned() }),
            "Connection Suspended",
            json!({
                "connection": "acme",
                "cause": "secret_unreadable",
                "name": "sf/acme",
                "problem": "it is not there",
                "since": NOON,
            }),
        ),
        (
            Outbound::ConnectionResumed(ConnectionResumed { connection: connection_id(), at: at(NOON) }),
            "Connection Resumed",
            json!({ "connection": "acme", "at": NOON }),
        ),
    ]
}

/// Invariants 10, Events, and 14, Secrecy: the shapes are exactly these, without a payload or a message.
#[test]
fn every_event_has_exactly_this_name_and_shape_and_is_read_back() {
    for (event, detail_type, expected) in every_event() {
        let written = serde_json::to_value(&event).expect("an event is JSON");
        assert_eq!(written, expected);
        assert_eq!(event.detail_type(), detail_type);
        assert_eq!(event.connection(), &connection_id());
        assert_eq!(serde_json::from_value::<Outbound>(written).expect("and is read"), event);
    }
}

/// Invariant 10, Events: the same whenever it is published again, and by whomever.
#[test]
fn the_id_of_a_batch_s_event_follows_from_the_batch_alone() {
    let again = RecordsRetried::of(connection_id(), object(), batch(5, 12), TryKind::Forced, Vec::new());
    assert_eq!(again.id, retried().id);
    let ids = [batch(5, 12), batch(5, 13), batch(6, 12), batch(51, 2)]
        .map(|batch| RecordsRetried::of(connection_id(), object(), batch, TryKind::Interval, Vec::new()).id);
    assert_eq!(std::collections::BTreeSet::from(ids).len(), 4);
}

/// Invariant 10, Events.
#[test]
fn the_id_of_an_overwrite_follows_from_the_record_and_the_newer_version() {
    assert_eq!(overwrite(3, 4).id, overwrite(2, 4).id);
    assert_ne!(overwrite(3, 4).id, overwrite(3, 5).id);
}

#[test]
fn a_run_that_put_no_record_into_the_timeout_queue_has_no_digest() {
    for counts in [vec![], vec![(error_type("row-lock"), 0)]] {
        assert_eq!(RecordsTimedOut::of(connection_id(), Epoch(5), &counts.into_iter().collect()), None);
    }
}

#[test]
fn a_digest_tells_the_twenty_most_frequent_types_apart_and_counts_the_others_together() {
    let counts: Vec<(String, u64)> = (1..=25).map(|number| (format!("type-{number:02}"), number)).collect();
    let counts: Vec<(&str, u64)> = counts.iter().map(|(name, records)| (name.as_str(), *records)).collect();
    let digest = timed_out(&counts);
    assert_eq!((digest.records, digest.error_types.len(), digest.error_types[0].records), (325, 20, 25));
    assert!(digest.summary.ends_with(", 6 type-06, 15 of other types"), "{}", digest.summary);
    assert_eq!(timed_out(&[("row-lock", 1)]).summary, "1 record of acme goes into the timeout queue: 1 row-lock");
}
