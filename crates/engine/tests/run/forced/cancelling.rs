//! What a cancelled request leaves undone.
//!
//! Must not know: where a request is kept.

use engine::resync::Cancelled;
use rules::record::{Next, State};
use rules::resync::RequestState;

use crate::support::persons::everything;
use crate::support::{World, at, interval};

#[tokio::test(start_paused = true)]
async fn a_cancelled_request_tries_nothing_more() {
    let world = World::new("2026-03-02T09:02:00Z", [interval()]).await;
    world.fails("a", 1).await;
    world.asks("gone", everything()).await;
    let Cancelled::Cancelled(request) = world.cancels("gone").await else { panic!("it was open") };
    assert_eq!((request.state, request.ended), (RequestState::Cancelled, Some(world.now())));
    world.drive_until(at("2026-03-02T09:10:00Z")).await;
    assert_eq!(world.calls(), 0);
    assert_eq!(world.cancels("gone").await, Cancelled::Ended(request));
    assert_eq!(world.cancels("never").await, Cancelled::Unknown);
    world.upholds_the_invariants().await;
}

#[tokio::test(start_paused = true)]
async fn a_request_that_is_cancelled_while_it_runs_stops_within_the_calls_that_are_reserved() {
    let world = World::new("2026-03-02T09:02:00Z", [interval()]).await;
    world.many_fail(20_000).await;
    let first_due = world.record("r000001").state;
    assert_eq!(first_due, State::Scheduled(Next::At(at("2026-03-02T09:20:00Z"))));
    world.asks("large", everything()).await;
    let cancelling = async {
        world.wait_until(at("2026-03-02T09:02:02Z")).await;
        world.cancels("large").await
    };
    let (answer, ()) = futures::join!(cancelling, world.drive_until(at("2026-03-02T09:15:00Z")));
    assert!(matches!(answer, Cancelled::Cancelled(_)));
    let sent = world.batch_sizes().len();
    assert!((1..=50).contains(&sent), "{sent} of 100 batches were sent");
    assert_eq!(world.request("large").await.state, RequestState::Cancelled);
    world.upholds_the_invariants().await;
}
