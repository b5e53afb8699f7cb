//! How a function's process starts, and what it says when it cannot.
//!
//! Must not know: what a function does.

use std::time::Duration;

use engine::fan_out::Schedule;
use engine::ports::KeyedAction;
use functions::handlers::scheduled_event;
use rules::time::Timestamp;
use serde_json::Value;

use super::environment::Environment;
use super::process::{Binary, Function};

/// These variables and no others.
fn variables<const N: usize>(variables: [(&str, &str); N]) -> Environment {
    variables.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_process_without_its_settings_ends_at_once_and_lists_all_that_is_missing_or_wrong() {
    for binary in Binary::FUNCTIONS {
        let environment = variables([("RUST_LOG", "no=such=level")]);
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
    let environment = variables([("RESYNC_TABLE", "t"), ("RESYNC_OPERATORS", patterns)]);
    let ended = Function::start(Binary::Api, &environment).await.ended().await;
    assert!(!ended.status.success());
    for expected in ["RESYNC_EVENT_BUS: is missing", "RESYNC_OPERATORS: holds what is no ARN of a principal"] {
        assert!(ended.output.contains(expected), "{}", ended.output);
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
