//! Keys of actions: each names one action for a day, and keeps its answer.
//!
//! Must not know: which actions there are.

use std::time::Duration;

use rules::ids::ActionKey;

use super::given::ANSWERS;
use crate::fakes::sample;
use crate::ports::{Claimed, Fingerprint, KeptAnswer, KeyedAction, Store};

/// An action, asked for so many minutes after the tick.
fn action(key: &str, what: &str, minutes: u64) -> KeyedAction {
    KeyedAction {
        key: ActionKey::new(key).expect("a sample's action has a valid key"),
        fingerprint: Fingerprint(what.to_owned()),
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

/// Also when it is claimed again: whoever claimed it first may be dead.
pub async fn a_key_is_its_actions_own_until_it_is_answered<S: Store>(store: &S) {
    let pause = action("k-1", "pause", 0);
    assert_eq!(claim(store, &pause).await, Claimed::Own);
    assert_eq!(claim(store, &action("k-1", "pause", 1)).await, Claimed::Own);
    for _ in 0..2 {
        store.keep_answer(&pause, &answer()).await.expect(ANSWERS);
        assert_eq!(claim(store, &action("k-1", "pause", 2)).await, Claimed::Answered(answer()));
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
