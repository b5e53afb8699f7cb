//! What must be true of a world at any moment when no run is under way, whatever happened to it: nine invariants, checked
//! against what sources reported, what Salesforce saw, what is stored and what was published.
//!
//! Must not know: which scenario led there. Every record of these tests has its source version in the payload's field `v`.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use engine::ports::ErrorTypes;
use rules::budget::WINDOW;
use rules::catalogue::ErrorType;
use rules::counts::TryKind;
use rules::events::{Outbound, RecordsRetried};
use rules::ids::{BatchId, Epoch, ObjectName, RecordKey};
use rules::policy::Policy;
use rules::record::{HoldReason, Next, Record, Resolution, State, Stored};
use rules::resync::{Action, RequestState};
use rules::schedule::TICK;
use rules::time::Timestamp;
use rules::tries::{REMEMBERED, TryOutcome};
use rules::verdict::{Understood, understand};
use rules::version::SourceVersion;

use super::persons::Asked;
use super::watched::{Kind, Request, Sent};
use super::world::{Reported, World, id};

/// How long after a request Salesforce may still commit it.
const LATE: Duration = Duration::from_mins(10);

/// The longest time between the strong read of a record and its send.
const READ_TO_SEND: Duration = Duration::from_secs(30);

impl World {
    /// Checks all of them, for the connection `acme`, with no process that died.
    pub(crate) async fn upholds_the_invariants(&self) {
        self.upholds_the_invariants_after_deaths(0).await;
    }

    /// Checks all of them, with so many processes that died: each may have left one try of a record in doubt.
    pub(crate) async fn upholds_the_invariants_after_deaths(&self, deaths: u32) {
        let requests = self.requests();
        self.conserves_every_failure();
        self.excludes_two_sends_at_once();
        self.counts_honest_attempts(&requests, deaths).await;
        keeps_the_order(self, &requests);
        self.stays_within_the_budget(&requests).await;
        keeps_to_the_schedule(self, &requests).await;
        self.reschedules_to_the_very_next_tick();
        self.publishes_what_is_written();
        self.keeps_its_promises(deaths).await;
        if deaths == 0 {
            self.counts_what_is_failing().await;
        }
    }

    /// The directory's numbers are those of the records that are failing, as long as no process died; and no record is older
    /// than the oldest that it names.
    pub(crate) async fn counts_what_is_failing(&self) {
        let mut truth: BTreeMap<(ErrorType, ObjectName), u64> = BTreeMap::new();
        let mut oldest: BTreeMap<ErrorType, Timestamp> = BTreeMap::new();
        for record in self.records().iter().filter(|record| record.is_failing() && record.key.connection == id("acme"))
        {
            let (of, first) = (record.failure.error_type.clone(), record.first_failed);
            oldest.entry(of.clone()).and_modify(|known| *known = first.min(*known)).or_insert(first);
            *truth.entry((of, record.key.object.clone())).or_default() += 1;
        }
        let mut told = BTreeMap::new();
        for entry in self.store.directory(&id("acme")).await.expect("the store works") {
            let truly = oldest.get(&entry.error_type);
            assert_eq!(entry.oldest.is_some(), truly.is_some(), "counts: {entry:?} and {truly:?}");
            assert!(entry.oldest <= truly.copied(), "counts: {entry:?} is later than {truly:?}");
            for (object, records) in entry.records {
                told.insert((entry.error_type.clone(), object), records);
            }
        }
        assert_eq!(told, truth, "counts: what is told and what is failing");
        let in_queue =
            |record: &&Record| record.key.connection == id("acme") && matches!(record.state, State::TimedOut { .. });
        let truth = self.records().iter().filter(in_queue).count() as u64;
        let totals = self.store.totals(&id("acme")).await.expect("the store works");
        assert_eq!(totals.timed_out, truth, "counts: what is told of the timeout queue and what is in it");
    }

    /// Invariant 1, Conservation: of every failure that was taken in there is exactly one item, in one state.
    fn conserves_every_failure(&self) {
        let stored: Vec<_> = self.store.all().iter().map(|stored| stored.key().clone()).collect();
        let once: BTreeSet<_> = stored.iter().collect();
        assert_eq!(once.len(), stored.len(), "conservation: an item is there twice");
        for reported in self.reported.lock().expect("no test panics while it notes").iter() {
            assert!(once.contains(&reported.key), "conservation: {} is lost", reported.key);
        }
    }

    /// Invariant 2, Exclusion: never two requests at once with the same record, where a request that nobody knows the outcome
    /// of lasts ten minutes more; and every epoch is greater than the one before.
    fn excludes_two_sends_at_once(&self) {
        let overlaps = self.salesforce().overlaps(LATE);
        assert!(overlaps.is_empty(), "exclusion: {overlaps:?}");
        let reports = self.run_reports();
        let epochs: Vec<Epoch> = reports.iter().map(|report| report.epoch).collect();
        let distinct: BTreeSet<Epoch> = epochs.iter().copied().collect();
        assert_eq!(distinct.len(), epochs.len(), "exclusion: two runs had the same epoch: {epochs:?}");
    }

    /// Invariants 4 and 8, Attempts: a record's tries are those that Salesforce processed, or whose outcome is unknown, and no
    /// others; answers that mean "not processed" count for nobody. Every death may add or hide one.
    async fn counts_honest_attempts(&self, requests: &[Request], deaths: u32) {
        let connection = self.settings().await;
        let catalogue = connection.catalogue().expect("the own rules are right");
        let (mut least, mut most) = (BTreeMap::<&RecordKey, u32>::new(), BTreeMap::<&RecordKey, u32>::new());
        for request in requests.iter().filter(|request| request.kind == Kind::Upsert) {
            for sent in &request.records {
                let counts = |answer| {
                    let field = request.field.as_ref().expect("a batch has a field");
                    matches!(understand(&catalogue, field, answer), Understood::Counts(_))
                };
                let surely = sent.answer.as_ref().is_some_and(counts);
                *least.entry(&sent.key).or_default() += u32::from(surely);
                *most.entry(&sent.key).or_default() += u32::from(surely || request.is_cut_off());
            }
        }
        let versions = self.versions();
        for record in self.records().iter().filter(|record| versions[&record.key].len() == 1) {
            let counted = record.attempts.total();
            // A record that its source synced or a person deleted in flight is left as it is.
            let elsewhere = matches!(
                record.state,
                State::Resolved { how: Resolution::SucceededElsewhere | Resolution::Deleted, .. }
            );
            let doubtful = deaths + u32::from(elsewhere);
            let least = least.get(&record.key).copied().unwrap_or(0).saturating_sub(doubtful);
            let most = most.get(&record.key).copied().unwrap_or(0) + deaths;
            assert!(
                (least..=most).contains(&counted),
                "attempts: {} has {counted} tries and {least} to {most} were processed or are unknown: {:?}",
                record.key,
                record.tries
            );
        }
    }

    fn versions(&self) -> BTreeMap<RecordKey, BTreeSet<i64>> {
        let mut versions = BTreeMap::<_, BTreeSet<_>>::new();
        for one in self.reported.lock().expect("no test panics while it notes").iter() {
            versions.entry(one.key.clone()).or_default().insert(one.version);
        }
        versions
    }

    /// Invariant 6, Budget: in no 24 hours are more calls made than the cap allows, and the ledger covers every call that the
    /// window still holds.
    async fn stays_within_the_budget(&self, requests: &[Request]) {
        let (connection, control) = (self.settings().await, self.control().await);
        let cap = usize::try_from(connection.budget.cap().0).unwrap_or(usize::MAX);
        let times: Vec<_> = requests.iter().filter(|one| one.connection == id("acme")).map(|one| one.at).collect();
        for (first, &from) in times.iter().enumerate() {
            let within = times[first..].partition_point(|&time| time < from + WINDOW);
            assert!(within <= cap, "budget: {within} calls in the 24 hours from {from}, and the cap is {cap}");
        }
        let now = self.now();
        let counting = times.iter().filter(|&&time| time + WINDOW > now).count() as u64;
        let charged = control.ledger.used(now, connection.request_timeout()).0;
        assert!(charged >= counting, "budget: {counting} calls were made and {charged} are charged");
    }

    /// Invariant 7, Schedule, its second half: a record that failed in the 20-minute schedule is due at the very next tick.
    fn reschedules_to_the_very_next_tick(&self) {
        for record in self.records() {
            let (State::Scheduled(Next::At(next)), Some(last)) = (record.state, record.tries.last()) else {
                continue;
            };
            assert_eq!(next, next.floor(TICK), "schedule: {} is due between two ticks", record.key);
            if last.at >= record.first_failed {
                let latest = last.at.floor(TICK) + TICK;
                assert!(next <= latest, "schedule: {} was tried at {} and is due at {next}", record.key, last.at);
            }
        }
    }

    /// Invariant 10, Events: every outcome that is written was published at least once, no other was, and an event that is
    /// published again has the same id and does not contradict itself.
    fn publishes_what_is_written(&self) {
        let published = self.published();
        let retried: Vec<&RecordsRetried> = published
            .iter()
            .filter_map(|event| match event {
                Outbound::RecordsRetried(event) => Some(event),
                Outbound::RecordsTimedOut(_)
                | Outbound::BudgetSpent(_)
                | Outbound::PossibleOverwrite(_)
                | Outbound::RunRequested(_)
                | Outbound::ConnectionSuspended(_)
                | Outbound::ConnectionResumed(_) => None,
            })
            .collect();
        let said = said(&retried);
        for record in self.records() {
            for tried in record.tries.iter() {
                let said = said.get(&(record.key.clone(), tried.batch));
                assert_eq!(said, Some(&tried.outcome), "events: {} in {}", record.key, tried.batch);
            }
        }
        for ((key, batch), outcome) in &said {
            self.has_written(key, *batch, *outcome);
        }
    }

    /// Invariant 9, Forced: a request that is done has tried each of its records, or a reason why not is stated; none was
    /// tried more often for it than once. Every death may repeat one.
    async fn keeps_its_promises(&self, deaths: u32) {
        let promises = self.promises();
        for Asked { request, meant, .. } in &promises {
            let now = self.request(request.id.as_str()).await;
            let progress = now.progress;
            assert_eq!(progress.tried, progress.resolved + progress.failed + progress.unknown, "forced: {now:?}");
            let owed = self.control().await.owed.request(&request.id).is_some();
            assert_eq!(owed, now.state == RequestState::Open, "forced: {now:?} is owed or not");
            if now.state == RequestState::Done {
                for key in meant {
                    self.is_tried_or_excused(request, key);
                }
            }
        }
        for record in self.records() {
            let means = |asked: &&Asked| asked.meant.contains(&record.key) || asked.brought.contains(&record.key);
            let asked = promises.iter().filter(means).count();
            let most = u32::try_from(asked).unwrap_or(u32::MAX).saturating_add(deaths);
            assert!(record.attempts.forced <= most, "forced: {} for {asked} requests: {:?}", record.key, record.tries);
        }
    }

    fn is_tried_or_excused(&self, request: &rules::resync::Request, key: &RecordKey) {
        let Some(Stored::Record(record)) = self.store.stored(key) else {
            panic!("forced: {key} is lost");
        };
        let asked = request.as_of.floor(Duration::from_mins(1));
        let tried = record.tries.iter().any(|tried| tried.kind == TryKind::Forced && tried.at >= asked);
        if request.action == Action::Delete {
            let anew = record.first_failed > request.as_of;
            assert!(!record.is_failing() || anew, "forced: {key} was not deleted by {}: {record:?}", request.id);
            return;
        }
        let excused = !record.is_failing()
            || record.state == State::Held(HoldReason::PayloadMissing)
            || record.first_failed > request.as_of
            || record.tries.iter().count() == REMEMBERED;
        assert!(tried || excused, "forced: {key} was left out of {}: {record:?}", request.id);
    }

    fn has_written(&self, key: &RecordKey, batch: BatchId, outcome: TryOutcome) {
        let Some(Stored::Record(record)) = self.store.stored(key) else {
            panic!("events: {key} was published and is not stored");
        };
        let forgotten =
            record.tries.iter().count() == REMEMBERED && record.tries.iter().all(|tried| tried.batch > batch);
        let written = record.tries.of_batch(batch).map(|tried| tried.outcome);
        assert!(written == Some(outcome) || forgotten, "events: {key} in {batch} was published as {outcome:?}");
    }
}

/// What was published of each try; a contradiction is a failure.
fn said(retried: &[&RecordsRetried]) -> BTreeMap<(RecordKey, BatchId), TryOutcome> {
    let mut said = BTreeMap::new();
    for event in retried {
        assert_eq!(event.id, format!("{}/{}", event.connection, event.batch), "events: an id is not the batch's");
        for result in &event.results {
            let (connection, object, id) = (event.connection.clone(), event.object.clone(), result.id.clone());
            let before = said.insert((RecordKey { connection, object, id }, event.batch), result.outcome);
            assert!(before.is_none_or(|before| before == result.outcome), "events: {} contradicts itself", event.id);
        }
    }
    said
}

/// Invariant 5, Order: no payload is sent that is older than a success recorded before the strong read of its record.
fn keeps_the_order(world: &World, requests: &[Request]) {
    let reported = world.reported.lock().expect("no test panics while it notes");
    let mut successes = BTreeMap::<&RecordKey, Vec<&Reported>>::new();
    for one in reported.iter().filter(|one| one.succeeded) {
        successes.entry(&one.key).or_default().push(one);
    }
    for (request, sent) in requests.iter().flat_map(|request| request.records.iter().map(move |sent| (request, sent))) {
        let before_the_read = |one: &&&Reported| one.at + READ_TO_SEND < request.at;
        let newer = |one: &&Reported| sent.v.is_some_and(|v| v < one.version);
        let known = successes.get(&sent.key).into_iter().flatten();
        let newer = known.filter(before_the_read).find(|one| newer(one));
        assert!(newer.is_none(), "order: {} was sent at {} after {newer:?}", sent.key, request.at);
    }
}

/// Invariant 7, Schedule, its first half: nothing is sent before it is due, and nothing that no schedule may try, unless a
/// person asked for it.
async fn keeps_to_the_schedule(world: &World, requests: &[Request]) {
    let (policy, promises) = (world.settings().await.policy, world.promises());
    for request in requests {
        for sent in &request.records {
            is_due(&policy, &promises, request, sent);
        }
    }
}

fn is_forced(policy: &Policy, promises: &[Asked], request: &Request, record: &Record) -> bool {
    let wants = |asked: &&Asked| {
        let fits = asked.request.wanted.means(policy, record, asked.request.as_of);
        let meant = fits || asked.meant.contains(&record.key) || asked.brought.contains(&record.key);
        asked.request.as_of <= request.at && record.first_failed <= asked.request.as_of && meant
    };
    record.state != State::Held(HoldReason::PayloadMissing) && promises.iter().any(|asked| wants(&asked))
}

fn is_due(policy: &Policy, promises: &[Asked], request: &Request, sent: &Sent) {
    let Some(Stored::Record(record)) = &sent.stored else {
        return;
    };
    // A newer version may have come in between the read and the send.
    if sent.v.map(SourceVersion::Number) != Some(record.source_version) {
        return;
    }
    let due = matches!(due(record), Some(due) if due <= request.at) || is_forced(policy, promises, request, record);
    assert!(due, "schedule: {} was sent at {} and stood at {:?}", sent.key, request.at, record.state);
}

fn due(record: &Record) -> Option<Timestamp> {
    match record.state {
        State::Scheduled(Next::At(next)) | State::TimedOut { next } => Some(next),
        State::Scheduled(Next::Sweep) => Some(record.first_failed),
        // Its source synced it between the read and the send.
        State::Resolved { at, .. } => Some(at),
        State::Held(_) => None,
    }
}
