//! Persons and runs who write the same request at the same time: at every single step of the one, the other comes in between,
//! and what was said to a person stays true.
//!
//! Must not know: what the steps are.

use engine::erase::{Erased, erase};
use engine::manage::Deed;
use engine::manage::cancel_request;
use engine::ports::{AuditAction, Audits, Requests};
use engine::resync::{Accepted, Cancelled};
use rules::resync::{MOST_OPEN, RequestState, Wanted};

use crate::support::persons::{everything, in_between, request_id, these};
use crate::support::{World, at, id, interval, key};

/// More steps than any of these has.
const MOST_STEPS: usize = 60;

#[tokio::test(start_paused = true)]
async fn a_cancel_and_the_end_of_the_last_try_may_meet_at_any_step_and_what_either_said_stays_true() {
    let mut both = [0, 0];
    for step in 1..=MOST_STEPS {
        let world = World::new("2026-03-02T09:02:00Z", [interval()]).await;
        world.fails("a", 1).await;
        world.asks("one", these(&["a"])).await;
        let person = world.another_process();
        let (acme, one) = (world.settings().await, request_id("one"));
        let ends = world.drive_until(at("2026-03-02T09:10:00Z"));
        let (said, met) = in_between(&person, step, cancel_request(&person.parts, &acme, &one, "ada"), ends).await;
        let stands = world.request("one").await;
        match said.expect("the store works") {
            Cancelled::Cancelled(said) | Cancelled::Ended(said) => assert_eq!(stands, said),
            Cancelled::Unknown => panic!("it was accepted"),
        }
        both[usize::from(stands.state == RequestState::Cancelled)] += 1;
        world.drive_until(at("2026-03-02T09:50:00Z")).await;
        assert_eq!(world.request("one").await, stands, "it does not come back");
        world.upholds_the_invariants().await;
        if !met {
            break;
        }
    }
    assert!(both.iter().all(|&times| times > 0), "either comes first sometimes: {both:?}");
}

#[tokio::test(start_paused = true)]
async fn a_run_that_ends_a_request_may_be_cut_short_by_a_cancel_at_any_step() {
    for step in 1..=MOST_STEPS * 2 {
        let world = World::new("2026-03-02T09:02:00Z", [interval()]).await;
        world.fails("a", 1).await;
        let asked = world.asks("one", these(&["a"])).await;
        let run = world.another_process();
        let cancels = async {
            world.cancels("one").await;
        };
        let (ended, met) = in_between(&run, step, Box::pin(run.run(asked.selection())), cancels).await;
        ended.expect("nothing dies").expect("no port fails");
        let stands = world.request("one").await;
        assert_ne!(stands.state, RequestState::Open);
        assert!(world.control().await.owed.forced.is_empty());
        world.drive_until(at("2026-03-02T09:50:00Z")).await;
        assert_eq!(world.request("one").await, stands);
        world.upholds_the_invariants().await;
        if !met {
            return;
        }
    }
    panic!("a run has fewer steps");
}

#[tokio::test(start_paused = true)]
async fn an_erasure_and_a_cancel_may_meet_at_any_step_and_neither_is_undone() {
    for step in 1..=MOST_STEPS {
        let world = World::new("2026-03-02T09:02:00Z", [interval()]).await;
        world.set(|acme| acme.paused = true).await;
        world.fails("a", 1).await;
        world.fails("b", 1).await;
        world.asks("both", these(&["a", "b"])).await;
        // The run that the request started has met the pause.
        world.drive_until(at("2026-03-02T09:10:00Z")).await;
        let officer = world.another_process();
        let gone = key("a");
        let deed = Deed::of("eve", AuditAction::RecordErased, "a fingerprint".to_owned());
        let cancels = async {
            world.cancels("both").await;
        };
        let (erased, met) = in_between(&officer, step, erase(&officer.parts, &gone, deed), cancels).await;
        assert_eq!(erased.expect("the store works"), Erased::Erased);
        let stands = world.request("both").await;
        assert_eq!((stands.state, stands.wanted), (RequestState::Cancelled, these(&["b"])));
        if !met {
            return;
        }
    }
    panic!("an erasure has fewer steps");
}

/// What was asked meanwhile stays owed; and a failure that came before the one write that erases goes with it.
#[tokio::test(start_paused = true)]
async fn an_erasure_may_meet_a_new_request_and_a_newer_failure_at_any_step_and_all_of_it_holds() {
    let mut outlived = [0, 0];
    for step in 1..=MOST_STEPS {
        let world = World::new("2026-03-02T09:02:00Z", [interval()]).await;
        world.set(|acme| acme.paused = true).await;
        world.fails("a", 1).await;
        let officer = world.another_process();
        let gone = key("a");
        let deed = Deed::of("eve", AuditAction::RecordErased, "a fingerprint".to_owned());
        let meanwhile = async {
            world.fails("a", 2).await;
            world.asks("one", everything()).await;
        };
        let (erased, met) = in_between(&officer, step, erase(&officer.parts, &gone, deed), meanwhile).await;
        assert_eq!(erased.expect("the store works"), Erased::Erased, "step {step}");
        let control = world.control().await;
        assert_eq!((control.lease, control.owed.forced.len()), (None, 1), "step {step}");
        let told = world.store.audits(Some(&id("acme")), 100).await.expect("the store works");
        let told = told.iter().filter(|entry| entry.action == AuditAction::RecordErased).count();
        assert_eq!(told, 1, "step {step}");
        outlived[usize::from(world.store.stored(&gone).is_some())] += 1;
        if !met {
            break;
        }
    }
    assert!(outlived.iter().all(|&times| times > 0), "either comes first sometimes: {outlived:?}");
}

/// Whoever erases dies: the next tick takes the lease that was left, and the same again erases what is left.
#[tokio::test(start_paused = true)]
async fn an_erasure_that_dies_at_any_step_has_erased_all_or_nothing_and_holds_nothing_up() {
    for step in 1..=MOST_STEPS {
        let world = World::new("2026-03-02T09:02:00Z", [interval()]).await;
        world.set(|acme| acme.paused = true).await;
        world.fails("a", 1).await;
        world.asks("both", these(&["a", "b"])).await;
        let gone = key("a");
        let deed = || Deed::of("eve", AuditAction::RecordErased, "a fingerprint".to_owned());
        let officer = world.another_process();
        let done = officer.mortal.dying_at(step, erase(&officer.parts, &gone, deed())).await;
        let is_gone = world.store.stored(&gone).is_none();
        assert_eq!(is_gone, world.request("both").await.wanted == these(&["b"]), "step {step}: all or nothing");
        let told = world.store.audits(Some(&id("acme")), 100).await.expect("the store works");
        assert_eq!(is_gone, told.iter().any(|entry| entry.action == AuditAction::RecordErased), "step {step}");
        if done.is_some() {
            assert!(is_gone);
            return;
        }
        world.set(|acme| acme.paused = false).await;
        world.drive_until(at("2026-03-02T09:50:00Z")).await;
        assert_eq!(world.control().await.lease, None, "step {step}");
        assert_eq!(world.request("both").await.state, RequestState::Done, "step {step}");
        erase(&world.parts, &gone, deed()).await.expect("the store works");
        assert!(world.store.stored(&gone).is_none(), "step {step}");
    }
    panic!("an erasure has fewer steps");
}

#[tokio::test(start_paused = true)]
async fn a_request_that_lost_the_race_for_the_last_place_may_be_asked_for_again_under_its_name() {
    let mut lost = 0;
    for step in 1..=MOST_STEPS {
        let world = World::new("2026-03-02T09:02:00Z", [interval()]).await;
        world.set(|acme| acme.paused = true).await;
        world.fails("a", 1).await;
        for number in 1..MOST_OPEN {
            world.asks(&format!("n{number}"), everything()).await;
        }
        let slow = world.another_process();
        let last_place = async {
            world.wishes("quick", everything()).await;
        };
        let (slow_one, met) = in_between(&slow, step, slow.wishes("slow", everything()), last_place).await;
        if slow_one == Accepted::TooMany {
            lost += 1;
            world.cancels("n3").await;
            let again = world.wishes("slow", everything()).await;
            assert!(matches!(again, Accepted::New(_)), "step {step}: {again:?}");
        }
        let owed = world.control().await.owed.forced;
        assert!(owed.len() <= MOST_OPEN && owed.iter().any(|owed| owed.request == request_id("slow")));
        world.set(|acme| acme.paused = false).await;
        world.drive_until(at("2026-03-02T09:50:00Z")).await;
        assert_eq!(world.request("slow").await.state, RequestState::Done);
        world.upholds_the_invariants().await;
        if !met {
            break;
        }
    }
    assert!(lost > 0, "the quick one is first sometimes");
}

#[tokio::test(start_paused = true)]
async fn ten_clicks_under_one_name_are_one_request_and_ten_under_ten_names_share_their_tries() {
    let world = World::new("2026-03-02T09:02:00Z", [interval()]).await;
    world.salesforce().answer_with(|request, _, _| {
        engine::fakes::reply::each(request, |_| {
            engine::fakes::reply::refused(engine::fakes::sample::CODE, engine::fakes::sample::MESSAGE)
        })
    });
    world.many_fail(300).await;
    let first = world.asks("click", everything()).await;
    for _ in 1..10 {
        assert_eq!(world.wishes("click", everything()).await, Accepted::Known(first.clone()));
    }
    for number in 1..10 {
        world.asks(&format!("other-{number}"), everything()).await;
    }
    world.drive_until(at("2026-03-02T09:15:00Z")).await;
    assert!(world.records().iter().all(|record| record.attempts.forced == 1), "each record was tried once");
    let mut done = 0;
    for name in std::iter::once("click".to_owned()).chain((1..10).map(|number| format!("other-{number}"))) {
        let request = world.request(&name).await;
        assert_eq!(request.state, RequestState::Done);
        done += request.progress.tried;
    }
    assert_eq!(done, 300);
    world.upholds_the_invariants().await;
}

/// Two who click at the same time ask for one thing, and it is told once.
#[tokio::test(start_paused = true)]
async fn the_same_request_twice_at_the_same_time_is_one_and_audited_once() {
    let mut known = [0, 0];
    for step in 1..=MOST_STEPS {
        let world = World::new("2026-03-02T09:02:00Z", [interval()]).await;
        world.set(|acme| acme.paused = true).await;
        world.fails("a", 1).await;
        let slow = world.another_process();
        let mut quick = None;
        let second = async { quick = Some(world.wishes("click", everything()).await) };
        let (first, met) = in_between(&slow, step, slow.wishes("click", everything()), second).await;
        let said = [first, quick.expect("it was asked")];
        let news = said.iter().filter(|said| matches!(said, Accepted::New(_))).count();
        assert!(said.iter().all(|said| matches!(said, Accepted::New(_) | Accepted::Known(_))), "step {step}: {said:?}");
        assert_eq!((news, requested(&world).await), (1, 1), "step {step}: {said:?}");
        known[usize::from(matches!(said[0], Accepted::Known(_)))] += 1;
        if !met {
            break;
        }
    }
    assert!(known.iter().all(|&times| times > 0), "either is first sometimes: {known:?}");
}

/// Whoever asks dies: the request is owed and audited, or neither was ever there, and the same again is accepted.
#[tokio::test(start_paused = true)]
async fn a_request_whose_caller_dies_at_any_step_is_kept_owed_and_audited_or_not_there_at_all() {
    for step in 1..=MOST_STEPS {
        let world = World::new("2026-03-02T09:02:00Z", [interval()]).await;
        world.set(|acme| acme.paused = true).await;
        world.fails("a", 1).await;
        let person = world.another_process();
        let done = person.mortal.dying_at(step, person.wishes("click", everything())).await;
        let acme = id("acme");
        let kept = world.store.request(&acme, &request_id("click")).await.expect("the store works").is_some();
        let owed = world.control().await.owed.forced.len();
        assert_eq!((owed, requested(&world).await), (usize::from(kept), usize::from(kept)), "step {step}");
        if done.is_some() {
            assert!(kept);
            return;
        }
        world.set(|acme| acme.paused = false).await;
        world.wishes("click", everything()).await;
        world.drive_until(at("2026-03-02T09:10:00Z")).await;
        assert_eq!((world.request("click").await.state, world.failing()), (RequestState::Done, 0), "step {step}");
        assert_eq!(requested(&world).await, 1, "step {step}");
    }
    panic!("asking has fewer steps");
}

/// How many requests the audit tells of.
async fn requested(world: &World) -> usize {
    let told = world.store.audits(Some(&id("acme")), 100).await.expect("the store works");
    told.iter().filter(|entry| entry.action == AuditAction::ResyncRequested).count()
}

#[tokio::test(start_paused = true)]
async fn a_request_that_was_one_too_many_is_not_known() {
    let world = World::new("2026-03-02T09:02:00Z", [interval()]).await;
    world.set(|acme| acme.paused = true).await;
    for number in 0..MOST_OPEN {
        world.asks(&format!("n{number}"), Wanted::all()).await;
    }
    assert_eq!(world.wishes("more", everything()).await, Accepted::TooMany);
    let known = engine::resync::status(&world.parts, &id("acme"), &request_id("more")).await.expect("the store works");
    assert_eq!(known, None);
}
