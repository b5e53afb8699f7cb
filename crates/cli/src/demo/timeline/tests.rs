//! The timeline's text: what is merged into one line, and what is kept apart.
//!
//! Must not know: a whole play.

use engine::ports::{RunReport, StopReason};
use rules::ids::{ConnectionId, Epoch, RunId};
use rules::owed::Selection;
use rules::time::Timestamp;

use super::Timeline;

fn at(time: &str) -> Timestamp {
    Timestamp::parse(&format!("2026-10-24T{time}:00Z")).expect("a time of day")
}

fn acme() -> ConnectionId {
    ConnectionId::new("acme").expect("a connection's name")
}

fn ran(timeline: &mut Timeline, time: &str, tried: u64, stopped: StopReason) {
    let report = RunReport {
        run: RunId(1),
        epoch: Epoch(1),
        selection: Selection::Due { tick: at(time) },
        started: at(time),
        ended: at(time),
        stopped,
        api_calls: tried.min(1),
        tried,
        resolved: 0,
        failed: tried,
        unknown: 0,
        skipped: 0,
        deleted: 0,
    };
    timeline.ran(at(time), &acme(), &report);
}

/// The lines without the day, their spaces made one.
fn lines(timeline: &Timeline) -> Vec<String> {
    let text = timeline.render();
    let words = |line: &str| line.split_whitespace().collect::<Vec<_>>().join(" ");
    text.lines().filter(|line| line.starts_with("  ")).map(words).collect()
}

#[test]
fn runs_of_one_kind_that_follow_each_other_are_one_line() {
    let mut timeline = Timeline::default();
    ran(&mut timeline, "06:20", 30, StopReason::Done);
    ran(&mut timeline, "06:40", 20, StopReason::Done);
    assert_eq!(lines(&timeline), ["06:20-06:40 acme every 20 min 2 runs 50 tried 0 saved 50 failed 2 calls"]);
}

#[test]
fn a_run_that_stopped_early_is_a_line_of_its_own_and_says_why() {
    let mut timeline = Timeline::default();
    ran(&mut timeline, "06:20", 30, StopReason::Done);
    ran(&mut timeline, "06:40", 20, StopReason::Budget);
    assert_eq!(
        lines(&timeline),
        [
            "06:20 acme every 20 min 1 run 30 tried 0 saved 30 failed 1 call",
            "06:40 acme every 20 min 1 run 20 tried 0 saved 20 failed 1 call: stopped: API budget used up",
        ]
    );
}

#[test]
fn a_run_that_did_nothing_is_not_shown() {
    let mut timeline = Timeline::default();
    ran(&mut timeline, "06:20", 0, StopReason::Done);
    assert!(lines(&timeline).is_empty());
}

#[test]
fn a_happening_parts_the_runs_before_it_from_those_after_it() {
    let mut timeline = Timeline::default();
    ran(&mut timeline, "06:20", 30, StopReason::Done);
    timeline.happened(at("06:30"), "somebody mends a trigger");
    ran(&mut timeline, "06:40", 20, StopReason::Done);
    let shown = lines(&timeline);
    assert_eq!(shown.len(), 3);
    assert_eq!(shown[1], "06:30 * somebody mends a trigger");
}

#[test]
fn ticks_at_which_a_connection_is_blocked_are_one_stretch_with_its_first_reasons() {
    let mut timeline = Timeline::default();
    timeline.blocked(at("06:20"), &acme(), vec!["5 of 5 calls used".to_owned(), "paused".to_owned()]);
    timeline.blocked(at("06:40"), &acme(), vec!["6 of 5 calls used".to_owned()]);
    assert_eq!(lines(&timeline), ["06:20-06:40 acme nothing sent at 2 ticks:", "5 of 5 calls used", "paused"]);
}

#[test]
fn one_blocked_tick_is_written_as_one() {
    let mut timeline = Timeline::default();
    timeline.blocked(at("06:20"), &acme(), vec!["paused".to_owned()]);
    assert_eq!(lines(&timeline)[0], "06:20 acme nothing sent at 1 tick:");
}

#[test]
fn each_day_has_one_heading() {
    let mut timeline = Timeline::default();
    timeline.happened(at("06:00"), "one");
    timeline.happened(at("07:00"), "two");
    timeline.happened(at("07:00") + std::time::Duration::from_hours(24), "three");
    let text = timeline.render();
    assert_eq!(text.matches("Saturday 24 October").count(), 1);
    assert_eq!(text.matches("Sunday 25 October").count(), 1);
}
