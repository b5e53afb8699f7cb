//! Keys of actions under the faults of the cloud.
//!
//! Must not know: which actions there are.

use engine::ports::{ActionKeys, Claimed, Fingerprint, KeptAnswer, KeyedAction};
use rules::ids::ActionKey;

use crate::support::Bench;
use crate::support::faulty::Fault;
use crate::support::samples::at;

fn action(what: &str) -> KeyedAction {
    KeyedAction { key: ActionKey::new("k-1").unwrap(), fingerprint: Fingerprint(what.to_owned()), at: at(0) }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_whose_reply_was_lost_is_the_actions_own() {
    let bench = Bench::new().await;
    bench.break_next("PutItem", [Fault::ReplyLost]);
    assert_eq!(bench.store.claim_key(&action("pause")).await.unwrap(), Claimed::Own);
    assert_eq!(bench.store.claim_key(&action("resume")).await.unwrap(), Claimed::Taken);
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
