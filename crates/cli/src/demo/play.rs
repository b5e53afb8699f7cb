//! The play: loads the failures, then lets the schedules tick and life happen, minute by minute where something is due.
//!
//! Must not know: how the summary or the check is made.

use std::collections::BTreeSet;
use std::time::Duration;

use anyhow::{Context, ensure};
use engine::fan_out::Schedule;
use engine::ports::Clock;
use functions::handlers::{RetryReport, scheduled_event};
use imports::FailedRow;
use indicatif::{ProgressBar, ProgressStyle};
use rules::catalogue::Class;
use rules::connection::Connection;
use rules::counts::ApiCalls;
use rules::events::RunRequested;
use rules::ids::{ConnectionId, RecordId, RecordKey};
use rules::schedule::TICK;
use rules::time::Timestamp;
use salesforce_sim::{Calls, Canned, Commit, Effect, Fault, Millis};
use serde_json::{Map, Value, json};

use super::facts::{Accepted, Facts};
use super::life::{HAPPENINGS, Happening, LENGTH, OUTAGE, What};
use super::manifest::{FileOfRows, Source};
use super::org::{Org, SECOND, key_field};
use super::timeline::Timeline;
use super::world::{World, source_event};
use crate::exit::Failure;

/// The first tick at which the sweeps start, in minutes after midnight.
const SWEEPS: [u64; 2] = [11 * 60 + 30, 23 * 60 + 30];

/// Records that another system syncs meanwhile, and that come back with newer versions.
const SYNCED_ELSEWHERE: usize = 20;
const SENT_ANEW: usize = 5;

/// A play under way.
pub(crate) struct Play<'a> {
    world: &'a World,
    sources: &'a [Source],
    start: Timestamp,
    pub(crate) facts: Facts,
    pub(crate) timeline: Timeline,
    pub(crate) runs: Vec<ConnectionId>,
    bar: ProgressBar,
}

impl<'a> Play<'a> {
    /// A play that has not begun; `quiet` shows no progress.
    pub(crate) fn new(world: &'a World, sources: &'a [Source], quiet: bool) -> Self {
        let start = world.clock.now();
        let bar = if quiet { ProgressBar::hidden() } else { bar(sources) };
        Self { world, sources, start, facts: Facts::default(), timeline: Timeline::default(), runs: Vec::new(), bar }
    }

    /// Plays all three days.
    pub(crate) async fn play(&mut self) -> Result<(), Failure> {
        self.import().await?;
        let mut life = HAPPENINGS.iter().peekable();
        for minute in 1..=LENGTH.as_secs() / 60 {
            let now = self.start + Duration::from_secs(minute * 60);
            while let Some(happening) = life.next_if(|happening| self.start + happening.after <= now) {
                self.world.clock.move_to(now);
                self.happen(happening).await?;
            }
            self.tick(now).await?;
        }
        self.bar.finish_and_clear();
        Ok(())
    }

    async fn import(&mut self) -> Result<(), Failure> {
        for (source, org) in self.sources.iter().zip(&self.world.orgs) {
            let connection = self.world.connection(org).await?;
            self.note_cap(&connection);
            let mut events = Vec::new();
            for file in &source.files {
                events.extend(failures(&connection, file, self.start));
            }
            self.bar.set_message(format!("loading {}", source.id));
            let bar = self.bar.clone();
            let refused = self.world.deliver(&events, |count| bar.inc(count as u64)).await?;
            ensure_taken(refused)?;
            self.note_failures(&connection, &events)?;
            let words = format!("{}: {} failed records loaded", source.id, events.len());
            self.timeline.happened(self.start, words);
        }
        Ok(())
    }

    fn note_cap(&mut self, connection: &Connection) {
        let caps = self.facts.caps.entry(connection.id.clone()).or_default();
        caps.push((self.world.clock.now(), connection.budget.cap()));
    }

    fn note_failures(&mut self, connection: &Connection, events: &[Value]) -> Result<(), Failure> {
        let at = self.world.clock.now();
        let catalogue = connection.catalogue().context("reading the connection's own rules")?;
        for event in events {
            let detail = &event["detail"];
            let Some(key) = key_of(&connection.id, detail) else {
                continue;
            };
            let text = |name: &str| detail["error"][name].as_str().unwrap_or_default();
            let found = catalogue.classify(text("code"), text("message"));
            let accepted = Accepted {
                at,
                code: text("code").to_owned(),
                excluded: connection.policy.excludes(&found.error_type),
                gone: found.class == Class::Gone,
            };
            self.facts.failures.entry(key).or_default().push(accepted);
        }
        Ok(())
    }

    /// Invokes what the schedules invoke at this minute, then every run that was requested.
    async fn tick(&mut self, now: Timestamp) -> Result<(), Failure> {
        let minute = u64::try_from(now.as_millis() / 60_000).unwrap_or(0) % (24 * 60);
        let mut due = Vec::new();
        if now == now.floor(TICK) {
            due.push(Schedule::Due);
            self.bar.set_message(super::timeline::when(now, "%a %H:%M"));
            self.bar.inc(1);
        }
        if minute == 0 {
            due.push(Schedule::TimedOut);
        }
        if SWEEPS.contains(&minute) {
            due.push(Schedule::Recent);
        }
        if due.is_empty() {
            return Ok(());
        }
        self.world.clock.move_to(now);
        for schedule in due {
            let report = self.world.invoke(schedule, &scheduled_event(schedule, now)).await?;
            self.note_blocked(now, &report);
        }
        while let Some(request) = self.world.bus.next_request() {
            self.run(now, &request).await?;
        }
        Ok(())
    }

    fn note_blocked(&mut self, now: Timestamp, report: &RetryReport) {
        if let RetryReport::FannedOut { blocked, .. } = report {
            for one in blocked {
                let gates: Vec<String> = one.gates.iter().map(ToString::to_string).collect();
                self.timeline.blocked(now, &one.connection, gates);
            }
        }
    }

    async fn run(&mut self, now: Timestamp, request: &RunRequested) -> Result<(), Failure> {
        if let RetryReport::Ran { report } = self.world.carry_out(request).await? {
            self.runs.push(request.connection.clone());
            self.timeline.ran(now, &request.connection, &report);
        }
        Ok(())
    }

    async fn happen(&mut self, happening: &Happening) -> Result<(), Failure> {
        let now = self.world.clock.now();
        let first = &self.world.orgs[0];
        let last = &self.world.orgs[self.world.orgs.len() - 1];
        self.timeline.happened(now, happening.in_words(first.id.as_str(), last.id.as_str()));
        match happening.what {
            What::SourceUsesTheBudget => self.use_budget(first).await?,
            What::LimitRaised => {
                let connection = self.world.connection(first).await?;
                let limit = ApiCalls(connection.budget.cap().0 * 4);
                let raised = self.world.raise_limit(first, limit).await?;
                self.note_cap(&raised);
            }
            What::SyncedElsewhere => self.sync_elsewhere(first, now).await?,
            What::NewerFailures => self.send_anew(first, now).await?,
            What::PicklistMended => self.world.orgs.iter().for_each(Org::mend_picklists),
            What::SalesforceDown => self.take_down(now),
            What::SalesforceUp | What::TriggersMended => {}
            What::PasswordChanged => World::change_password(last, &SECOND),
            What::PasswordPutRight => self.world.put_password_right(last, &SECOND).await?,
        }
        Ok(())
    }

    fn take_down(&self, now: Timestamp) {
        let until = now + OUTAGE;
        for org in &self.world.orgs {
            let down = Fault::new(Effect::Answer(Canned::ServerUnavailable, Commit::Never)).on(Calls::All);
            org.simulator.fault(down.between(Millis(now.as_millis()), Millis(until.as_millis())));
        }
    }

    async fn use_budget(&mut self, org: &Org) -> Result<(), Failure> {
        let connection = self.world.connection(org).await?;
        let calls = connection.budget.cap();
        let now = self.world.clock.now();
        let detail = json!({ "connection": connection.id, "source": "bulk-load", "calls": calls });
        ensure_taken(self.world.deliver(&[source_event("API Calls Used", now, &detail)], |_| {}).await?)?;
        self.facts.reported.entry(connection.id).or_default().push((now, calls));
        Ok(())
    }

    /// Some of the records that nobody mends in Salesforce are synced by their source itself.
    async fn sync_elsewhere(&mut self, org: &Org, now: Timestamp) -> Result<(), Failure> {
        let connection = self.world.connection(org).await?;
        let file = &self.sources[0].files[0];
        let field = key_field(&connection, file)?;
        for key in Self::stuck(&connection, file, 0, SYNCED_ELSEWHERE) {
            let fields = Map::from_iter([("Description".to_owned(), Value::from("synced by its source"))]);
            org.simulator.put_record(file.object.as_str(), field.as_str(), key.id.as_str(), fields);
            let detail = json!({ "connection": connection.id, "object": key.object, "externalId": key.id });
            ensure_taken(self.world.deliver(&[source_event("Sync Succeeded", now, &detail)], |_| {}).await?)?;
            self.facts.successes.insert(key, now);
        }
        Ok(())
    }

    async fn send_anew(&mut self, org: &Org, now: Timestamp) -> Result<(), Failure> {
        let connection = self.world.connection(org).await?;
        let file = &self.sources[0].files[0];
        let chosen: BTreeSet<RecordId> =
            Self::stuck(&connection, file, SYNCED_ELSEWHERE, SENT_ANEW).into_iter().map(|key| key.id).collect();
        let all = failures(&connection, file, now);
        let events: Vec<Value> = all
            .into_iter()
            .filter(|event| key_of(&connection.id, &event["detail"]).is_some_and(|key| chosen.contains(&key.id)))
            .collect();
        ensure_taken(self.world.deliver(&events, |_| {}).await?)?;
        self.note_failures(&connection, &events)?;
        Ok(())
    }

    /// Records whose error nobody mends in Salesforce in these days.
    fn stuck(connection: &Connection, file: &FileOfRows, skip: usize, most: usize) -> Vec<RecordKey> {
        let stuck = |code: &str| matches!(code, "REQUIRED_FIELD_MISSING" | "FIELD_CUSTOM_VALIDATION_EXCEPTION");
        let key = |row: &FailedRow| RecordKey {
            connection: connection.id.clone(),
            object: file.object.clone(),
            id: row.external_id.clone(),
        };
        file.rows.iter().filter(|row| stuck(&row.error.code)).map(key).skip(skip).take(most).collect()
    }
}

fn bar(sources: &[Source]) -> ProgressBar {
    let rows: usize = sources.iter().flat_map(|source| &source.files).map(|file| file.rows.len()).sum();
    let ticks = LENGTH.as_secs() / TICK.as_secs();
    let style =
        ProgressStyle::with_template("{bar:30} {percent:>3} %  {msg}").unwrap_or_else(|_| ProgressStyle::default_bar());
    ProgressBar::new(rows as u64 + ticks).with_style(style)
}

pub(super) fn ensure_taken(refused: usize) -> anyhow::Result<()> {
    ensure!(
        refused == 0,
        "{refused} events were refused: a row is larger than the events bus takes, or its error or key is too long"
    );
    Ok(())
}

fn key_of(connection: &ConnectionId, detail: &Value) -> Option<RecordKey> {
    let text = |name: &str| detail[name].as_str();
    let object = rules::ids::ObjectName::new(text("object")?).ok()?;
    let id = RecordId::new(text("externalId")?).ok()?;
    Some(RecordKey { connection: connection.clone(), object, id })
}

/// A `Sync Failed` event for each row of a file.
fn failures(connection: &Connection, file: &FileOfRows, now: Timestamp) -> Vec<Value> {
    let failure = |row: &FailedRow| {
        let mut detail = json!({
            "connection": connection.id,
            "object": file.object,
            "externalId": row.external_id,
            "error": { "code": row.error.code, "message": row.error.message },
            "payload": row.fields,
        });
        if let (Some(parent), Some(id)) = (&file.parent, &row.parent) {
            detail["parent"] = json!({ "object": parent.object, "externalId": id });
        }
        source_event("Sync Failed", now, &detail)
    };
    file.rows.iter().map(failure).collect()
}
