//! The sources: what each does with its records, which the play decides before it begins, and what it reports of that.
//!
//! Must not know: when a report arrives.

use std::collections::BTreeMap;
use std::time::Duration;

use rules::ids::{ConnectionId, ObjectName, RecordId, RecordKey};
use rules::time::Timestamp;
use serde_json::{Value, json};

use crate::chance::Chance;
use crate::cloud::Temper;
use crate::oracle::{Report, Reported, Used, canary};
use crate::world::World;

/// Codes of failures that may pass.
const CODES: [&str; 4] = ["UNABLE_TO_LOCK_ROW", "REQUIRED_FIELD_MISSING", "DACO-02", "ENTITY_IS_DELETED"];

/// What a source does at some time.
#[derive(Clone, Debug)]
pub(crate) enum Step {
    /// It writes a record into Salesforce, and that fails or succeeds.
    Writes { key: RecordKey, what: Reported },
    /// It says how many calls it made in the bucket before.
    Uses { connection: ConnectionId, calls: u64 },
}

/// A message in the reports' queue.
#[derive(Clone, Debug)]
pub(crate) struct Message {
    pub(crate) body: String,
    pub(crate) about: About,
}

/// What a message is about: the number of a report in the facts.
#[derive(Clone, Copy, Debug)]
pub(crate) enum About {
    Record(usize),
    Usage(usize),
}

/// The sources of a play.
#[derive(Debug, Default)]
pub(crate) struct Sources {
    versions: BTreeMap<RecordKey, i64>,
    parents: BTreeMap<RecordKey, RecordKey>,
}

impl Sources {
    /// Makes up some records of a connection with what becomes of them, up to `end`.
    pub(crate) fn plan(&mut self, world: &World, connection: &ConnectionId, end: Timestamp) -> Vec<(Timestamp, Step)> {
        let chance = &world.chance;
        let mut steps = Vec::new();
        let mut known: Vec<RecordKey> = Vec::new();
        for number in 0..chance.between(3, 14) {
            let object = if chance.happens(700) { "Contact" } else { "Account" };
            let key = key(connection, object, &format!("{}-{number}", &connection.as_str()[..2]));
            if !known.is_empty() && chance.happens(200) {
                self.parents.insert(key.clone(), chance.pick(&known).clone());
            }
            world.orgs.of(connection, |org| org.tempers.insert(key.clone(), temper(chance)));
            steps.extend(story(chance, &key, world.now(), end));
            known.push(key);
        }
        if chance.happens(400) {
            let hours = end.since(world.now()).as_secs() / 3_600;
            let uses = |hour| {
                let at = world.now() + Duration::from_hours(hour) + Duration::from_mins(1);
                (at, Step::Uses { connection: connection.clone(), calls: chance.below(12) })
            };
            steps.extend((1..hours).map(uses));
        }
        steps
    }

    /// The source does it now: what it reports of that.
    pub(crate) fn takes(&mut self, world: &World, step: &Step) -> Message {
        match step {
            Step::Writes { key, what } => self.writes(world, key, *what),
            Step::Uses { connection, calls } => uses(world, connection, *calls),
        }
    }

    fn writes(&mut self, world: &World, key: &RecordKey, what: Reported) -> Message {
        let now = world.now();
        let version = self.versions.entry(key.clone()).or_default();
        *version += 1;
        let version = *version;
        if what == Reported::Succeeded {
            world.orgs.of(&key.connection, |org| org.saves(now, key.clone(), version));
        }
        let report = Report { key: key.clone(), version, what, recorded: None };
        let number = world.facts(|facts| {
            facts.reports.push(report);
            facts.reports.len() - 1
        });
        let detail = self.detail(&world.chance, key, version, what);
        let kind = if what == Reported::Failed { "Sync Failed" } else { "Sync Succeeded" };
        let said = || format!("{}: the source's write of {} v{version} {what:?}", key.connection, key.id);
        world.trace.note(now, None, (kind, u64::try_from(version).unwrap_or(0)), said);
        Message { body: event(kind, now, &detail), about: About::Record(number) }
    }

    fn detail(&self, chance: &Chance, key: &RecordKey, version: i64, what: Reported) -> Value {
        let mut detail = json!({
            "connection": key.connection, "object": key.object, "externalId": key.id,
            "externalIdField": "Ext_Id__c", "sourceVersion": version,
        });
        if what == Reported::Failed {
            let code = *chance.pick(&CODES[..3]);
            // Some payloads are too large to stay in their record's item.
            let filling = if chance.happens(150) { "x".repeat(700) } else { String::new() };
            detail["error"] = json!({ "code": code, "message": format!("it failed with {}", canary(key)) });
            detail["payload"] = json!({ "v": version, "Secret__c": canary(key), "Filling__c": filling });
            if let Some(parent) = self.parents.get(key) {
                detail["parent"] = json!({ "object": parent.object, "externalId": parent.id });
            }
        }
        detail
    }
}

fn key(connection: &ConnectionId, object: &str, id: &str) -> RecordKey {
    let object = ObjectName::new(object).expect("a name of Salesforce's");
    RecordKey { connection: connection.clone(), object, id: RecordId::new(id).expect("a short text") }
}

fn temper(chance: &Chance) -> Temper {
    match chance.below(20) {
        0 => Temper::Poison,
        1 => Temper::Refused { times: u32::MAX, code: "REQUIRED_FIELD_MISSING" },
        2 => Temper::Refused { times: 1, code: CODES[3] },
        3 => Temper::Refused { times: 12, code: CODES[0] },
        _ => {
            let times = u32::try_from(chance.below(5)).unwrap_or(0);
            let code = *chance.pick(&CODES[..3]);
            Temper::Refused { times, code }
        }
    }
}

/// A record fails, and then it fails or succeeds some more times.
fn story(chance: &Chance, key: &RecordKey, start: Timestamp, end: Timestamp) -> Vec<(Timestamp, Step)> {
    let mut at = start + chance.span(Duration::ZERO, end.since(start) * 3 / 4);
    let mut steps = vec![(at, Step::Writes { key: key.clone(), what: Reported::Failed })];
    for _ in 0..chance.below(4) {
        at = at + chance.span(Duration::from_secs(1), Duration::from_hours(10));
        let what = if chance.happens(600) { Reported::Failed } else { Reported::Succeeded };
        if at < end {
            steps.push((at, Step::Writes { key: key.clone(), what }));
        }
    }
    steps
}

fn uses(world: &World, connection: &ConnectionId, calls: u64) -> Message {
    let bucket = world.now() - Duration::from_mins(15);
    let detail = json!({ "connection": connection, "source": "sync", "bucketStart": bucket, "calls": calls });
    let used = Used { connection: connection.clone(), at: bucket, calls, recorded: None };
    let number = world.facts(|facts| {
        facts.used.push(used);
        facts.used.len() - 1
    });
    Message { body: event("API Calls Used", world.now(), &detail), about: About::Usage(number) }
}

fn event(kind: &str, now: Timestamp, detail: &Value) -> String {
    json!({ "detail-type": kind, "time": now, "detail": detail }).to_string()
}
