//! Persons: what they ask of the connection `acme`, and what they were promised.
//!
//! Must not know: how a request is worked off.

use engine::manage::{cancel_request, request};
use engine::resync::{Accepted, Cancelled, NewRequest, status};
use engine::retention;
use engine::suspension;
use rules::ids::{RecordKey, RequestId};
use rules::record::{HoldReason, Record, State};
use rules::resync::{Action, Matching, Request, Wanted};

use super::world::{World, id, key};

/// A request that was accepted, and the records that it meant then.
#[derive(Clone, Debug)]
pub(crate) struct Asked {
    pub(crate) request: Request,
    pub(crate) meant: Vec<RecordKey>,
    /// Those that wait for one of them, and for those, and so on.
    pub(crate) brought: Vec<RecordKey>,
}

/// A request's name.
pub(crate) fn request_id(text: &str) -> RequestId {
    RequestId::new(text).expect("a test's request has a valid name")
}

/// Everything that fails.
pub(crate) fn everything() -> Wanted {
    Wanted::all()
}

/// These Contacts.
pub(crate) fn these(records: &[&str]) -> Wanted {
    let named = records.iter().map(|record| key(record)).map(|key| (key.object, key.id));
    Wanted::records(named).expect("1 to 100 records")
}

/// The records that fail as this one does.
pub(crate) fn like(record: &Record) -> Wanted {
    Wanted::Matching(Matching::of_type(record.failure.error_type.clone()))
}

fn can_be_tried(record: &Record) -> bool {
    record.is_failing() && record.state != State::Held(HoldReason::PayloadMissing)
}

impl World {
    /// A person asks for this; whatever comes of it.
    pub(crate) async fn wishes(&self, name: &str, wanted: Wanted) -> Accepted {
        self.wishes_to(Action::Resync, name, wanted).await
    }

    /// A person asks for these failures to be deleted, and it is accepted.
    pub(crate) async fn deletes(&self, name: &str, wanted: Wanted) -> Request {
        match self.wishes_to(Action::Delete, name, wanted).await {
            Accepted::New(request) => request,
            other => panic!("{name} is not accepted: {other:?}"),
        }
    }

    async fn wishes_to(&self, action: Action, name: &str, wanted: Wanted) -> Accepted {
        let (policy, now) = (self.settings().await.policy, self.now());
        let takes = |record: &Record| action == Action::Delete && record.is_failing() || can_be_tried(record);
        let is_meant = |record: &Record| takes(record) && wanted.means(&policy, record, now);
        let meant = self.records().into_iter().filter(is_meant);
        let meant: Vec<_> = meant.map(|record| record.key).collect();
        let brought = self.descendants(&meant);
        let requested_by = "ada".to_owned();
        let new =
            NewRequest { connection: id("acme"), id: request_id(name), action, wanted, planned: None, requested_by };
        let accepted = request(&self.parts, new).await.expect("the store works");
        if let Accepted::New(request) | Accepted::Known(request) = &accepted {
            let mut asked = self.asked.lock().expect("no test panics while it asks");
            if asked.iter().all(|known| known.request.id != request.id) {
                asked.push(Asked { request: request.clone(), meant, brought });
            }
        }
        accepted
    }

    fn descendants(&self, parents: &[RecordKey]) -> Vec<RecordKey> {
        let mut family = parents.to_vec();
        loop {
            let waits = |record: &Record| {
                let parent = |key: &RecordKey| {
                    record.parent.as_ref().is_some_and(|parent| parent.object == key.object && parent.id == key.id)
                };
                family.iter().any(parent) && !family.contains(&record.key)
            };
            let next: Vec<_> = self.records().into_iter().filter(waits).map(|record| record.key).collect();
            if next.is_empty() {
                return family.split_off(parents.len());
            }
            family.extend(next);
        }
    }

    /// A person asks for this, and it is accepted.
    pub(crate) async fn asks(&self, name: &str, wanted: Wanted) -> Request {
        match self.wishes(name, wanted).await {
            Accepted::New(request) => request,
            other => panic!("{name} is not accepted: {other:?}"),
        }
    }

    /// How a request stands.
    pub(crate) async fn request(&self, name: &str) -> Request {
        let known = status(&self.parts, &id("acme"), &request_id(name)).await.expect("the store works");
        known.expect("it was accepted")
    }

    /// A person cancels a request.
    pub(crate) async fn cancels(&self, name: &str) -> Cancelled {
        cancel_request(&self.parts, &self.settings().await, &request_id(name), "ada").await.expect("the store works")
    }

    /// A person says that the cause of the suspension is gone.
    pub(crate) async fn clears_the_suspension(&self) -> suspension::Cleared {
        suspension::clear(&self.parts, &id("acme")).await.expect("the store works")
    }

    /// What is kept long enough goes.
    pub(crate) async fn applies_retention(&self) -> u64 {
        retention::apply(&self.parts, &id("acme"), self.now()).await.expect("the store works").records
    }

    /// What persons asked for and were promised.
    pub(crate) fn promises(&self) -> Vec<Asked> {
        self.asked.lock().expect("no test panics while it asks").clone()
    }
}

/// Carries `first` out up to its `step`-th step, then `second`, then the rest of `first`. Whether it came to that step.
pub(crate) async fn in_between<T>(
    process: &World,
    step: usize,
    first: impl Future<Output = T>,
    second: impl Future<Output = ()>,
) -> (T, bool) {
    process.mortal.pauses_at(step);
    let (mut first, second) = (Box::pin(first), Box::pin(second));
    let early = tokio::select! {
        biased;
        done = &mut first => Some(done),
        () = process.mortal.paused() => None,
    };
    second.await;
    process.mortal.goes_on();
    match early {
        Some(done) => (done, false),
        None => (first.await, true),
    }
}
