//! What the scripted Salesforce was asked, and which records were in two calls at once.
//!
//! Must not know: why an answer was given.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use rules::ids::{ObjectName, RecordId};
use rules::time::Timestamp;
use rules::verdict::Answer;

use crate::ports::{NotProcessed, UpsertAnswer, UpsertRequest};

/// How many requests of each kind were made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Requests {
    /// Readings of the secret's version; no calls to Salesforce.
    pub secret_reads: u64,
    /// Logins.
    pub logins: u64,
    /// Probes.
    pub probes: u64,
    /// Batches.
    pub upserts: u64,
}

impl Requests {
    /// The HTTP requests to Salesforce: logins, probes and batches.
    #[must_use]
    pub fn api_calls(self) -> u64 {
        self.logins + self.probes + self.upserts
    }
}

/// One batch that was sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Call {
    /// When it arrived.
    pub started: Timestamp,
    /// When it was answered or cut off; none while it is in flight.
    pub ended: Option<Timestamp>,
    /// The object.
    pub object: ObjectName,
    /// The records, in order.
    pub records: Vec<SentRecord>,
    /// What it was answered; none while it is in flight, and when it was cut off.
    pub answer: Option<AnswerKind>,
}

/// One record of a batch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SentRecord {
    /// Its external id.
    pub id: RecordId,
    /// The payload's field `v`, if it has one that is a number.
    pub v: Option<i64>,
}

/// An answer without its contents.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AnswerKind {
    /// Processed: so many records of each answer.
    Processed {
        /// Saved.
        saved: usize,
        /// Refused.
        refused: usize,
        /// Nobody knows.
        unknown: usize,
    },
    /// The token was refused.
    SessionExpired,
    /// Nothing was processed.
    NotProcessed(NotProcessed),
    /// Nobody knows.
    Unknown,
    /// Refused because of something in it.
    Rejected,
    /// Refused because of its object or external-id field.
    ObjectRejected,
}

impl AnswerKind {
    fn of(answer: &UpsertAnswer) -> Self {
        match answer {
            UpsertAnswer::Processed(answers) => Self::processed(answers),
            UpsertAnswer::SessionExpired => Self::SessionExpired,
            UpsertAnswer::NotProcessed(why) => Self::NotProcessed(*why),
            UpsertAnswer::Unknown => Self::Unknown,
            UpsertAnswer::Rejected { .. } => Self::Rejected,
            UpsertAnswer::ObjectRejected { .. } => Self::ObjectRejected,
        }
    }

    fn processed(answers: &[Answer]) -> Self {
        let count = |fits: fn(&Answer) -> bool| answers.iter().filter(|answer| fits(answer)).count();
        Self::Processed {
            saved: count(|answer| matches!(answer, Answer::Saved)),
            refused: count(|answer| matches!(answer, Answer::Refused { .. })),
            unknown: count(|answer| matches!(answer, Answer::Unknown)),
        }
    }

    /// Whether records of the call may be committed after its end.
    fn may_commit_late(self) -> bool {
        match self {
            Self::Unknown => true,
            Self::Processed { unknown, .. } => unknown > 0,
            Self::SessionExpired | Self::NotProcessed(_) | Self::Rejected | Self::ObjectRejected => false,
        }
    }
}

/// A record that was in two calls at the same time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Overlap {
    /// Its object.
    pub object: ObjectName,
    /// Its external id.
    pub id: RecordId,
    /// The earlier call's number; the first is 1.
    pub first: u64,
    /// The later call's number.
    pub second: u64,
}

#[derive(Default)]
pub(super) struct Log {
    pub(super) calls: Vec<Call>,
    pub(super) requests: Requests,
}

impl Log {
    /// Notes a batch that arrives; answers with its place in the log.
    pub(super) fn begin(&mut self, request: &UpsertRequest, now: Timestamp) -> usize {
        self.requests.upserts += 1;
        let v = |fields: &serde_json::Map<_, serde_json::Value>| fields.get("v").and_then(serde_json::Value::as_i64);
        let sent =
            request.records.iter().map(|record| SentRecord { id: record.id.clone(), v: v(&record.payload.fields()) });
        let records = sent.collect();
        self.calls.push(Call { started: now, ended: None, object: request.object.clone(), records, answer: None });
        self.calls.len() - 1
    }

    pub(super) fn answer(&mut self, call: usize, answer: &UpsertAnswer) {
        self.calls[call].answer = Some(AnswerKind::of(answer));
    }

    pub(super) fn end(&mut self, call: usize, now: Timestamp) {
        self.calls[call].ended = Some(now);
    }

    /// Calls are in the order of their start, so each record's earlier calls need only the one that ends last.
    pub(super) fn overlaps(&self, late: Duration) -> Vec<Overlap> {
        let mut latest: BTreeMap<(&ObjectName, &RecordId), (Timestamp, u64)> = BTreeMap::new();
        let mut found = Vec::new();
        for (call, number) in self.calls.iter().zip(1..) {
            let end = call.over(late);
            for SentRecord { id, .. } in &call.records {
                let earlier = latest.entry((&call.object, id)).or_insert((end, number));
                if earlier.1 != number && call.started < earlier.0 {
                    found.push(Overlap {
                        object: call.object.clone(),
                        id: id.clone(),
                        first: earlier.1,
                        second: number,
                    });
                }
                if end >= earlier.0 {
                    *earlier = (end, number);
                }
            }
        }
        found
    }
}

impl Call {
    /// When nothing of it can be committed any more; never, while it is in flight.
    fn over(&self, late: Duration) -> Timestamp {
        match (self.ended, self.answer) {
            (None, _) => Timestamp::from_millis(i64::MAX),
            (Some(ended), Some(answer)) if !answer.may_commit_late() => ended,
            (Some(ended), _) => ended + late,
        }
    }
}

/// Asserts what the port says of every request.
pub(super) fn keeps_the_promise(request: &UpsertRequest, most: usize) {
    let count = request.records.len();
    assert!((1..=most).contains(&count), "a batch has 1 to {most} records, and this one has {count}");
    let ids: BTreeSet<&RecordId> = request.records.iter().map(|record| &record.id).collect();
    assert_eq!(ids.len(), count, "a batch names no id twice");
}
