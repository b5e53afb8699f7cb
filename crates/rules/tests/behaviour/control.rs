//! Lease and work owed: taken together, noted for the holder, never lost.
//! It must not know how the control item is written.

use proptest::prelude::*;
use rules::control::Control;
use rules::ids::{BatchId, Epoch, RequestId, RunId};
use rules::lease::{Take, release, take};
use rules::owed::{Forced, Owed, Selection, Sweep};
use rules::resync::{Action, Progress};
use rules::time::Timestamp;

use crate::reference::lease::{Book, Stay};
use crate::support::{at, minutes, seeded};

const NOON: &str = "2026-03-01T12:00:00Z";

fn due(text: &str) -> Selection {
    Selection::Due { tick: at(text) }
}

fn take_at_noon(control: Control, holder: u64, work: &Selection) -> Take {
    take(control, RunId(holder), at(NOON) + minutes(16), work, at(NOON))
}

fn free(taken: Take) -> Control {
    let Take::Free(control) = taken else { panic!("{taken:?} is not free") };
    *control
}

#[test]
fn an_idle_connection_is_taken_together_with_the_work() {
    let control = free(take_at_noon(Control::default(), 7, &due(NOON)));
    let lease = control.lease.clone().expect("a lease");
    assert_eq!((lease.holder, lease.epoch, lease.until), (RunId(7), Epoch(1), at("2026-03-01T12:16:00Z")));
    assert_eq!((control.epoch, control.owed.due), (Epoch(1), Some(at(NOON))));
    assert!(control.is_held_by(Epoch(1)) && !control.is_held_by(Epoch(2)));
}

#[test]
fn a_busy_connection_gets_the_work_noted_and_keeps_its_holder() {
    let held = free(take_at_noon(Control::default(), 7, &due(NOON)));
    let night = Selection::TimedOut { tick: at(NOON) };
    let Take::Busy { until, noting: Some(noted) } = take_at_noon(held.clone(), 8, &night) else { panic!("not busy") };
    assert_eq!(until, at("2026-03-01T12:16:00Z"));
    assert_eq!((&noted.lease, noted.epoch, noted.owed.due), (&held.lease, held.epoch, held.owed.due));
    assert_eq!(noted.owed.timed_out, Some(Sweep::starting(at(NOON))));
    assert_eq!(take_at_noon(*noted, 9, &night), Take::Busy { until, noting: None });
}

#[test]
fn a_holder_whose_reply_was_lost_recognises_its_lease_and_work() {
    let held = free(take_at_noon(Control::default(), 7, &due(NOON)));
    assert_eq!(take_at_noon(held.clone(), 7, &due(NOON)), Take::Ours(Box::new(held)));
}

#[test]
fn a_lease_ends_at_its_instant_and_the_next_taker_has_a_greater_epoch() {
    let held = free(take_at_noon(Control::default(), 7, &due(NOON)));
    let until = at("2026-03-01T12:16:00Z");
    let before = Timestamp::from_millis(until.as_millis() - 1);
    assert!(!held.has_dead_lease(before) && held.has_dead_lease(until));
    assert!(matches!(take(held.clone(), RunId(8), until, &due(NOON), before), Take::Busy { .. }));
    let next = free(take(held, RunId(8), until + minutes(16), &due(NOON), until));
    assert_eq!((next.epoch, next.is_held_by(Epoch(1))), (Epoch(2), false));
}

/// Invariant 3, Fencing: a deposed run cannot end the lease of the one that came after it.
#[test]
fn what_a_request_was_told_to_have_come_to_is_a_lower_bound_once_a_run_died_at_it() {
    let request = RequestId::new("all").expect("a request's id");
    let forced = Forced {
        request: request.clone(),
        action: Action::Resync,
        sweep: Sweep::starting(at(NOON)),
        progress: Progress { tried: 7, resolved: 7, ..Progress::default() },
        after: BatchId { epoch: Epoch(0), sequence: 0 },
        worked_by: None,
    };
    let owed = Owed::default().with_request(forced.clone()).expect("there is room");
    let idle = free(take_at_noon(Control { owed, ..Control::default() }, 7, &due(NOON)));
    let owed = idle.owed.clone().with_progress(forced.taken_up(idle.epoch, 0));
    let held = Control { owed, ..idle.clone() };
    let told = |control: &Control| control.owed.request(&request).expect("it is owed").progress;
    assert!(!told(&held).at_least, "nobody has died");
    let released = release(held.clone(), Epoch(1)).expect("it is held");
    let after =
        |control: Control| free(take(control, RunId(8), at(NOON) + minutes(60), &due(NOON), at(NOON) + minutes(30)));
    assert!(!told(&after(released)).at_least, "the run ended in peace");
    assert!(!told(&after(idle)).at_least, "the run that died did not work at it");
    assert_eq!(told(&after(held)), Progress { tried: 7, resolved: 7, at_least: true, ..Progress::default() });
}

#[test]
fn only_the_run_that_holds_the_lease_releases_it_and_the_work_owed_stays() {
    let held = free(take_at_noon(Control::default(), 7, &due(NOON)));
    assert_eq!(release(held.clone(), Epoch(2)), None);
    let released = release(held.clone(), Epoch(1)).expect("ours");
    assert_eq!(released, Control { lease: None, ..held });
    assert_eq!(release(released, Epoch(1)), None);
}

#[test]
fn a_newer_sweep_takes_the_older_one_s_place_and_an_older_or_equal_one_changes_nothing() {
    let under_way = Sweep { cursor: Some("page 3".to_owned()), again: true, ..Sweep::starting(at(NOON)) };
    let owed = Owed { recent: Some(under_way), ..Owed::default() };
    for older in ["2026-03-01T11:30:00Z", NOON] {
        assert_eq!(owed.clone().with(&Selection::Recent { tick: at(older) }), owed);
    }
    let newer = at("2026-03-01T23:30:00Z");
    assert_eq!(owed.with(&Selection::Recent { tick: newer }).recent, Some(Sweep::starting(newer)));
}

#[test]
fn the_latest_tick_of_due_records_is_enough() {
    let owed = [NOON, "2026-03-01T12:40:00Z", "2026-03-01T12:20:00Z"].map(due).iter().fold(Owed::default(), Owed::with);
    assert_eq!(owed.due, Some(at("2026-03-01T12:40:00Z")));
}

#[test]
fn asking_for_what_is_owed_owes_nothing_more() {
    let owed = Owed::default().with(&Selection::Owed { tick: at(NOON) });
    assert!(owed.is_empty());
    assert_eq!(Selection::Owed { tick: at(NOON) }.tick(), at(NOON));
}

#[test]
fn a_sweep_that_waits_for_a_quarantine_is_owed_and_not_ready() {
    let end = at("2026-03-01T12:13:00Z");
    let waiting = Sweep { not_before: Some(end), ..Sweep::starting(at(NOON)) };
    let owed = Owed { timed_out: Some(waiting), ..Owed::default() };
    assert!(!owed.is_empty() && !owed.ready(at(NOON)) && owed.ready(end));
    assert!(owed.with(&due(NOON)).ready(at(NOON)));
    assert!(!Owed::default().ready(at(NOON)));
}

/// Something that happens to a connection: so many minutes later, a run comes for work, or the holder releases.
#[derive(Clone, Debug)]
struct Step {
    wait: u64,
    work: Option<Selection>,
}

fn any_steps() -> impl Strategy<Value = Vec<Step>> {
    let tick = (0_u64..80).prop_map(|turn| at("2026-03-01T00:00:00Z") + minutes(20 * turn));
    let work = (tick, 0_u8..4).prop_map(|(tick, kind)| match kind {
        0 => Selection::Due { tick },
        1 => Selection::TimedOut { tick },
        2 => Selection::Recent { tick },
        _ => Selection::Owed { tick },
    });
    prop::collection::vec(
        (0_u64..25, prop::option::weighted(0.7, work)).prop_map(|(wait, work)| Step { wait, work }),
        1..60,
    )
}

/// Whether `owed` reaches all that `work` asks for: by itself, or by a newer tick of the same kind.
fn covers(owed: &Owed, work: &Selection) -> bool {
    match work {
        Selection::Due { tick } => owed.due >= Some(*tick),
        Selection::TimedOut { tick } => owed.timed_out.as_ref().is_some_and(|sweep| sweep.start >= *tick),
        Selection::Recent { tick } => owed.recent.as_ref().is_some_and(|sweep| sweep.start >= *tick),
        // A request is noted when it is accepted, not by the run that comes for it.
        Selection::Forced { .. } | Selection::Owed { .. } => true,
    }
}

/// A run comes for `work`; the book notes who is let in, and the control item is what would be written.
fn knock(control: Control, book: &mut Book, holder: u64, work: &Selection, now: Timestamp) -> Control {
    let until = now + minutes(16);
    match take(control.clone(), RunId(holder), until, work, now) {
        Take::Free(taken) => {
            assert!(book.inside(now).is_none(), "somebody is inside at {now}");
            book.0.push(Stay { holder, epoch: taken.epoch.0, from: now, to: until });
            *taken
        }
        Take::Busy { until, noting } => {
            assert_eq!(book.inside(now).map(|stay| stay.to), Some(until));
            noting.map_or(control, |noted| *noted)
        }
        Take::Ours(_) => panic!("holders are new each time"),
    }
}

proptest! {
    #![proptest_config(seeded(300))]

    /// Invariants 1, Conservation (of work), 2, Exclusion, and 12, Progress.
    #[test]
    fn runs_never_overlap_epochs_only_grow_and_no_noted_work_is_lost(steps in any_steps()) {
        let (mut control, mut book, mut noted, mut now) = (Control::default(), Book::default(), Vec::new(), at("2026-03-01T00:00:00Z"));
        for (holder, step) in (1_u64..).zip(steps) {
            now = now + minutes(step.wait);
            match step.work {
                Some(work) => {
                    control = knock(control, &mut book, holder, &work, now);
                    noted.push(work);
                }
                None => {
                    if let Some(stay) = book.inside(now).copied() {
                        book.leave(stay.holder, now);
                        control = release(control, Epoch(stay.epoch)).expect("the holder releases");
                    }
                }
            }
            prop_assert!(book.is_in_order(), "{:?}", book);
            prop_assert!(noted.iter().all(|work| covers(&control.owed, work)), "{:?} of {:?}", control.owed, noted);
        }
    }
}
