//! The metrics in the logs of the real binaries: in the embedded metric format, complete, and without anything secret.
//!
//! Must not know: what is inside a binary.

use std::collections::BTreeSet;

use engine::fan_out::Schedule;
use functions::handlers::scheduled_event;
use functions::metrics::{EVENT_BUS, Metric, NAMESPACE, SCHEDULE};
use rules::time::Timestamp;
use salesforce_sim::{Failure, Rule, Selector};
use serde_json::{Value, json};

use super::clock::{HOUR, TICK, now};
use super::environment::BUS;
use super::process::{Binary, Function};
use super::reports::{CANARY, batch, failed};
use super::secrets::CLIENT_SECRET;
use super::world::World;
use crate::deploy::alarms::looked_at_by_alarms;

/// The lines of a log that `CloudWatch` makes metrics of.
fn lines(log: &str) -> Vec<Value> {
    assert!(!log.contains(CANARY) && !log.contains(CLIENT_SECRET), "{log}");
    let parsed = log.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    parsed.filter(|line| line.get("_aws").is_some()).collect()
}

/// The metrics of a line, each with its dimensions, as `CloudWatch` would make them.
/// <https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html>
fn metrics(line: &Value) -> Vec<(String, Vec<String>)> {
    let millis = line["_aws"]["Timestamp"].as_i64().unwrap();
    assert!(now() - HOUR < Timestamp::from_millis(millis) && Timestamp::from_millis(millis) < now() + HOUR, "{line}");
    let mut found = Vec::new();
    for directive in line["_aws"]["CloudWatchMetrics"].as_array().unwrap() {
        assert_eq!(directive["Namespace"], NAMESPACE);
        let [dimensions] = &directive["Dimensions"].as_array().unwrap()[..] else { panic!("{line}") };
        let dimensions: Vec<String> = serde_json::from_value(dimensions.clone()).unwrap();
        assert!(dimensions.iter().all(|name| line[name].is_string()), "a dimension has no value in {line}");
        assert_eq!(line[EVENT_BUS], BUS);
        for metric in directive["Metrics"].as_array().unwrap() {
            let name = metric["Name"].as_str().unwrap();
            let known = Metric::ALL.into_iter().find(|known| known.name() == name);
            assert_eq!(metric["Unit"], format!("{:?}", known.unwrap().unit()), "{line}");
            assert!(line[name].is_u64(), "{name} has no value in {line}");
            found.push((name.to_owned(), dimensions.clone()));
        }
    }
    found
}

/// The values of one metric, oldest first.
fn values(lines: &[Value], metric: Metric) -> Vec<u64> {
    lines.iter().filter_map(|line| line[metric.name()].as_u64()).collect()
}

async fn tick(function: &mut Function, world: &World, schedule: Schedule, tick: Timestamp) {
    function.invoke(scheduled_event(schedule, tick)).await;
    for event in world.bus.take_kind("Run Requested") {
        function.invoke(event).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_says_what_it_did_and_a_batch_what_was_taken_in() {
    let world = World::start().await;
    world.connect("acme", json!({"kind": "interval"})).await;
    world.salesforce.add_rule(Rule::new("lock", "Contact", Selector::external_ids(["bob"]), Failure::RowLock));
    let mut ingest = world.function(Binary::Ingest).await;
    let unknown = failed("nobody", "cy", now() - TICK);
    ingest.invoke(batch(&[failed("acme", "ann", now() - TICK), failed("acme", "bob", now() - TICK), unknown])).await;
    let taken = lines(&ingest.log().await);
    assert_eq!((values(&taken, Metric::ReportsTakenIn), values(&taken, Metric::ReportsRefused)), (vec![2], vec![1]));

    let mut due = world.function(Binary::RetryDue).await;
    tick(&mut due, &world, Schedule::Due, now()).await;
    let [ticked, ran] = lines(&due.log().await).try_into().unwrap();
    assert_eq!((&ticked[SCHEDULE], metrics(&ticked).len()), (&json!("due"), 1));
    let counts = [Metric::Runs, Metric::ApiCalls, Metric::RecordsTried, Metric::RecordsResolved, Metric::RecordsFailed];
    assert_eq!(counts.map(|metric| ran[metric.name()].clone()), [1, 2, 2, 1, 1].map(Value::from));
    assert_eq!((&ran["connection"], &ran["RecordsWaiting"]), (&json!("acme"), &json!(1)));
    assert_eq!(metrics(&ran).len(), 5 + 3, "{ran}");
}

/// What the alarms look at is really written, and under the dimensions that they look at.
#[tokio::test(flavor = "multi_thread")]
async fn every_metric_of_ours_that_an_alarm_looks_at_is_in_the_logs_of_the_real_binaries() {
    let world = World::start().await;
    let (at, midnight) = (now() - HOUR * 2, now() + HOUR * 24);
    // One that falls behind, and whose records time out; one without a budget; one of a newer version of the program.
    world.connect("acme", json!({"kind": "interval", "tries": 1})).await;
    world.connect_with("poor", json!({"kind": "interval"}), json!({"cap_without_limit": 1})).await;
    world.connect("newer", json!({"kind": "interval"})).await;
    world.salesforce.add_rule(Rule::new("lock", "Contact", Selector::Every, Failure::RowLock));
    let mut ingest = world.function(Binary::Ingest).await;
    let reports = ["acme", "poor", "newer"].map(|connection| failed(connection, "ann", at));
    ingest.invoke(batch(&reports)).await;
    world.write_as_a_newer_version("newer").await;

    let mut due = world.function(Binary::RetryDue).await;
    tick(&mut due, &world, Schedule::Due, now()).await;
    let mut timed_out = world.function(Binary::RetryTimedOut).await;
    tick(&mut timed_out, &world, Schedule::TimedOut, midnight).await;
    let mut recent = world.function(Binary::RetryRecent).await;
    tick(&mut recent, &world, Schedule::Recent, now()).await;
    // And a login that is refused, to a process that holds no token.
    world.salesforce.set_secret("another".into());
    ingest.invoke(batch(&[failed("acme", "bob", at)])).await;
    let mut without_token = world.function(Binary::RetryDue).await;
    tick(&mut without_token, &world, Schedule::Due, now()).await;

    let mut written = BTreeSet::new();
    for function in [due, timed_out, recent, without_token, ingest] {
        for line in lines(&function.log().await) {
            let schedule = line[SCHEDULE].as_str().unwrap_or_default().to_owned();
            written.extend(metrics(&line).into_iter().map(|(name, dimensions)| match dimensions.len() {
                1 => (name, String::new()),
                _ => (name, schedule.clone()),
            }));
        }
    }
    let looked_at = looked_at_by_alarms();
    assert!(looked_at.len() >= 8, "{looked_at:?}");
    let missing: Vec<_> = looked_at.difference(&written).collect();
    assert!(missing.is_empty(), "{missing:?} is in no log; there are {written:?}");
}
