//! Keys of actions under the faults of the cloud.
//!
//! Must not know: which actions there are.

use engine::ports::{ActionKeys, Attempt, Claimed, Fingerprint, KeptAnswer, KeyedAction};
use rules::ids::ActionKey;

use crate::support::Bench;
use crate::support::faulty::Fault;
use crate::support::samples::at;

fn action(what: &str) -> KeyedAction {
    let (key, fingerprint) = (ActionKey::new("k-1").unwrap(), Fingerprint(what.to_owned()));
    KeyedAction { key, fingerprint, attempt: Attempt(7), at: at(0) }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_whose_reply_was_lost_is_the_attempts_own() {
    let bench = Bench::new().await;
    bench.break_next("PutItem", [Fault::ReplyLost]);
    assert_eq!(bench.store.claim_key(&action("pause")).await.unwrap(), Claimed::Own);
    let other = KeyedAction { attempt: Attempt(8), ..action("pause") };
    let until = action("pause").leased_until();
    assert_eq!(bench.store.claim_key(&other).await.unwrap(), Claimed::UnderWay { until });
    assert_eq!(bench.store.claim_key(&action("resume")).await.unwrap(), Claimed::Taken);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_attempt_whose_end_s_reply_was_lost_has_ended_and_takes_nothing_from_the_next_one() {
    let bench = Bench::new().await;
    assert_eq!(bench.store.claim_key(&action("pause")).await.unwrap(), Claimed::Own);
    bench.break_next("UpdateItem", [Fault::ReplyLost]);
    bench.store.end_attempt(&action("pause")).await.unwrap();
    let other = KeyedAction { attempt: Attempt(8), ..action("pause") };
    assert_eq!(bench.store.claim_key(&other).await.unwrap(), Claimed::Own);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_given_back_or_an_answer_kept_whose_reply_was_lost_is_so_once() {
    let bench = Bench::new().await;
    assert_eq!(bench.store.claim_key(&action("pause")).await.unwrap(), Claimed::Own);
    bench.break_next("DeleteItem", [Fault::ReplyLost]);
    bench.store.release_key(&action("pause")).await.unwrap();
    assert_eq!(bench.store.claim_key(&action("resume")).await.unwrap(), Claimed::Own);
    bench.break_next("UpdateItem", [Fault::ReplyLost]);
    let answer = KeptAnswer("{}".to_owned());
    bench.store.keep_answer(&action("resume"), &answer).await.unwrap();
    assert_eq!(bench.store.claim_key(&action("resume")).await.unwrap(), Claimed::Answered(answer));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_has_an_item_of_its_own() {
    let bench = Bench::new().await;
    assert_eq!(bench.store.claim_key(&action("pause")).await.unwrap(), Claimed::Own);
    assert_eq!(bench.keys().await, [("i#k-1".to_owned(), "action".to_owned())]);
}
