//! Keys of actions: each names one action for a day, is one attempt's at a time, and keeps its answer.
//!
//! Must not know: which actions there are.

use std::time::Duration;

use rules::ids::ActionKey;

use super::given::ANSWERS;
use crate::fakes::sample;
use crate::ports::{Attempt, Claimed, Fingerprint, KeptAnswer, KeyedAction, Store};

/// An action, asked for so many minutes after the tick: an attempt of its own for each minute.
fn action(key: &str, what: &str, minutes: u64) -> KeyedAction {
    KeyedAction {
        key: ActionKey::new(key).expect("a sample's action has a valid key"),
        fingerprint: Fingerprint(what.to_owned()),
        attempt: Attempt(u64::MAX - minutes),
        at: sample::time(sample::TICK) + Duration::from_mins(minutes),
    }
}

const DAY: u64 = 24 * 60;

fn answer() -> KeptAnswer {
    KeptAnswer(format!(r#"{{"ok":"é \"{}\""}}"#, "x".repeat(4_000)))
}

async fn claim<S: Store>(store: &S, action: &KeyedAction) -> Claimed {
    store.claim_key(action).await.expect(ANSWERS)
}

fn under_way(first: &KeyedAction) -> Claimed {
    Claimed::UnderWay { until: first.leased_until() }
}

/// Also when the attempt asks again, because the reply was lost.
pub async fn a_key_is_its_attempts_own_until_it_is_answered<S: Store>(store: &S) {
    let (pause, again) = (action("k-1", "pause", 0), action("k-1", "pause", 1));
    for _ in 0..2 {
        assert_eq!(claim(store, &pause).await, Claimed::Own);
        assert_eq!(claim(store, &again).await, under_way(&pause));
    }
    for _ in 0..2 {
        store.keep_answer(&pause, &answer()).await.expect(ANSWERS);
        assert_eq!(claim(store, &again).await, Claimed::Answered(answer()));
    }
    assert_eq!(claim(store, &action("k-2", "pause", 2)).await, Claimed::Own, "another key is another action");
}

/// Answered or not.
pub async fn a_key_of_another_action_is_taken_and_stays_as_it_is<S: Store>(store: &S) {
    let (pause, resume) = (action("k-1", "pause", 0), action("k-1", "resume", 1));
    assert_eq!(claim(store, &pause).await, Claimed::Own);
    assert_eq!(claim(store, &resume).await, Claimed::Taken);
    store.keep_answer(&pause, &answer()).await.expect(ANSWERS);
    assert_eq!(claim(store, &resume).await, Claimed::Taken);
    assert_eq!(claim(store, &pause).await, Claimed::Answered(answer()));
}

/// To the second: whether or not what has expired is gone already.
pub async fn a_key_may_name_another_action_a_day_later<S: Store>(store: &S) {
    let pause = action("k-1", "pause", 0);
    assert_eq!(claim(store, &pause).await, Claimed::Own);
    store.keep_answer(&pause, &answer()).await.expect(ANSWERS);
    assert_eq!(claim(store, &action("k-1", "resume", DAY - 1)).await, Claimed::Taken);
    assert_eq!(claim(store, &action("k-1", "resume", DAY)).await, Claimed::Own);
    assert_eq!(claim(store, &action("k-1", "pause", DAY + 1)).await, Claimed::Taken);
}

/// Whoever has it may be dead. Another action never gets it.
pub async fn an_attempt_that_never_ended_is_given_up_when_its_lease_ends<S: Store>(store: &S) {
    let (pause, lease) = (action("k-1", "pause", 0), KeyedAction::LEASE.as_secs() / 60);
    assert_eq!(claim(store, &pause).await, Claimed::Own);
    assert_eq!(claim(store, &action("k-1", "pause", lease - 1)).await, under_way(&pause));
    assert_eq!(claim(store, &action("k-1", "resume", lease)).await, Claimed::Taken);
    let second = action("k-1", "pause", lease);
    assert_eq!(claim(store, &second).await, Claimed::Own);
    assert_eq!(claim(store, &action("k-1", "pause", lease + 1)).await, under_way(&second));
}

/// Ended without an answer: it may have been carried out or not.
pub async fn an_attempt_that_ended_lets_the_same_action_begin_again_at_once<S: Store>(store: &S) {
    let (pause, second) = (action("k-1", "pause", 0), action("k-1", "pause", 1));
    assert_eq!(claim(store, &pause).await, Claimed::Own);
    for _ in 0..2 {
        store.end_attempt(&pause).await.expect(ANSWERS);
    }
    assert_eq!(claim(store, &action("k-1", "resume", 1)).await, Claimed::Taken);
    assert_eq!(claim(store, &second).await, Claimed::Own);
    assert_eq!(claim(store, &action("k-1", "pause", 2)).await, under_way(&second));
}

/// Not by another action, and not once it was answered.
pub async fn a_key_that_was_given_back_is_free<S: Store>(store: &S) {
    let (pause, resume) = (action("k-1", "pause", 0), action("k-1", "resume", 1));
    store.release_key(&pause).await.expect(ANSWERS);
    assert_eq!(claim(store, &pause).await, Claimed::Own);
    store.release_key(&resume).await.expect(ANSWERS);
    assert_eq!(claim(store, &resume).await, Claimed::Taken);
    store.release_key(&pause).await.expect(ANSWERS);
    assert_eq!(claim(store, &resume).await, Claimed::Own);
    store.keep_answer(&resume, &answer()).await.expect(ANSWERS);
    store.release_key(&resume).await.expect(ANSWERS);
    assert_eq!(claim(store, &resume).await, Claimed::Answered(answer()));
}

/// One that comes too late, or whose key was given back, changes nothing.
pub async fn an_answer_is_kept_by_the_action_that_has_the_key_only<S: Store>(store: &S) {
    let (pause, resume) = (action("k-1", "pause", 0), action("k-1", "resume", 1));
    store.keep_answer(&pause, &answer()).await.expect(ANSWERS);
    assert_eq!(claim(store, &resume).await, Claimed::Own);
    store.keep_answer(&pause, &answer()).await.expect(ANSWERS);
    assert_eq!(claim(store, &resume).await, Claimed::Own);
}

/// It neither answers, nor ends, nor gives back what another attempt at the same action has.
pub async fn an_attempt_that_was_given_up_changes_nothing_of_the_next_ones<S: Store>(store: &S) {
    let (late, second) = (action("k-1", "pause", 0), action("k-1", "pause", 3));
    assert_eq!(claim(store, &late).await, Claimed::Own);
    assert_eq!(claim(store, &second).await, Claimed::Own);
    store.keep_answer(&late, &answer()).await.expect(ANSWERS);
    store.end_attempt(&late).await.expect(ANSWERS);
    store.release_key(&late).await.expect(ANSWERS);
    assert_eq!(claim(store, &action("k-1", "pause", 4)).await, under_way(&second));
}
