//! Forced resyncs: which records a request means, what becomes of each, how its work is owed, and whose turn it is.
//! It must not know runs or stores.

use rules::counts::TryKind;
use rules::ids::{Epoch, ObjectName, RequestId};
use rules::owed::{Forced, Owed, Selection, Sweep, Turn};
use rules::record::{Failure, HoldReason, Next, Record, Resolution, State};
use rules::resync::{
    Action, Ask, Choice, Count, FailingState, MOST_OPEN, MOST_RECORDS, Matching, Planned, Progress, Request,
    RequestState, Skip, Skips, Wanted,
};
use rules::time::Timestamp;
use rules::tries::{Try, TryOutcome};
use serde_json::json;

use crate::support::{
    at, batch, connection_id, error_type, interval, object, recent, record_id, record_in, scheduled, timed_out, tried,
};

const NOON: &str = "2026-03-01T12:00:00Z";

fn request_id(text: &str) -> RequestId {
    RequestId::new(text).expect("a request's id")
}

fn request(name: &str) -> Request {
    Request {
        id: request_id(name),
        connection: connection_id(),
        action: Action::Resync,
        wanted: Wanted::all(),
        as_of: at(NOON),
        requested_by: "ada".to_owned(),
        state: RequestState::Open,
        planned: None,
        progress: Progress::default(),
        ended: None,
    }
}

fn owing(names: &[&str]) -> Owed {
    let note = |owed: Owed, name: &&str| owed.with_request(Forced::accepted(&request(name), Epoch(5))).expect("room");
    names.iter().fold(Owed::default(), note)
}

fn with_progress(owed: Owed, name: &str, tried: u64) -> Owed {
    let known = owed.request(&request_id(name)).cloned().expect("it is owed");
    owed.with_progress(Forced { progress: Progress { tried, ..known.progress }, ..known })
}

fn forced(name: &str) -> Selection {
    Selection::Forced { request: request_id(name), tick: at(NOON) }
}

/// What a request of noon, accepted when epoch 5 was the last, makes of the record.
fn chosen(wanted: &Wanted, record: &Record) -> Choice {
    chosen_by(&Request { wanted: wanted.clone(), ..request("r") }, record)
}

fn chosen_by(request: &Request, record: &Record) -> Choice {
    let after = Forced::accepted(request, Epoch(5)).after;
    Ask { policy: &interval(), request, after }.choose(record)
}

#[test]
fn a_request_tries_a_failing_record_whatever_its_queue_age_or_type() {
    let all = Wanted::all();
    let held = record_in(State::Held(HoldReason::ExcludedType));
    let sweeping = record_in(State::Scheduled(Next::Sweep));
    for record in [scheduled(), timed_out(), held, sweeping] {
        assert_eq!(chosen(&all, &record), Choice::Take, "{:?}", record.state);
    }
}

#[test]
fn a_request_skips_what_cannot_be_tried_and_says_why() {
    let resolved = record_in(State::Resolved { how: Resolution::Retried, at: at("2026-03-01T11:00:00Z") });
    let emptied = record_in(State::Held(HoldReason::PayloadMissing));
    let later = Record { first_failed: at("2026-03-01T12:00:00.001Z"), ..scheduled() };
    for (record, why) in [(resolved, Skip::Resolved), (emptied, Skip::PayloadMissing), (later, Skip::FailedAnew)] {
        assert_eq!(chosen(&Wanted::all(), &record), Choice::Skip(why));
    }
    let of_other_type = Wanted::Matching(Matching::of_type(error_type("daco-02")));
    assert_eq!(chosen(&of_other_type, &scheduled()), Choice::Skip(Skip::Changed));
}

#[test]
fn a_record_whose_error_became_of_the_type_after_the_instant_is_left_out_of_a_request_by_type() {
    let missing = Wanted::Matching(Matching::of_type(error_type("missing-argument")));
    let since = |text: &str| Record { type_since: Some(at(text)), ..scheduled() };
    assert_eq!(chosen(&missing, &since(NOON)), Choice::Take);
    let later = since("2026-03-01T12:00:00.001Z");
    assert_eq!(chosen(&missing, &later), Choice::Skip(Skip::Changed));
    for whatever_type in [Wanted::all(), Wanted::records([(object(), record_id("INV-1"))]).expect("one")] {
        assert_eq!(chosen(&whatever_type, &later), Choice::Take);
    }
}

#[test]
fn a_failure_notes_since_when_the_error_is_of_its_type_only_when_it_was_of_another() {
    let failure = |name: &str| Failure::new(error_type(name), "CODE", "message");
    let first = scheduled();
    let same = first.clone().fail(failure(first.failure.error_type.as_str()), at(NOON));
    assert_eq!(same.type_since, None);
    let other = same.fail(failure("daco-02"), at("2026-03-01T12:20:00Z"));
    assert_eq!(other.type_since, Some(at("2026-03-01T12:20:00Z")));
    let again = other.fail(failure("daco-02"), at("2026-03-01T12:40:00Z"));
    assert_eq!(again.type_since, Some(at("2026-03-01T12:20:00Z")));
}

#[test]
fn a_record_is_tried_once_for_a_request() {
    let all = Wanted::all();
    let try_of = |kind, epoch| Try { kind, ..tried(batch(epoch, 1), TryOutcome::Failed) };
    let after = |tries: &[Try]| {
        let record = tries.iter().fold(scheduled(), |record, &one| record.count(one));
        chosen(&all, &record)
    };
    assert_eq!(after(&[try_of(TryKind::Forced, 6)]), Choice::Done);
    assert_eq!(after(&[try_of(TryKind::Forced, 6), try_of(TryKind::Interval, 7)]), Choice::Done);
    assert_eq!(after(&[try_of(TryKind::Forced, 5)]), Choice::Take, "a try before the request was made for another one");
    assert_eq!(after(&[try_of(TryKind::Interval, 6)]), Choice::Take, "a schedule's try is nobody's wish");
}

#[test]
fn a_record_that_the_request_saved_is_tried_and_not_skipped() {
    let saved = Try { kind: TryKind::Forced, ..tried(batch(6, 1), TryOutcome::Saved) };
    let record = scheduled().count(saved).resolve(Resolution::Retried, at(NOON));
    assert_eq!(chosen(&Wanted::all(), &record), Choice::Done);
}

#[test]
fn requests_of_one_plan_share_their_tries_whenever_they_were_accepted() {
    let planned = Request { planned: Some(Planned { records: Count::exactly(1), epoch: Epoch(3) }), ..request("r") };
    let try_of = |epoch| Try { kind: TryKind::Forced, ..tried(batch(epoch, 1), TryOutcome::Failed) };
    assert_eq!(chosen_by(&planned, &scheduled().count(try_of(4))), Choice::Done, "since the plan");
    assert_eq!(chosen_by(&planned, &scheduled().count(try_of(3))), Choice::Take, "before it");
}

#[test]
fn a_deletion_takes_every_failing_record_that_is_meant_one_without_a_payload_included() {
    let deletion = Request { action: Action::Delete, ..request("r") };
    let forced = Try { kind: TryKind::Forced, ..tried(batch(6, 1), TryOutcome::Failed) };
    let emptied = record_in(State::Held(HoldReason::PayloadMissing));
    for record in [scheduled(), timed_out(), emptied, scheduled().count(forced)] {
        assert_eq!(chosen_by(&deletion, &record), Choice::Take, "{:?}", record.state);
    }
    let later = Record { first_failed: at("2026-03-01T12:00:00.001Z"), ..scheduled() };
    assert_eq!(chosen_by(&deletion, &later), Choice::Skip(Skip::FailedAnew));
    let resolved = |how, when: &str| record_in(State::Resolved { how, at: at(when) });
    assert_eq!(chosen_by(&deletion, &resolved(Resolution::Deleted, NOON)), Choice::Done);
    for record in [resolved(Resolution::Deleted, "2026-03-01T11:59:00Z"), resolved(Resolution::Retried, NOON)] {
        assert_eq!(chosen_by(&deletion, &record), Choice::Skip(Skip::Resolved), "{:?}", record.state);
    }
}

#[test]
fn a_child_is_taken_with_its_parent_whatever_the_description_says_unless_it_came_later() {
    let other = Request { wanted: Wanted::Matching(Matching::of_type(error_type("daco-02"))), ..request("r") };
    let policy = interval();
    let ask = Ask { policy: &policy, request: &other, after: Forced::accepted(&other, Epoch(5)).after };
    assert_eq!((ask.choose(&scheduled()), ask.choose_child(&scheduled())), (Choice::Skip(Skip::Changed), Choice::Take));
    let later = Record { first_failed: at("2026-03-01T12:00:00.001Z"), ..scheduled() };
    assert_eq!(ask.choose_child(&later), Choice::Skip(Skip::FailedAnew));
}

#[test]
fn a_deletion_has_its_own_turn_that_no_gate_keeps_back() {
    let deletion = Request { action: Action::Delete, ..request("d") };
    let owed = owing(&["r"]).with_request(Forced::accepted(&deletion, Epoch(5))).expect("room");
    assert_eq!(owed.next(at(NOON), Turn::Persons), Some(forced("r")));
    assert_eq!(owed.next_deletion(at(NOON)).map(|next| next.request.clone()), Some(request_id("d")));
    let only = owed.without_request(&request_id("r"));
    assert_eq!((only.next(at(NOON), Turn::Persons), only.ready(at(NOON))), (None, true));
    let written = serde_json::to_value(&only).expect("it can be written");
    assert_eq!(written["forced"][0]["action"], "delete");
    assert_eq!(serde_json::from_value::<Owed>(written).expect("it can be read"), only);
}

#[test]
fn a_run_that_takes_the_request_up_knows_its_own_tries_from_those_before() {
    let accepted = Forced::accepted(&request("r"), Epoch(5));
    let by_the_holder = accepted.clone().taken_up(Epoch(5), 17);
    assert_eq!(by_the_holder.after, batch(5, 17));
    assert_eq!(by_the_holder.clone().taken_up(Epoch(5), 40).after, batch(5, 17));
    assert_eq!(by_the_holder.taken_up(Epoch(6), 0).after, batch(5, 17));
    assert_eq!(accepted.clone().taken_up(Epoch(6), 3).after, accepted.after);
}

fn meant(wanted: &Wanted, record: &Record) -> bool {
    wanted.means(&interval(), record, at(NOON))
}

#[test]
fn a_request_means_the_records_that_it_names() {
    let record = scheduled();
    let other = ObjectName::new("Account").expect("an object name");
    let named = |object: ObjectName, id: &str| Wanted::Records(vec![(object, record_id(id))]);
    assert!(meant(&named(object(), "INV-1"), &record) && named(object(), "INV-1").has_object(&object()));
    assert!(!meant(&named(object(), "INV-2"), &record) && !meant(&named(other, "INV-1"), &record));
}

#[test]
fn a_request_means_the_records_that_fit_every_part_of_its_description() {
    let record = scheduled();
    let failed = record.first_failed;
    let other = ObjectName::new("Account").expect("an object name");
    let whole = Matching {
        error_type: Some(error_type("missing-argument")),
        object: Some(object()),
        state: Some(FailingState::Scheduled),
        failed_from: Some(failed),
        failed_to: Some(failed),
    };
    let means = |matching: &Matching| meant(&Wanted::Matching(matching.clone()), &record);
    assert!(means(&Matching::default()) && means(&whole));
    let moment = std::time::Duration::from_millis(1);
    for amiss in [
        Matching { error_type: Some(error_type("daco-02")), ..whole.clone() },
        Matching { object: Some(other), ..whole.clone() },
        Matching { state: Some(FailingState::TimedOut), ..whole.clone() },
        Matching { failed_from: Some(failed + moment), failed_to: None, ..whole.clone() },
        Matching { failed_from: None, failed_to: Some(failed - moment), ..whole },
    ] {
        assert!(!means(&amiss), "{amiss}");
    }
}

#[test]
fn a_record_is_expired_for_a_request_when_it_was_past_its_window_at_the_instant() {
    let record = Record { first_failed: at("2026-02-22T12:00:00Z"), ..record_in(State::Scheduled(Next::Sweep)) };
    let in_state = |state| Wanted::Matching(Matching { state: Some(state), ..Matching::default() });
    for (instant, expired) in [("2026-03-01T12:00:00Z", false), ("2026-03-01T12:00:00.001Z", true)] {
        assert_eq!(in_state(FailingState::Expired).means(&recent(), &record, at(instant)), expired, "{instant}");
        assert_eq!(in_state(FailingState::Scheduled).means(&recent(), &record, at(instant)), !expired, "{instant}");
    }
}

#[test]
fn a_description_is_said_in_words() {
    let whole = Matching {
        error_type: Some(error_type("daco-02")),
        object: Some(object()),
        state: Some(FailingState::TimedOut),
        failed_from: Some(at(NOON)),
        failed_to: Some(at(NOON)),
    };
    let said = "all of Invoice__c with daco-02 that are timed_out that first failed from 2026-03-01T12:00:00Z to \
                2026-03-01T12:00:00Z";
    assert_eq!(whole.to_string(), said);
    assert_eq!(Wanted::all().to_string(), "all");
}

#[test]
fn a_request_names_each_record_once_and_no_more_than_a_hundred() {
    let names = |count: usize| (0..count).map(|number| (object(), record_id(&number.to_string())));
    assert_eq!(Wanted::records(names(0)), None);
    assert_eq!(Wanted::records(names(MOST_RECORDS + 1)), None);
    let twice = Wanted::records(names(MOST_RECORDS).chain(names(MOST_RECORDS)));
    assert_eq!(twice, Some(Wanted::Records(names(MOST_RECORDS).collect())));
}

#[test]
fn progress_is_the_sum_of_its_outcomes() {
    use TryOutcome::{Failed, Gone, Held, Saved, TimedOut, Unknown};
    let progress =
        [Saved, Gone, Failed, TimedOut, Held, Unknown].into_iter().fold(Progress::default(), Progress::counting);
    assert_eq!(progress, Progress { tried: 6, resolved: 2, failed: 3, unknown: 1, ..Progress::default() });
}

#[test]
fn what_waits_is_the_planned_number_less_what_is_done_and_nothing_when_nobody_planned_or_it_has_ended() {
    let because = Skips { resolved: 2, changed: 1, ..Skips::default() };
    let progress = Progress { tried: 3, deleted: 1, ..Progress::default() }.skipping(because);
    assert_eq!((progress.skipped, progress.done()), (3, 7));
    let of = |records| Some(Planned { records, epoch: Epoch(1) });
    let planned = Request { planned: of(Count::about(10)), progress, ..request("r") };
    assert_eq!(planned.waiting(), Some(Count::about(3)));
    assert_eq!(Request { planned: of(Count::exactly(5)), ..planned.clone() }.waiting(), Some(Count::exactly(0)));
    assert_eq!(Request { state: RequestState::Done, ..planned.clone() }.waiting(), None);
    assert_eq!(Request { planned: None, ..planned }.waiting(), None);
}

#[test]
fn a_request_is_noted_once_and_there_is_room_for_sixteen() {
    let names: Vec<_> = (0..MOST_OPEN).map(|number| format!("r{number}")).collect();
    let full = owing(&names.iter().map(String::as_str).collect::<Vec<_>>());
    let again = full.clone().with_request(Forced::accepted(&request("r3"), Epoch(9)));
    assert_eq!(again, Some(full.clone()), "the same one again changes nothing");
    assert_eq!(full.clone().with_request(Forced::accepted(&request("more"), Epoch(9))), None);
    assert_eq!(full.clone().without_request(&request_id("r3")).forced.len(), MOST_OPEN - 1);
    assert!(!full.is_empty() && full.ready(at(NOON)));
}

#[test]
fn progress_of_a_request_that_was_cancelled_brings_it_not_back() {
    let known = owing(&["r"]).request(&request_id("r")).cloned().expect("it is owed");
    assert_eq!(Owed::default().with_progress(known), Owed::default());
}

#[test]
fn a_run_that_comes_for_a_request_adds_nothing_to_what_is_owed() {
    assert_eq!(Owed::default().with(&forced("r")), Owed::default());
    assert_eq!(forced("r").tick(), at(NOON));
    assert_eq!(request("r").selection(), forced("r"));
}

#[test]
fn schedules_and_persons_take_turns_and_who_begins_changes_from_run_to_run() {
    assert_eq!([4, 5, 6].map(|epoch| Turn::first_of(Epoch(epoch))), [Turn::Schedules, Turn::Persons, Turn::Schedules]);
    let due = Selection::Due { tick: at(NOON) };
    let both = owing(&["r"]).with(&due);
    assert_eq!(both.next(at(NOON), Turn::Schedules), Some(due.clone()));
    assert_eq!(both.next(at(NOON), Turn::Persons), Some(forced("r")));
    assert_eq!((Turn::after(&due), Turn::after(&forced("r"))), (Turn::Persons, Turn::Schedules));
    for turn in [Turn::Schedules, Turn::Persons] {
        assert_eq!(owing(&["r"]).next(at(NOON), turn), Some(forced("r")));
        assert_eq!(Owed::default().with(&due).next(at(NOON), turn), Some(due.clone()));
        assert_eq!(Owed::default().next(at(NOON), turn), None);
    }
}

#[test]
fn of_several_requests_the_one_that_has_come_least_far_is_next() {
    let owed = with_progress(owing(&["large", "small"]), "large", 2_000);
    assert_eq!(owed.next(at(NOON), Turn::Persons), Some(forced("small")));
    let owed = with_progress(owed, "small", 2_001);
    assert_eq!(owed.next(at(NOON), Turn::Persons), Some(forced("large")));
}

#[test]
fn a_request_that_waits_for_a_quarantine_lets_the_others_go_first() {
    let end = at("2026-03-01T12:13:00Z");
    let owed = owing(&["waits"]);
    let waiting = owed.request(&request_id("waits")).cloned().expect("it is owed");
    let waiting = Forced { sweep: Sweep { not_before: Some(end), ..waiting.sweep.clone() }, ..waiting };
    let owed = owed.with_progress(waiting);
    assert!(!owed.ready(at(NOON)) && owed.ready(end));
    assert_eq!((owed.next(at(NOON), Turn::Persons), owed.next(end, Turn::Persons)), (None, Some(forced("waits"))));
    let due = Selection::Due { tick: at(NOON) };
    assert!(!owed.others_wait(&due, at(NOON)) && owed.others_wait(&due, end));
}

#[test]
fn others_wait_when_the_other_side_or_another_request_is_ready() {
    let due = Selection::Due { tick: at(NOON) };
    let others_wait = |owed: Owed, selection: &Selection| owed.others_wait(selection, at(NOON));
    assert!(!others_wait(owing(&["r"]), &forced("r")) && !others_wait(Owed::default().with(&due), &due));
    assert!(others_wait(owing(&["r"]).with(&due), &forced("r")) && others_wait(owing(&["r"]).with(&due), &due));
    assert!(others_wait(owing(&["r", "s"]), &forced("r")));
    let night = Selection::TimedOut { tick: at(NOON) };
    assert!(!others_wait(Owed::default().with(&due).with(&night), &due), "the schedules keep their own order");
}

#[test]
fn work_owed_that_an_older_version_wrote_is_read() {
    let older = json!({ "due": NOON, "timed_out": null, "recent": null });
    let owed: Owed = serde_json::from_value(older.clone()).expect("it can be read");
    assert_eq!(owed, Owed { due: Some(at(NOON)), ..Owed::default() });
    assert_eq!(
        serde_json::to_value(&owed).expect("it can be written"),
        older,
        "and one without requests looks as before"
    );
    let now = owing(&["r", "s"]);
    let written = serde_json::to_value(&now).expect("it can be written");
    assert_eq!(serde_json::from_value::<Owed>(written).expect("it can be read"), now);
}

#[test]
fn a_selection_and_a_request_have_a_stable_form() {
    let written = serde_json::to_value(forced("r-1")).expect("it can be written");
    assert_eq!(written, json!({ "forced": { "request": "r-1", "tick": NOON } }));
    let wanted = Wanted::Matching(Matching { object: Some(object()), ..Matching::of_type(error_type("daco-02")) });
    let written = serde_json::to_value(Request { wanted, ..request("r-1") }).expect("it can be written");
    assert_eq!(
        written,
        json!({
            "id": "r-1", "connection": "acme", "as_of": NOON, "requested_by": "ada", "state": "open", "ended": null,
            "action": "resync", "wanted": { "matching": { "type": "daco-02", "object": "Invoice__c" } },
            "progress": { "tried": 0, "resolved": 0, "failed": 0, "unknown": 0, "skipped": 0 },
        })
    );
}

#[test]
fn a_request_id_is_1_to_64_letters_digits_dashes_and_underscores() {
    for right in ["a", "A-1_z", &"x".repeat(64)] {
        assert!(RequestId::new(right).is_ok(), "{right}");
    }
    for wrong in ["", "a b", "a/b", "ä", &"x".repeat(65)] {
        assert!(RequestId::new(wrong).is_err(), "{wrong}");
    }
}

#[test]
fn sixteen_requests_with_long_names_and_cursors_leave_the_control_item_small() {
    let names: Vec<_> = (0..MOST_OPEN).map(|number| format!("{number:0>64}")).collect();
    let owed = owing(&names.iter().map(String::as_str).collect::<Vec<_>>());
    let deep =
        |known: Forced| Forced { sweep: Sweep { cursor: Some("c".repeat(600)), ..known.sweep.clone() }, ..known };
    let full = owed.forced.clone().into_iter().map(deep).fold(owed, Owed::with_progress);
    let bytes = serde_json::to_string(&full).expect("it can be written").len();
    assert!(bytes < 20_000, "{bytes} bytes");
    assert!(full.forced.iter().all(|forced| forced.sweep.start == Timestamp::parse(NOON).expect("a time")));
}
