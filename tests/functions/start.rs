//! How a function's process starts, what it says when it cannot, and what becomes of a panic.
//!
//! Must not know: what a function does.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use engine::fan_out::Schedule;
use engine::ports::KeyedAction;
use functions::handlers::scheduled_event;
use rules::time::Timestamp;
use serde_json::{Value, json};

use super::process::{Binary, Function};
use super::world::World;
use crate::deploy::environment::asked_by;

#[tokio::test(flavor = "multi_thread")]
async fn a_process_without_its_settings_ends_at_once_and_lists_all_that_is_missing_or_wrong() {
    let retries = [Binary::RetryDue, Binary::RetryTimedOut, Binary::RetryRecent, Binary::RetryRequested];
    for binary in retries.into_iter().chain([Binary::Ingest, Binary::Api]) {
        let environment = BTreeMap::from([("RUST_LOG", "no=such=level".to_owned())]);
        let ended = Function::start(binary, &environment).await.ended().await;
        assert!(!ended.status.success());
        for expected in ["RESYNC_TABLE: is missing", "RESYNC_EVENT_BUS: is missing", "RUST_LOG: is not a filter"] {
            assert!(ended.output.contains(expected), "{binary:?}: {}", ended.output);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_function_behind_the_url_lists_wrong_patterns_too() {
    let patterns = "arn:aws:iam::111122223333:user/ada, everybody";
    let environment = BTreeMap::from([("RESYNC_TABLE", "t".to_owned()), ("RESYNC_OPERATORS", patterns.to_owned())]);
    let ended = Function::start(Binary::Api, &environment).await.ended().await;
    assert!(!ended.status.success());
    for expected in ["RESYNC_EVENT_BUS: is missing", "RESYNC_OPERATORS: holds what is no ARN of a principal"] {
        assert!(ended.output.contains(expected), "{}", ended.output);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_panic_is_reported_as_the_invocations_error_and_the_process_serves_on() {
    let environment = BTreeMap::from([("RESYNC_TABLE", "t".to_owned()), ("RESYNC_EVENT_BUS", "b".to_owned())]);
    let mut function = Function::start(Binary::Panics, &environment).await;
    for _ in 0..2 {
        let error = function.fail(json!({})).await;
        assert!(error["errorMessage"].as_str().unwrap().contains("a panic on purpose"), "{error}");
    }
}

/// The schedules' event, as the template words it, once `EventBridge` Scheduler has filled it in.
fn event_of_the_template(time: &str) -> Value {
    let template = include_str!("../../template.yaml");
    let input = template.lines().map(str::trim).find(|line| line.starts_with(r#"{"source":"aws.scheduler""#)).unwrap();
    let arn = "arn:aws:scheduler:us-east-1:123456789012:schedule/default/retry-due";
    let filled = input.replace("<aws.scheduler.scheduled-time>", time).replace("<aws.scheduler.schedule-arn>", arn);
    serde_json::from_str(&filled).unwrap()
}

#[test]
fn the_event_that_the_tests_send_is_the_one_that_the_template_sets() {
    let time = "2026-03-01T09:20:00Z";
    let tick = Timestamp::parse(time).unwrap();
    assert_eq!(scheduled_event(Schedule::Due, tick), event_of_the_template(time));
}

/// Else another attempt could begin while the first one is at work, by clocks that differ by no more than a minute.
#[test]
fn an_attempt_at_an_action_holds_its_key_for_longer_than_the_function_may_take() {
    let (_, api) = include_str!("../../template.yaml").split_once("\n  Api:\n").unwrap();
    let seconds = api.lines().find_map(|line| line.trim().strip_prefix("Timeout: ")).unwrap();
    let timeout = Duration::from_secs(seconds.parse().unwrap());
    assert!(KeyedAction::LEASE >= timeout + Duration::from_mins(1), "the function may take {timeout:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_environment_that_the_tests_give_has_the_variables_that_the_template_sets() {
    let world = World::start().await;
    let given = world.environment();
    let ours: BTreeSet<&str> = given.keys().copied().filter(|name| !name.starts_with("AWS_")).collect();
    assert_eq!(ours, asked_by("ingest"));
}

#[test]
fn the_command_that_measures_functions_says_size_time_and_memory_of_each() {
    let project = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let program = Binary::Ingest.path();
    let mut measure = Command::new(project.join(".venv/bin/python"));
    let measured = measure.arg(project.join("infra/measure.py")).arg(&program).output().unwrap();
    let said = String::from_utf8(measured.stdout).unwrap();
    let line = said.lines().nth(1).unwrap_or_else(|| panic!("{}", String::from_utf8_lossy(&measured.stderr)));
    let words: Vec<&str> = line.split_whitespace().collect();
    assert_eq!([words[2], words[4], words[6]], ["MB", "ms", "MB"], "{line}");
    assert!([words[1], words[3], words[5]].iter().all(|figure| figure.parse::<f64>().unwrap() > 0.0), "{line}");
}
