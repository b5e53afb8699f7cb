//! The reports' queue, and the lives of `ingest`: what is not acknowledged is delivered again, and now and then what was.
//!
//! Must not know: what a report is about.

use std::time::Duration;

use fastrand::Rng;
use rules::time::Timestamp;
use serde_json::Value;

use super::play::Play;
use super::sources::{Message, Sources};
use crate::functions::process::Binary;
use crate::functions::reports::batch;
use crate::functions::runtime_api::Answer;
use crate::kill::gate::Stop;
use crate::kill::ground::{Life, Lived};

/// The most messages of a batch, as the template sets it.
const IN_A_BATCH: usize = 100;

/// How many batches one process handles at most.
const BATCHES: usize = 12;

const INVOCATION: Duration = Duration::from_mins(1);

/// The queue.
pub(super) struct Queue {
    chance: Rng,
    waiting: Vec<Message>,
    over: bool,
}

/// What one process is handed.
pub(super) struct Delivery {
    batches: Vec<Vec<Message>>,
    stop: Option<Stop>,
}

impl Queue {
    pub(super) fn of(chance: Rng) -> Self {
        Self { chance, waiting: Vec::new(), over: false }
    }

    pub(super) fn push(&mut self, messages: Vec<Message>) {
        self.waiting.extend(messages);
    }

    /// From now on nothing comes twice.
    pub(super) fn end(&mut self) {
        self.over = true;
    }

    pub(super) fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }

    /// Hands out what waits, or as much as one process takes.
    pub(super) fn deliver(&mut self, stop: Option<Stop>) -> Delivery {
        let handed: Vec<Message> = self.waiting.drain(..self.waiting.len().min(IN_A_BATCH * BATCHES)).collect();
        Delivery { batches: handed.chunks(IN_A_BATCH).map(<[Message]>::to_vec).collect(), stop }
    }

    /// A process is over: what it did not acknowledge waits again, and a part of what it did.
    pub(super) fn done(&mut self, delivery: Delivery, lived: &Lived, sources: &mut Sources, at: Timestamp) {
        for (number, messages) in delivery.batches.into_iter().enumerate() {
            let given_back = match lived.answers.get(number) {
                Some(Answer::Response(response)) => Some(&response["batchItemFailures"]),
                Some(Answer::Error(_)) | None => None,
            };
            for (place, message) in messages.into_iter().enumerate() {
                let acknowledged = given_back.is_some_and(|failures| !names(failures, place));
                if acknowledged {
                    sources.recorded(&message.about, at);
                }
                if !acknowledged || (!self.over && self.chance.u8(..50) == 0) {
                    self.waiting.push(message);
                }
            }
        }
    }
}

impl Delivery {
    /// The life that takes it in.
    pub(super) fn life(&self, now: Timestamp) -> Life<'static> {
        let events = |messages: &Vec<Message>| messages.iter().map(|message| message.event.clone()).collect::<Vec<_>>();
        let events = self.batches.iter().map(|messages| batch(&events(messages))).collect();
        Life { events, stop: self.stop, ..Life::of(Binary::Ingest, now, INVOCATION, Value::Null, &[]) }
    }
}

fn names(failures: &Value, place: usize) -> bool {
    let id = format!("m-{place}");
    failures.as_array().unwrap().iter().any(|failure| failure["itemIdentifier"] == id.as_str())
}

impl Play {
    /// `ingest` takes in what waits, in one life.
    pub(super) async fn take_in(&mut self) {
        if self.queue.is_empty() {
            return;
        }
        let delivery = self.queue.deliver(self.deaths.next(Binary::Ingest, false));
        let lived = self.ground.live(delivery.life(self.now)).await;
        self.over(Binary::Ingest, "takes in", &lived);
        self.queue.done(delivery, &lived, &mut self.sources, self.now);
        let hints = self.notes.take(self.ground.bus.take());
        assert!(hints.is_empty(), "reports start no run: {hints:?}");
    }
}
