//! The soak: time goes on from moment to moment, and at each the processes live that would be started then; most of them are
//! killed.
//!
//! Must not know: what is right.

use std::collections::BTreeMap;
use std::time::Duration;

use engine::fan_out::Schedule;
use fastrand::Rng;
use functions::handlers::scheduled_event;
use futures::future::join_all;
use rules::ids::ConnectionId;
use rules::time::Timestamp;
use salesforce_sim::{CallKind, Sequence, Settings};
use serde_json::{Value, json};
use store::local::Place;

use super::asking::Asking;
use super::deaths::Deaths;
use super::form::Form;
use super::moments::{self, Moment};
use super::notes::{Notes, Stretch};
use super::queue::Queue;
use super::sources::Sources;
use super::weather::{Weather, climate};
use crate::functions::process::Binary;
use crate::functions::runtime_api::Answer;
use crate::kill::gate::Stop;
use crate::kill::ground::{Ground, Life, Lived, Org};

/// The connections: name, policy, calls in 24 hours. What the second may spend its dead runs use up now and then.
const CONNECTIONS: [(&str, &str, u64); 4] =
    [("north", "interval", 5_000), ("south", "interval", 400), ("east", "recent", 5_000), ("west", "interval", 5_000)];

/// How long a call may take in the settings; in real time, for whoever waits for an answer that does not come.
pub(super) const TIMEOUT: Duration = Duration::from_secs(5);

/// How long Lambda lets a process work on one event: a dead one's lease is over before the hint comes again.
const INVOCATION: Duration = Duration::from_mins(5);

/// When a hint comes that was not acted on.
const AGAIN: Duration = Duration::from_mins(9);

/// How often runs that were not done ask for another at one moment.
const ROUNDS: usize = 3;

/// A run that is to be.
pub(super) struct Run {
    pub(super) event: Value,
    pub(super) stop: Option<Stop>,
    /// Two when the event is delivered to two processes at once.
    pub(super) processes: usize,
}

/// A soak under way.
pub(super) struct Play {
    pub(super) form: Form,
    pub(super) ground: Ground,
    pub(super) orgs: Vec<Org>,
    pub(super) sources: Sources,
    pub(super) queue: Queue,
    pub(super) deaths: Deaths,
    pub(super) asking: Asking,
    pub(super) notes: Notes,
    pub(super) now: Timestamp,
    /// Whether everything comes to rest: no event is lost any more.
    pub(super) at_rest: bool,
    weather: Weather,
    chance: Rng,
}

impl Play {
    /// Everything is there, and nothing has failed.
    pub(super) async fn start(form: Form) -> Self {
        let notes = Notes::of(form.seed);
        let chance = |purpose: u64| Rng::with_seed(form.seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) ^ purpose);
        let ground = Ground::start(Place::File(&form.database())).await;
        let now = Timestamp::parse("2026-03-02T09:00:00Z").unwrap();
        ground.pass(now);
        let (sources, mut orgs) = (Sources::of(chance(1), form.records), Vec::new());
        for (id, policy, cap) in CONNECTIONS {
            let settings = json!({
                "id": id, "policy": {"kind": policy}, "budget": {"cap_without_limit": cap},
                "external_ids": {"Account": "Ext__c", "Contact": "Ext__c"},
                "request_timeout_seconds": TIMEOUT.as_secs(),
            });
            let limits = Settings { org_limit: 1_000_000, hang: TIMEOUT, ..Settings::default() };
            let org = ground.org(settings, limits).await;
            climate(&org.salesforce, &sources);
            orgs.push(org);
        }
        let (deaths, asking) = (Deaths::of(chance(3)), Asking::of(chance(5)));
        let (queue, weather, chance) = (Queue::of(chance(6)), Weather(chance(2)), chance(4));
        Self { form, ground, orgs, sources, queue, deaths, asking, notes, now, at_rest: false, weather, chance }
    }

    /// Plays until every record has failed and enough lives were killed.
    pub(super) async fn storm(&mut self) {
        let enough = |play: &Self| play.notes.ticks >= play.form.ticks() && play.notes.kills >= play.form.kills;
        while !enough(self) || !self.sources.are_through() {
            let left_out = if self.chance.u8(..10) < 7 { 0 } else { self.chance.u64(1..9) };
            let moment = moments::next(self.now, left_out);
            let fail = self.form.failing_at_once();
            for org in &self.orgs {
                self.weather.turn(&org.salesforce, moment.tick);
            }
            self.play(&moment, Some(fail)).await;
            self.told();
        }
    }

    /// Says now and then how far it is.
    pub(super) fn told(&mut self) {
        if self.notes.is_to_tell() {
            let calls = self.calls();
            self.notes.tell(self.now, calls);
        }
    }

    /// All calls so far.
    pub(super) fn calls(&self) -> usize {
        let is_call = |kind| !matches!(kind, CallKind::External | CallKind::LateCommit);
        self.orgs.iter().map(|org| org.salesforce.log().iter().filter(|entry| is_call(entry.kind)).count()).sum()
    }

    /// One moment: sources act if so many records are to fail, reports are taken in, persons ask, schedules strike, runs run, and
    /// what died is started again.
    pub(super) async fn play(&mut self, moment: &Moment, fail: Option<usize>) {
        let (tick, ahead) = (moment.tick, Duration::from_mins(2));
        self.notes.ticks += 1;
        self.pass(tick - ahead);
        if let Some(fail) = fail {
            let messages = self.sources.act(self.now, &self.orgs, fail);
            self.queue.push(messages);
        }
        let meanwhile = self.chance.u8(..10) < 3;
        if !meanwhile {
            self.take_in().await;
        }
        self.pass(tick - Duration::from_mins(1));
        let mut hints = self.ask().await;
        for &schedule in &moment.schedules {
            self.pass(tick + Duration::from_secs(2));
            hints.extend(self.look(schedule, tick).await);
        }
        self.pass(tick + Duration::from_secs(5));
        let mut again = Vec::new();
        for round in 0..ROUNDS {
            hints = self.runs(hints, &mut again, meanwhile && round == 0).await;
            self.pass(self.now + Duration::from_mins(1));
        }
        self.pass(tick + AGAIN);
        self.runs(again, &mut Vec::new(), false).await;
    }

    fn pass(&mut self, at: Timestamp) {
        self.now = self.now.max(at);
        self.ground.pass(self.now);
    }

    /// A schedule strikes. Gives the hints that come of it.
    async fn look(&mut self, schedule: Schedule, tick: Timestamp) -> Vec<Value> {
        let binary = match schedule {
            Schedule::Due => Binary::RetryDue,
            Schedule::TimedOut => Binary::RetryTimedOut,
            Schedule::Recent => Binary::RetryRecent,
        };
        let stop = self.deaths.next(binary, true);
        let event = scheduled_event(schedule, tick);
        // Now and then the same process gets the same event twice.
        let events = vec![event; if self.chance.u8(..10) == 0 { 2 } else { 1 }];
        let life = Life { events, stop, ..Life::of(binary, self.now, INVOCATION, Value::Null, &[]) };
        let lived = self.ground.live(life).await;
        self.over(binary, "looks", &lived);
        self.notes.take(self.ground.bus.take())
    }

    /// A life is over.
    pub(super) fn over(&mut self, binary: Binary, what: &str, lived: &Lived) {
        self.notes.lived(binary, self.now, what, lived);
        for error in lived.answers.iter().filter_map(|answer| match answer {
            Answer::Error(error) => Some(error),
            Answer::Response(_) => None,
        }) {
            self.notes.wrong.push(format!("{} failed at {}: {error}", binary.name(), self.now));
        }
    }

    /// Runs as these hints want them, those of different connections at the same time. Gives the hints that they published.
    async fn runs(&mut self, hints: Vec<Value>, again: &mut Vec<Value>, with_reports: bool) -> Vec<Value> {
        let mut runs: BTreeMap<ConnectionId, Vec<Run>> = BTreeMap::new();
        for event in hints {
            let processes = if self.chance.u8(..10) == 0 { 2 } else { 1 };
            match self.chance.u8(..20) {
                // It is lost: a later tick finds what is to be done.
                0 if !self.at_rest => continue,
                1 | 2 => again.push(event.clone()),
                _ => {}
            }
            let stop = self.deaths.next(binary_for(&event), false);
            let connection = ConnectionId::new(event["detail"]["connection"].as_str().unwrap()).unwrap();
            runs.entry(connection).or_default().push(Run { event, stop, processes });
        }
        let taking = with_reports.then(|| self.queue.deliver(self.deaths.next(Binary::Ingest, false)));
        let (ground, now) = (&self.ground, self.now);
        let reached = |id: &ConnectionId| self.notes.reached.get(id).copied().unwrap_or(Sequence(0));
        let of_each = self
            .orgs
            .iter()
            .filter_map(|org| runs.remove(&org.id).map(|runs| run_all(ground, org, now, runs, reached(&org.id))));
        let taken = async {
            match &taking {
                Some(delivery) => Some(ground.live(delivery.life(now)).await),
                None => None,
            }
        };
        let (ran, taken) = futures::join!(join_all(of_each), taken);
        if let (Some(delivery), Some(lived)) = (taking, taken) {
            self.over(Binary::Ingest, "takes in", &lived);
            self.queue.done(delivery, &lived, &mut self.sources, now);
        }
        for (run, stretch, lived) in ran.into_iter().flatten() {
            self.over(binary_for(&run.event), stretch.connection.as_str(), &lived);
            if stretch.killed && self.chance.u8(..10) < 7 {
                again.push(run.event);
            }
            self.note_doubts(&stretch).await;
            self.notes.reached.insert(stretch.connection.clone(), stretch.last);
            self.notes.stretches.push(stretch);
        }
        self.notes.take(self.ground.bus.take())
    }
}

impl Play {
    /// Ends the services, and removes the database.
    pub(super) async fn end(self) {
        for org in &self.orgs {
            org.salesforce.shutdown().await;
        }
        self.ground.end().await;
        std::fs::remove_dir_all(self.form.database().parent().unwrap()).unwrap();
    }
}

/// The runs of one connection, one after another. Its org's log was read up to `reached`.
async fn run_all(
    ground: &Ground,
    org: &Org,
    now: Timestamp,
    runs: Vec<Run>,
    mut reached: Sequence,
) -> Vec<(Run, Stretch, Lived)> {
    let mut ran = Vec::new();
    for run in runs {
        let (after, orgs) = (last(org, reached), [org]);
        let of = Life::of(binary_for(&run.event), now, INVOCATION, run.event.clone(), &orgs);
        let lived = ground.live(Life { stop: run.stop, processes: run.processes, ..of }).await;
        reached = last(org, after);
        let mut runs = lived.log.lines().filter(|line| line.contains(r#""message":"run finished""#));
        let done = runs.all(|line| line.contains(r#""stopped":"Done""#));
        let stretch = Stretch { connection: org.id.clone(), after, last: reached, killed: lived.killed, done };
        ran.push((run, stretch, lived));
    }
    ran
}

/// The last entry of an org's log, of which `reached` is one.
fn last(org: &Org, reached: Sequence) -> Sequence {
    org.salesforce.log_after(reached).last().map_or(reached, |entry| entry.sequence)
}

/// The function that a hint goes to, by the template's rules.
pub(super) fn binary_for(hint: &Value) -> Binary {
    let selection = &hint["detail"]["selection"];
    let wants = |kind: &str| selection.get(kind).is_some();
    match () {
        () if wants("timed_out") => Binary::RetryTimedOut,
        () if wants("recent") => Binary::RetryRecent,
        () if wants("forced") => Binary::RetryRequested,
        () => Binary::RetryDue,
    }
}
