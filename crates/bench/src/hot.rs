//! The hot paths: what is done for every record of a run, 200 records at a time, without any waiting.
//!
//! Must not know: who measures it.

use std::time::Duration;

use anyhow::Context;
use engine::payload::Payload;
use engine::ports::{Keeping, OutcomeWrite, Upsert, UpsertRequest};
use rules::catalogue::Catalogue;
use rules::counts::TryKind;
use rules::ids::{BatchId, ConnectionId, Epoch};
use rules::policy::{IntervalPolicy, Policy};
use rules::record::Record;
use rules::verdict::{Answer, Attempt, Understood, understand};
use serde_json::json;
use store::local::{Item, changed, read_back, written};

use crate::plan::{BATCH, CODE, CONNECTION, MESSAGE, OutcomeKind, Plan, PolicyKind, USUAL_PAYLOAD};
use crate::record::{payload, record};

/// A path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Path {
    /// Reading a record's item.
    Read,
    /// Packing records into batches.
    Pack,
    /// Writing the body of a request to Salesforce.
    Serialise,
    /// Reading its answer.
    Parse,
    /// What an answer changes in a record.
    Decide,
    /// Writing a record's item.
    Write,
    /// Writing what a try changes in it.
    Change,
}

impl Path {
    /// All of them, in the order of a run.
    pub const ALL: [Self; 7] =
        [Self::Read, Self::Pack, Self::Serialise, Self::Parse, Self::Decide, Self::Write, Self::Change];

    /// Its name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Pack => "pack",
            Self::Serialise => "serialise",
            Self::Parse => "parse",
            Self::Decide => "decide",
            Self::Write => "write",
            Self::Change => "change",
        }
    }
}

/// A batch of records, and everything that the paths need beside.
#[derive(Debug)]
pub struct Batch {
    catalogue: Catalogue,
    policy: Policy,
    attempt: Attempt,
    keeping: Keeping,
    records: Vec<Record>,
    payloads: Vec<Payload>,
    items: Vec<Item>,
    answer: Vec<u8>,
    outcomes: Vec<OutcomeWrite>,
}

impl Batch {
    /// The batch that everything is measured with; every other record is refused.
    ///
    /// # Errors
    /// When a name does not fit.
    pub fn new() -> anyhow::Result<Self> {
        let plan = plan();
        let connection = ConnectionId::new(CONNECTION).context("naming a connection")?;
        let keeping = Keeping { shards: 16, resolved_for: Duration::from_hours(24 * 30) };
        let records =
            (0..BATCH).map(|number| record(&plan, &connection, number, true)).collect::<Result<Vec<_>, _>>()?;
        let payloads: Vec<_> = (0..BATCH).map(|number| payload(&plan, number)).collect();
        let items =
            records.iter().zip(&payloads).flat_map(|(record, payload)| written(record, payload, &keeping)).collect();
        let results: Vec<_> = (0..BATCH).map(|number| result(plan.outcome.refuses(number))).collect();
        let mut batch = Self {
            catalogue: Catalogue::builtin().clone(),
            policy: Policy::Interval(IntervalPolicy::default()),
            attempt: attempt(&plan),
            keeping,
            records,
            payloads,
            items,
            answer: serde_json::to_vec(&results).context("writing an answer")?,
            outcomes: Vec::new(),
        };
        let outcome = |(before, after): (&Record, Record)| OutcomeWrite { before: before.clone(), after };
        batch.outcomes = batch.decided().map(outcome).collect();
        Ok(batch)
    }

    /// Takes the path once for the whole batch; a number that follows from all that was made.
    #[must_use]
    pub fn take(&self, path: Path) -> usize {
        match path {
            Path::Read => self.items.iter().filter(|item| read_back(item).is_ok()).count(),
            Path::Pack => {
                let items = self.records.iter().cloned().zip(self.payloads.iter().cloned());
                engine::measured::packed(items, self.attempt.at)
            }
            Path::Serialise => salesforce::measured::body(&self.request()).len(),
            Path::Parse => self.answers().len(),
            Path::Decide => self.decided().filter(|(_, after)| after.is_failing()).count(),
            Path::Write => {
                let items = self.records.iter().zip(&self.payloads);
                items.map(|(record, payload)| written(record, payload, &self.keeping).len()).sum()
            }
            Path::Change => self.outcomes.iter().map(|outcome| changed(outcome, &self.keeping)).sum(),
        }
    }

    fn request(&self) -> UpsertRequest {
        let (object, field) = (self.records[0].key.object.clone(), self.records[0].external_id_field.clone());
        let upsert =
            |(record, payload): (&Record, &Payload)| Upsert { id: record.key.id.clone(), payload: payload.clone() };
        UpsertRequest { object, field, records: self.records.iter().zip(&self.payloads).map(upsert).collect() }
    }

    fn answers(&self) -> Vec<Answer> {
        salesforce::measured::answers(&self.answer, self.records.len()).unwrap_or_default()
    }

    /// The records whose answers count, each with what it is after them.
    fn decided(&self) -> impl Iterator<Item = (&Record, Record)> {
        let refused = Answer::Refused { code: CODE.to_owned(), message: MESSAGE.to_owned() };
        self.records.iter().enumerate().filter_map(move |(number, record)| {
            let answer = if number % 2 == 0 { &Answer::Saved } else { &refused };
            match understand(&self.catalogue, &record.external_id_field, answer) {
                Understood::Counts(reading) => {
                    Some((record, rules::conflict::merge(&self.policy, record, record, &self.attempt, &reading)))
                }
                Understood::Not(_) => None,
            }
        })
    }
}

fn plan() -> Plan {
    Plan {
        due: BATCH,
        stored: 0,
        connections: 1,
        payload: USUAL_PAYLOAD,
        policy: PolicyKind::Interval,
        outcome: OutcomeKind::Mixed,
        call_ms: 0,
        record_us: 0,
        in_flight: 4,
    }
}

fn attempt(plan: &Plan) -> Attempt {
    let tick = plan.policy.tick();
    let at = tick + Duration::from_secs(1);
    Attempt {
        batch: BatchId { epoch: Epoch(4), sequence: 1 },
        kind: TryKind::Interval,
        tick,
        at,
        commits_until: at + Duration::from_mins(15),
    }
}

fn result(refused: bool) -> serde_json::Value {
    if refused {
        let error = json!({ "statusCode": CODE, "message": MESSAGE, "fields": [] });
        json!({ "success": false, "errors": [error] })
    } else {
        json!({ "id": "0035g00000AbCdEAAV", "success": true, "created": false, "errors": [] })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_path_deals_with_the_whole_batch() {
        let batch = Batch::new().unwrap();
        assert_eq!(batch.take(Path::Read), BATCH);
        assert_eq!(batch.take(Path::Pack), 1, "one batch of two hundred");
        assert!(batch.take(Path::Serialise) > BATCH * USUAL_PAYLOAD);
        assert_eq!(batch.take(Path::Parse), BATCH);
        assert_eq!(batch.take(Path::Decide), BATCH / 2, "those that were refused go on failing");
        assert_eq!(batch.take(Path::Write), BATCH);
        assert!(batch.take(Path::Change) > BATCH * 8, "a record that was tried differs in more than its version");
    }
}
