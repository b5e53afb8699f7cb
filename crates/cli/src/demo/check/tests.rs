//! The check sees every break: sound evidence, tampered with in one place, breaks exactly one invariant.
//!
//! Must not know: how the check looks for it.

mod sound;

use rules::counts::{ApiCalls, TryKind};
use rules::ids::{BatchId, Epoch, Fence};
use rules::record::{HoldReason, LastSend, Next, Resolution, State, Stored, SuccessMark};
use rules::tries::{Try, TryOutcome};
use rules::version::SourceVersion;
use salesforce_sim::{CallKind, Millis, Outcome};

use sound::{Morning, at, broken_by, call, connection, key, refused, retried, saved, sent};

/// No invariant.
const NOTHING: [u8; 0] = [];

#[test]
fn sound_evidence_breaks_nothing() {
    assert_eq!(Morning::sound().broken(), NOTHING);
}

#[test]
fn invariant_1_sees_a_record_that_is_not_in_the_table() {
    assert_eq!(broken_by(|morning| drop(morning.stored.remove(&key("marketing", "C-2")))), [1]);
}

#[test]
fn invariant_1_sees_a_failure_replaced_by_the_mark_of_a_success() {
    let key = key("marketing", "C-2");
    let version = SourceVersion::Number(1);
    let mark = SuccessMark { key: key.clone(), fence: Fence(1), source_version: version, at: at("06:30") };
    assert_eq!(broken_by(|morning| drop(morning.stored.insert(key, Stored::Success(mark)))), [1]);
}

#[test]
fn invariant_1_sees_a_record_called_resolved_that_nobody_saved() {
    for how in [Resolution::Retried, Resolution::SucceededElsewhere, Resolution::Gone, Resolution::Deleted] {
        let state = State::Resolved { how, at: at("06:20") };
        assert_eq!(broken_by(|morning| morning.item("marketing", "C-2").state = state), [1], "{how:?}");
    }
}

#[test]
fn invariant_1_sees_a_saved_record_that_is_kept_as_failing() {
    let state = State::Scheduled(Next::At(at("07:20")));
    assert_eq!(broken_by(|morning| morning.item("marketing", "C-1").state = state), [1]);
}

#[test]
fn invariant_1_sees_a_lost_payload() {
    let state = State::Held(HoldReason::PayloadMissing);
    assert_eq!(broken_by(|morning| morning.item("billing", "B-2").state = state), [1]);
}

#[test]
fn invariant_2_sees_a_send_while_an_earlier_one_is_under_way() {
    let late = Millis(at("06:41").as_millis());
    assert_eq!(broken_by(|morning| morning.log("marketing")[0].ended = late), [2]);
}

#[test]
fn invariant_2_sees_a_record_twice_in_one_call() {
    let twice = vec![sent(Some("C-2"), Outcome::NotProcessed), sent(Some("C-2"), Outcome::NotProcessed)];
    assert_eq!(broken_by(|morning| morning.log("marketing")[1].records = twice.into()), [2]);
}

#[test]
fn invariant_2_sees_a_send_that_follows_an_unanswered_one_too_soon() {
    let unanswered = |status: Option<u16>| {
        move |morning: &mut Morning| {
            morning.log("marketing")[2] = call(3, "06:51", status, vec![sent(Some("C-1"), Outcome::NotProcessed)]);
        }
    };
    assert_eq!(broken_by(unanswered(None)), [2]);
    assert_eq!(broken_by(unanswered(Some(500))), [2]);
    assert_eq!(broken_by(unanswered(Some(503))), NOTHING);
}

#[test]
fn invariant_4_sees_a_try_that_is_not_counted() {
    assert_eq!(broken_by(|morning| morning.item("marketing", "C-3").attempts.interval = 0), [4]);
}

#[test]
fn invariant_4_sees_a_try_that_was_never_made() {
    assert_eq!(broken_by(|morning| morning.item("marketing", "C-3").attempts.interval = 2), [4]);
}

#[test]
fn invariant_4_sees_a_try_counted_under_the_wrong_kind() {
    let tamper = |morning: &mut Morning| {
        let attempts = &mut morning.item("billing", "B-2").attempts;
        (attempts.recent, attempts.forced) = (0, 1);
    };
    assert_eq!(broken_by(tamper), [4]);
}

#[test]
fn invariant_5_sees_a_send_after_its_source_had_synced_the_record() {
    let tamper = |morning: &mut Morning| morning.facts.successes.extend([(key("marketing", "C-3"), at("06:10"))]);
    assert_eq!(broken_by(tamper), [5]);
}

#[test]
fn invariant_6_sees_one_call_more_than_the_cap() {
    let cap = |calls: u64| move |morning: &mut Morning| set_cap(morning, calls);
    assert_eq!(broken_by(cap(4)), NOTHING);
    assert_eq!(broken_by(cap(3)), [6]);
}

#[test]
fn invariant_6_counts_logins_and_what_the_source_reports_and_no_writes_of_others() {
    let mut login = call(5, "07:00", Some(200), vec![]);
    login.kind = CallKind::Token;
    let mut foreign = login.clone();
    foreign.kind = CallKind::External;
    let logged = |entry| {
        move |morning: &mut Morning| {
            set_cap(morning, 4);
            morning.log("marketing").push(entry);
        }
    };
    assert_eq!(broken_by(logged(foreign)), NOTHING);
    assert_eq!(broken_by(logged(login)), [6]);
    let reported = |morning: &mut Morning| {
        set_cap(morning, 4);
        morning.facts.reported.insert(connection("marketing"), vec![(at("06:50"), ApiCalls(1))]);
    };
    assert_eq!(broken_by(reported), [6]);
}

#[test]
fn invariant_7_sees_a_send_before_it_was_due() {
    let early = Millis(at("06:19").as_millis());
    let tamper = |morning: &mut Morning| {
        let entry = &mut morning.log("marketing")[1];
        (entry.started, entry.ended) = (early, early);
    };
    assert_eq!(broken_by(tamper), [7]);
}

#[test]
fn invariant_7_sees_a_sweep_s_record_sent_between_two_sweeps() {
    let early = Millis(at("11:20").as_millis());
    let tamper = |morning: &mut Morning| {
        let entry = &mut morning.log("billing")[0];
        (entry.started, entry.ended) = (early, early);
    };
    assert_eq!(broken_by(tamper), [7]);
}

#[test]
fn invariant_7_sees_a_send_past_the_window() {
    let long_ago = at("06:05") - std::time::Duration::from_hours(8 * 24);
    let tamper = |morning: &mut Morning| {
        let key = key("billing", "B-2");
        morning.facts.failures.get_mut(&key).expect("a known record")[0].at = long_ago;
    };
    assert_eq!(broken_by(tamper), [7]);
}

#[test]
fn invariant_7_sees_an_excluded_record_that_was_sent() {
    let records = vec![sent(Some("B-1"), Outcome::NotProcessed)];
    assert_eq!(broken_by(|morning| morning.log("billing").push(call(2, "11:30", Some(503), records))), [7]);
}

#[test]
fn invariant_7_sees_an_excluded_record_that_is_scheduled_and_another_that_is_held() {
    assert_eq!(broken_by(|morning| morning.item("billing", "B-1").state = State::Scheduled(Next::Sweep)), [7]);
    let tamper = |morning: &mut Morning| {
        let failures = morning.facts.failures.get_mut(&key("billing", "B-1")).expect("a known record");
        failures[0].excluded = false;
    };
    assert_eq!(broken_by(tamper), [7]);
}

#[test]
fn invariant_7_sees_a_saved_record_that_was_sent_again() {
    let tamper = |morning: &mut Morning| {
        let again = call(5, "07:20", Some(200), vec![sent(Some("C-1"), saved())]);
        morning.log("marketing").push(again);
        morning.published.push(retried("marketing", 5, &[("C-1", TryOutcome::Saved)]));
        morning.item("marketing", "C-1").attempts.interval = 3;
    };
    assert_eq!(broken_by(tamper), [7]);
}

#[test]
fn invariant_7_sees_records_that_never_failed_or_that_nobody_can_name() {
    let send = |id: Option<&'static str>| {
        move |morning: &mut Morning| {
            morning.log("marketing").push(call(5, "07:20", Some(503), vec![sent(id, Outcome::NotProcessed)]));
        }
    };
    assert_eq!(broken_by(send(Some("C-99"))), [7]);
    assert_eq!(broken_by(send(None)), [7]);
}

#[test]
fn invariant_7_sees_a_refused_record_that_waits_too_long_or_for_the_wrong_schedule() {
    let refused_only = |state: State| {
        move |morning: &mut Morning| {
            morning.log("marketing").truncate(3);
            morning.published.remove(1);
            let item = morning.item("marketing", "C-1");
            item.attempts.interval = 1;
            item.state = state;
        }
    };
    assert_eq!(broken_by(refused_only(State::Scheduled(Next::At(at("06:40"))))), NOTHING);
    assert_eq!(broken_by(refused_only(State::Scheduled(Next::At(at("07:00"))))), [7]);
    assert_eq!(broken_by(refused_only(State::Scheduled(Next::Sweep))), [7]);
    assert_eq!(broken_by(refused_only(State::TimedOut { next: at("23:59") })), [7]);
}

#[test]
fn invariant_8_sees_a_503_a_401_and_a_403_that_counted_as_a_try() {
    for status in [503, 401, 403] {
        let tamper = |morning: &mut Morning| {
            morning.log("marketing")[1].status = Some(status);
            morning.item("marketing", "C-2").attempts.interval = 1;
        };
        assert_eq!(broken_by(tamper), [8], "{status}");
    }
}

#[test]
fn invariant_8_sees_an_answer_that_blames_the_org_and_counted_as_a_try() {
    let tamper = |morning: &mut Morning| {
        let full = Outcome::Refused { code: "STORAGE_LIMIT_EXCEEDED".into() };
        morning.log("marketing")[1] = call(2, "06:20", Some(200), vec![sent(Some("C-2"), full)]);
        morning.item("marketing", "C-2").attempts.interval = 1;
    };
    assert_eq!(broken_by(tamper), [8]);
}

#[test]
fn invariant_8_sees_every_trace_that_a_503_leaves_on_an_item() {
    let batch = BatchId { epoch: Epoch(1), sequence: 2 };
    let tried = Try { batch, at: at("06:20"), kind: TryKind::Interval, outcome: TryOutcome::Failed };
    let send = LastSend { version: SourceVersion::Number(1), until: at("06:30") };
    let moved = State::Scheduled(Next::At(at("06:40")));
    assert_eq!(broken_by(|morning| morning.item("marketing", "C-2").state = moved), [8]);
    assert_eq!(broken_by(|morning| morning.item("marketing", "C-2").last_failed = at("06:20")), [8]);
    assert_eq!(broken_by(|morning| morning.item("marketing", "C-2").failure.code = "SERVER_DOWN".to_owned()), [8]);
    assert_eq!(broken_by(|morning| morning.item("marketing", "C-2").last_send = Some(send)), [8]);
    let remember = |morning: &mut Morning| {
        let item = morning.item("marketing", "C-2");
        item.tries = std::mem::take(&mut item.tries).with(tried);
    };
    assert_eq!(broken_by(remember), [8]);
}

#[test]
fn invariant_8_sees_a_503_that_moved_the_last_failure_of_a_record_that_had_failed_before() {
    assert_eq!(broken_by(|morning| morning.item("marketing", "C-1").last_failed = at("06:40")), [8]);
}

#[test]
fn invariant_10_sees_an_outcome_that_was_not_published() {
    assert_eq!(broken_by(|morning| drop(morning.published.remove(1))), [10]);
}

#[test]
fn invariant_10_sees_an_outcome_that_never_was() {
    for id in ["C-1", "C-2", "C-99"] {
        let event = retried("marketing", 9, &[(id, TryOutcome::Failed)]);
        assert_eq!(broken_by(|morning| morning.published.push(event)), [10], "{id}");
    }
}

#[test]
fn invariant_10_sees_an_outcome_published_as_another_one() {
    let event = retried("marketing", 4, &[("C-1", TryOutcome::Failed)]);
    assert_eq!(broken_by(|morning| morning.published[1] = event), [10]);
}

#[test]
fn invariant_10_takes_the_same_event_twice_and_not_two_outcomes_under_one_id() {
    let again = |outcome: TryOutcome| {
        move |morning: &mut Morning| {
            morning.published.push(retried("marketing", 4, &[("C-1", outcome)]));
        }
    };
    assert_eq!(broken_by(again(TryOutcome::Saved)), NOTHING);
    assert_eq!(broken_by(again(TryOutcome::Unknown)), [10]);
}

#[test]
fn a_try_whose_outcome_is_unknown_may_be_counted_or_not() {
    for interval in [0, 1] {
        let tamper = |morning: &mut Morning| {
            morning.log("marketing")[1] = call(2, "06:20", None, vec![sent(Some("C-2"), Outcome::NotProcessed)]);
            let item = morning.item("marketing", "C-2");
            item.attempts.interval = interval;
            item.state = State::Scheduled(Next::At(at("06:40")));
        };
        assert_eq!(broken_by(tamper), NOTHING, "{interval} counted");
    }
}

#[test]
fn a_newer_failure_starts_the_count_and_the_schedule_anew() {
    let tamper = |morning: &mut Morning| {
        let failures = morning.facts.failures.get_mut(&key("marketing", "C-3")).expect("a known record");
        let anew = failures[0].clone();
        failures.push(super::Accepted { at: at("08:05"), ..anew });
        morning.log("marketing").push(call(5, "08:20", Some(200), vec![sent(Some("C-3"), refused())]));
        morning.published.push(retried("marketing", 5, &[("C-3", TryOutcome::Failed)]));
        let item = morning.item("marketing", "C-3");
        (item.attempts.interval, item.last_failed) = (1, at("08:20"));
        item.state = State::Scheduled(Next::At(at("08:40")));
    };
    assert_eq!(broken_by(tamper), NOTHING);
}

fn set_cap(morning: &mut Morning, calls: u64) {
    morning.facts.caps.insert(connection("marketing"), vec![(at("06:00"), ApiCalls(calls))]);
}
