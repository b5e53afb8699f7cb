//! What persons ask to be tried at once: whatever a record's age, attempts, queue or error type; once each; and never over a
//! gate that concerns the whole connection.
//!
//! Must not know: where a request is kept.

mod accepting;
mod cancelling;
mod gates;
mod trying;
mod turns;

use engine::fakes::{reply, sample};
use rules::ids::RecordKey;
use rules::resync::{Progress, RequestState};

use crate::support::{World, id};

pub(crate) async fn done(world: &World, name: &str) -> Progress {
    let request = world.request(name).await;
    assert_eq!(request.state, RequestState::Done, "{request:?}");
    assert!(request.ended.is_some_and(|ended| ended >= request.as_of));
    request.progress
}

pub(crate) fn all_refused(world: &World) {
    world
        .salesforce()
        .answer_with(|request, _, _| reply::each(request, |_| reply::refused(sample::CODE, sample::MESSAGE)));
}

/// Nobody else's turn: a Lead of `acme`.
pub(crate) fn lead(record: &str) -> RecordKey {
    RecordKey { connection: id("acme"), object: sample::object("Lead"), id: sample::record_id(record) }
}
