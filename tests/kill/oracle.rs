//! What must be true whatever became of a process, checked against Salesforce's log, the table and the bus.
//!
//! Must not know: when a process died.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use engine::ports::{Controls, Journal, Records};
use rules::events::{PossibleOverwrite, RecordsRetried};
use rules::ids::{BatchId, Epoch, RecordKey};
use rules::journal::Phase;
use rules::record::{Next, Record, Resolution, State, Stored};
use rules::schedule::TICK;
use rules::time::Timestamp;
use rules::tries::TryOutcome;
use salesforce_sim::Outcome;

use super::evidence::{DAY, LATE, Sent, at, key, most_calls_of_a_day, published_as, requests, sent, unknown_tries};
use super::world::{OBJECTS, World, acme, ids, is_refused, is_superseded};

const TIMEOUT: Duration = Duration::from_secs(20);

/// How much of what makes death difficult came up.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Seen {
    /// Tries whose outcome nobody knows.
    pub(super) unknown: usize,
    /// Batches whose outcomes were published more than once.
    pub(super) repeated: usize,
    /// Records that we may have overwritten with an older version.
    pub(super) overwritten: usize,
}

impl Seen {
    /// Both together.
    pub(super) fn and(self, other: Self) -> Self {
        Self {
            unknown: self.unknown + other.unknown,
            repeated: self.repeated + other.repeated,
            overwritten: self.overwritten + other.overwritten,
        }
    }
}

impl World {
    /// What is true after every life of a process.
    pub(super) async fn is_sound(&self, now: Timestamp) {
        self.nothing_is_sent_twice_at_once();
        self.nothing_is_sent_after_a_newer_success();
        self.the_budget_is_kept(now).await;
        self.all_records().await;
    }

    /// What is true once two ticks have passed without a death: every record was tried and stands where it should, to be
    /// tried `next` if Salesforce refuses it.
    pub(super) async fn is_complete(&self, next: Timestamp) -> Seen {
        let records = self.all_records().await;
        for record in &records {
            self.stands_right(record, next);
            self.counts_its_tries(record);
        }
        let control = self.store.control(&acme()).await.unwrap();
        assert!(control.lease.is_none(), "{}: the lease was not released: {:?}", self.name, control.lease);
        for entry in self.store.entries(&acme()).await.unwrap() {
            assert_ne!(entry.phase, Phase::Open, "{}: batch {} was never settled", self.name, entry.batch);
        }
        let overwritten = self.what_may_be_overwritten_is_told();
        let repeated = self.every_outcome_is_published(&records);
        let unknown = records.iter().map(unknown_tries).sum();
        Seen { unknown, repeated, overwritten }
    }

    /// Notes the records that were sent and whose outcome is not written: the process has died.
    pub(super) async fn note_what_is_in_doubt(&mut self) {
        let records = self.all_records().await;
        let settled =
            |key: &RecordKey| records.iter().any(|record| record.key == *key && record.tries.last().is_some());
        self.doubted = self.sent().into_iter().map(|sent| sent.key).filter(|key| !settled(key)).collect();
    }

    /// Exclusion: no record is sent twice for one tick, nor within the time in which a request that nobody knows the outcome of
    /// may still be committed.
    fn nothing_is_sent_twice_at_once(&self) {
        let mut last = BTreeMap::<RecordKey, Timestamp>::new();
        for sent in self.sent() {
            let before = last.insert(sent.key.clone(), sent.at);
            let late = if self.doubted.contains(&sent.key) { LATE } else { Duration::ZERO };
            let is_apart = |before: Timestamp| sent.at.floor(TICK) > before.floor(TICK) && sent.at >= before + late;
            let apart = before.is_none_or(is_apart);
            assert!(apart, "{}: {} was sent at {before:?} and again at {}", self.name, sent.key, sent.at);
        }
    }

    /// Order: once a newer version has succeeded, the one that we have is not sent any more.
    fn nothing_is_sent_after_a_newer_success(&self) {
        let Some(superseded) = self.superseded else { return };
        for sent in self.sent().into_iter().filter(|sent| sent.sequence > superseded) {
            let newer = is_superseded(sent.key.id.as_str());
            assert!(!newer, "{}: version 1 of {} was sent at {}", self.name, sent.key, sent.at);
        }
    }

    /// Budget: the calls of any 24 hours are at most what the ledger charges, and that is at most the cap.
    async fn the_budget_is_kept(&self, now: Timestamp) {
        let calls: Vec<Timestamp> = requests(&self.salesforce).iter().map(at).collect();
        let most = most_calls_of_a_day(&calls);
        assert!(most <= self.cap, "{}: {most} calls in 24 hours", self.name);
        let counting = calls.iter().filter(|&&call| call + DAY > now).count() as u64;
        let charged = self.store.control(&acme()).await.unwrap().ledger.used(now, TIMEOUT).0;
        let kept = counting <= charged && charged <= self.cap;
        assert!(kept, "{}: {counting} calls were made, {charged} are charged, {} are allowed", self.name, self.cap);
    }

    /// Conservation: every record that failed is there.
    async fn all_records(&self) -> Vec<Record> {
        let keys: Vec<RecordKey> =
            OBJECTS.iter().flat_map(|object| ids().map(|id| key(&acme(), object, &id))).collect();
        let read = self.store.read(&keys).await.unwrap();
        let records: Vec<Record> = read
            .into_iter()
            .filter_map(|read| match read.stored {
                Stored::Record(record) => Some(*record),
                Stored::Success(_) => None,
            })
            .collect();
        let there: BTreeSet<&RecordKey> = records.iter().map(|record| &record.key).collect();
        let lost: Vec<_> = keys.iter().filter(|key| !there.contains(key)).collect();
        assert!(lost.is_empty() && records.len() == keys.len(), "{}: lost {lost:?}", self.name);
        records
    }

    fn stands_right(&self, record: &Record, next: Timestamp) {
        let (superseded, refused) = (is_superseded(record.key.id.as_str()), is_refused(record.key.id.as_str()));
        let right = match record.state {
            State::Resolved { how: Resolution::SucceededElsewhere, .. } => superseded,
            // Saved before its source synced the newer version.
            State::Resolved { how: Resolution::Retried, .. } => !refused,
            State::Scheduled(Next::At(due)) => refused && !superseded && due == next,
            State::Scheduled(Next::Sweep)
            | State::TimedOut { .. }
            | State::Held(_)
            | State::Resolved { how: Resolution::Gone | Resolution::Deleted, .. } => false,
        };
        assert!(right, "{}: {} stands at {:?}", self.name, record.key, record.state);
        let (object, id) = (record.key.object.as_str(), record.key.id.as_str());
        let saved = self.salesforce.record(object, "Ext__c", id).is_some();
        assert!(saved || refused || superseded, "{}: {} is not in Salesforce", self.name, record.key);
    }

    /// Attempts: those that Salesforce processed, and at most those that nobody knows the outcome of.
    fn counts_its_tries(&self, record: &Record) {
        let processed = |sent: &Sent| match sent.outcome {
            Outcome::Committed { .. } | Outcome::Refused { .. } => sent.key == record.key,
            Outcome::NotProcessed | Outcome::Pending { .. } => false,
        };
        let processed = self.sent().into_iter().filter(processed).count();
        let (counted, unknown) = (record.attempts.total() as usize, unknown_tries(record));
        // A record that its source synced while its outcome was in doubt is left as it is.
        let least = if is_superseded(record.key.id.as_str()) { 0 } else { processed };
        let honest = least <= counted && counted <= processed + unknown;
        assert!(honest, "{}: {} counts {counted} of {processed} tries: {:?}", self.name, record.key, record.tries);
        let doubted = record.tries.iter().filter(|tried| tried.outcome == TryOutcome::Unknown);
        let of_the_dead = doubted.filter(|tried| tried.batch.epoch == Epoch(1)).count();
        let one_death = unknown == of_the_dead && unknown <= 1;
        assert!(one_death, "{}: {} was in doubt more than once: {:?}", self.name, record.key, record.tries);
    }

    /// Events: what is written is published, and nothing else; what is published again says the same under the same id.
    /// Gives how many were published again.
    fn every_outcome_is_published(&self, records: &[Record]) -> usize {
        let mut said = BTreeMap::<(RecordKey, BatchId), TryOutcome>::new();
        let mut events = BTreeMap::<String, usize>::new();
        for event in published_as::<RecordsRetried>(&self.published, "Records Retried") {
            assert_eq!(event.id, format!("acme/{}", event.batch), "{}", self.name);
            for result in event.results {
                let key = RecordKey { connection: acme(), object: event.object.clone(), id: result.id };
                let before = said.insert((key, event.batch), result.outcome);
                let same = before.is_none_or(|before| before == result.outcome);
                assert!(same, "{}: {} contradicts itself", self.name, event.id);
            }
            *events.entry(event.id).or_default() += 1;
        }
        let tries = |record: &Record| {
            record.tries.iter().map(|tried| ((record.key.clone(), tried.batch), tried.outcome)).collect::<Vec<_>>()
        };
        let written: BTreeMap<_, _> = records.iter().flat_map(tries).collect();
        assert_eq!(said, written, "{}: the outcomes published and those written", self.name);
        events.values().filter(|&&times| times > 1).count()
    }

    /// Order, its other half: when our older version was saved and its source then synced a newer one, the source is told.
    /// Gives how many were.
    fn what_may_be_overwritten_is_told(&self) -> usize {
        let told = published_as::<PossibleOverwrite>(&self.published, "Possible Overwrite");
        let told: BTreeSet<String> = told.into_iter().map(|event| event.id).collect();
        for sent in self.sent() {
            let saved = matches!(sent.outcome, Outcome::Committed { .. }) && is_superseded(sent.key.id.as_str());
            let id = format!("{}/2", sent.key);
            assert!(!saved || told.contains(&id), "{}: nobody is told that {id} may be overwritten", self.name);
        }
        told.len()
    }

    fn sent(&self) -> Vec<Sent> {
        sent(&acme(), &requests(&self.salesforce))
    }
}
