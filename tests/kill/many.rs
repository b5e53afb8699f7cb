//! A resync of fifty thousand planned records whose process is killed twice on its way: nothing is lost, nothing is sent twice
//! without need, and what is told of its progress is true at every stage.
//!
//! Must not know: what is inside the binary.

use std::collections::BTreeMap;
use std::time::Duration;

use engine::fakes::sample;
use engine::fan_out::Schedule;
use engine::ports::{CountChange, ErrorTypes, Records, Requests};
use functions::handlers::scheduled_event;
use rules::ids::RequestId;
use rules::record::{Failure, Record, Resolution, State, Stored};
use rules::resync::{Progress, RequestState};
use rules::time::Timestamp;
use salesforce_sim::Outcome;
use serde_json::json;

use super::gate::Stop;
use super::world::{World, acme};
use super::{INVOCATION, WIDE, at};
use crate::functions::process::Binary;
use crate::likes::{self, Model};

const RECORDS: usize = 50_000;

/// The request of a life that does not come back: a third of the way, about.
const FATAL: usize = 1_000;

/// Records whose outcome two deaths leave in doubt at most: four calls in flight at each, of two hundred records.
const IN_DOUBT: usize = 2 * 4 * 200;

/// What a death leaves untold at most: the calls of one reservation, with which progress is noted, and those in flight.
const UNTOLD: u64 = (25 + 4) * 200;

fn id(number: usize) -> String {
    format!("m-{number:05}")
}

/// All fail at `failed`, as the store would have them.
async fn fail(world: &World, failed: Timestamp) {
    let (client, table) = world.table();
    let record = Record {
        failure: Failure::new(sample::error_type("row-lock"), sample::CODE, sample::MESSAGE),
        external_id_field: sample::field("Ext__c"),
        first_failed: failed,
        last_failed: failed,
        ..sample::failing("acme", "model")
    };
    let model = Model::of(&world.store, &client, table, &record).await;
    likes::write(&client, table, RECORDS, |number| model.named("acme", "Contact", &id(number))).await;
    let error_type = sample::error_type("row-lock");
    world.store.list_error_type(&acme(), &error_type).await.unwrap();
    let records = [(sample::object("Contact"), i64::try_from(RECORDS).unwrap())].into();
    world
        .store
        .add_counts(&acme(), &[CountChange { error_type, records, oldest: Some(failed), timed_out: 0 }])
        .await
        .unwrap();
}

/// How often Salesforce saved each record.
fn saved(world: &World) -> BTreeMap<String, u64> {
    let mut saved = BTreeMap::new();
    for entry in world.salesforce.log() {
        for record in entry.records.iter() {
            assert!(matches!(record.outcome, Outcome::Committed { .. }), "nothing is refused: {record:?}");
            *saved.entry(record.external_id.as_ref().unwrap().as_str().to_owned()).or_default() += 1;
        }
    }
    saved
}

/// What the function URL tells of the request's progress; it is what its runs have noted, and no more than Salesforce did.
async fn told(world: &mut World, now: Timestamp, request: &str, deaths: u64) -> Progress {
    let path = format!("/v1/connections/acme/resyncs/{request}");
    let (status, body) = world.call(now, "GET", &path, None).await;
    assert_eq!(status, 200, "{body}");
    let progress: Progress = serde_json::from_value(body["request"]["progress"].clone()).unwrap();
    let sends: u64 = saved(world).values().sum();
    assert!(progress.tried <= sends, "{progress:?} is told of {sends} sends");
    assert!(progress.tried + deaths * UNTOLD >= sends, "{progress:?} is told of {sends} sends");
    assert_eq!((progress.failed, progress.skipped), (0, 0), "{progress:?}");
    progress
}

/// A tick of the schedule, and the run that it starts.
async fn passes(world: &mut World, tick: Timestamp) {
    let (known, look) = (world.published.len(), tick + Duration::from_secs(2));
    world.live_as(Binary::RetryDue, look, look + INVOCATION, scheduled_event(Schedule::Due, tick), None).await;
    let requested: Vec<_> = world.published[known..].to_vec();
    for event in requested {
        assert_eq!(event["detail-type"], "Run Requested");
        let start = tick + Duration::from_secs(5);
        world.live_as(Binary::RetryDue, start, start + INVOCATION, event, None).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn fifty_thousand_planned_records_are_all_retried_although_the_process_is_killed_twice() {
    let mut world = World::start("fifty thousand".to_owned(), WIDE).await;
    fail(&world, at("2026-03-02T09:15:00Z")).await;
    let asked = at("2026-03-02T09:32:00Z");
    let (_, planned) = world.call(asked, "POST", "/v1/connections/acme/plans", Some(r#"{"type":"row-lock"}"#)).await;
    assert_eq!(planned["plan"]["records"]["number"], RECORDS, "{planned}");
    let body = json!({ "plan": planned["plan"]["id"] }).to_string();
    let (status, accepted) = world.call(asked, "POST", "/v1/connections/acme/resyncs", Some(&body)).await;
    assert_eq!(status, 202, "{accepted}");
    let request = accepted["request"]["id"].as_str().unwrap().to_owned();
    let event = world.published.iter().rfind(|event| event["detail-type"] == "Run Requested").unwrap().clone();

    let mut before = Progress::default();
    for (deaths, start) in [(1, at("2026-03-02T09:32:05Z")), (2, at("2026-03-02T09:50:00Z"))] {
        let stop = Some(Stop::After(FATAL));
        let life = world.live_as(Binary::RetryRequested, start, start + INVOCATION, event.clone(), stop).await;
        assert!(life.answer.is_none(), "it was killed before its work was done");
        let now = told(&mut world, start, &request, deaths).await;
        assert!(now.tried > before.tried && now.tried < RECORDS as u64, "{now:?} after {before:?}");
        before = now;
    }
    // The lease of the dead is over, and so is the quarantine of what they sent.
    let last = at("2026-03-02T10:18:00Z");
    let life = world.live_as(Binary::RetryRequested, last, last + INVOCATION, event, None).await;
    assert!(life.answer.is_some());
    let done = told(&mut world, last, &request, 2).await;
    assert!(done.tried > before.tried && done.tried <= RECORDS as u64, "{done:?} after {before:?}");
    assert_eq!(
        (done.resolved, done.unknown, done.at_least),
        (done.tried, 0, true),
        "what the dead had not noted is missing"
    );
    let stored = world.store.request(&acme(), &RequestId::new(request).unwrap()).await.unwrap().unwrap();
    assert_eq!(stored.state, RequestState::Done);
    // What nobody knew the outcome of is left to its schedule.
    passes(&mut world, at("2026-03-02T10:40:00Z")).await;

    let saved = saved(&world);
    assert_eq!(saved.len(), RECORDS, "every record is in Salesforce");
    let twice = saved.values().filter(|&&times| times > 1).count();
    assert!(saved.values().all(|&times| times <= 2) && twice <= IN_DOUBT, "{twice} were sent twice");
    let keys: Vec<_> = (0..RECORDS).map(|number| sample::key("acme", &id(number))).collect();
    let resolved = world.store.read(&keys).await.unwrap().into_iter().filter(|read| match &read.stored {
        Stored::Record(record) => matches!(record.state, State::Resolved { how: Resolution::Retried, .. }),
        Stored::Success(_) => false,
    });
    assert_eq!(resolved.count(), RECORDS, "every record is there, and resolved");
    world.end().await;
}
