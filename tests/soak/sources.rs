//! The sources: which records they have, what they do with them, what they report of that, and what was taken in.
//!
//! Must not know: what becomes of a report.

use std::collections::BTreeMap;

use fastrand::Rng;
use rules::ids::{ConnectionId, RecordKey};
use rules::time::Timestamp;
use serde_json::{Value, json};

use crate::functions::reports::event;
use crate::kill::evidence::key;
use crate::kill::ground::Org;

/// How Salesforce takes a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Temper {
    /// It saves it, when nothing is in the way.
    Sound,
    /// It cannot lock the row at the first try.
    Locked,
    /// It refuses it every time.
    Refused,
    /// It says that the record is deleted.
    Gone,
    /// It refuses whatever request the record is in.
    Poison,
}

/// What a source did with one version of a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum What {
    Failed,
    Succeeded,
}

/// One version of a record, as its source knows it.
#[derive(Clone, Debug)]
pub(super) struct Report {
    pub(super) what: What,
    pub(super) version: i64,
    /// When a process first said that it has taken it in.
    pub(super) recorded: Option<Timestamp>,
}

/// A record, as its source knows it.
#[derive(Clone, Debug)]
pub(super) struct History {
    pub(super) temper: Temper,
    pub(super) parent: Option<RecordKey>,
    pub(super) reports: Vec<Report>,
}

impl History {
    /// The version that its source writes next.
    pub(super) fn next(&self) -> i64 {
        i64::try_from(self.reports.len()).unwrap() + 1
    }

    /// The newest version that the source did this with.
    pub(super) fn newest(&self, what: What) -> Option<i64> {
        self.reports.iter().filter(|report| report.what == what).map(|report| report.version).max()
    }
}

/// A message in the reports' queue.
#[derive(Clone, Debug)]
pub(super) struct Message {
    pub(super) event: Value,
    /// The record's version that it tells of.
    pub(super) about: (RecordKey, i64),
}

/// All sources.
pub(super) struct Sources {
    chance: Rng,
    records: usize,
    made: Vec<RecordKey>,
    /// The last accounts of each connection, for contacts that need one.
    accounts: BTreeMap<ConnectionId, Vec<RecordKey>>,
    pub(super) histories: BTreeMap<RecordKey, History>,
}

/// How the record of this number among `records` is taken. A handful is poison: several in one batch delay what is beside them.
fn temper(number: usize, records: usize) -> Temper {
    let every = 700.max(records / 6);
    match number % 40 {
        _ if number % every == every / 2 => Temper::Poison,
        0 => Temper::Refused,
        1 => Temper::Gone,
        2..5 => Temper::Locked,
        _ => Temper::Sound,
    }
}

fn id(number: usize) -> String {
    format!("n-{number:06}")
}

impl Sources {
    /// So many records, of which none has failed yet.
    pub(super) fn of(chance: Rng, records: usize) -> Self {
        Self { chance, records, made: Vec::new(), accounts: BTreeMap::new(), histories: BTreeMap::new() }
    }

    /// The ids of the records that are taken so.
    pub(super) fn ids(&self, of: Temper) -> impl Iterator<Item = String> {
        (0..self.records).filter(move |&number| temper(number, self.records) == of).map(id)
    }

    /// Whether every record has failed.
    pub(super) fn are_through(&self) -> bool {
        self.made.len() == self.records
    }

    /// Records that have failed, to be named.
    pub(super) fn some(&mut self, connection: &ConnectionId, most: usize) -> Vec<RecordKey> {
        let first = self.chance.usize(..self.made.len().max(1));
        self.made[first.min(self.made.len())..]
            .iter()
            .filter(|key| key.connection == *connection)
            .take(most)
            .cloned()
            .collect()
    }

    /// What the sources do before `now`: so many records fail for the first time, and some others once more, or succeed.
    pub(super) fn act(&mut self, now: Timestamp, orgs: &[Org], fail: usize) -> Vec<Message> {
        let mut messages = Vec::new();
        for number in self.made.len()..self.records.min(self.made.len() + fail) {
            let connection = &orgs[self.chance.usize(..orgs.len())].id;
            messages.push(self.fails_first(now, connection, number));
        }
        for _ in 0..(fail / 12).max(2) {
            let Some(key) = self.chance.choice(&self.made).cloned() else { break };
            messages.extend(self.acts_again(now, orgs, &key));
        }
        self.chance.shuffle(&mut messages);
        messages
    }

    fn fails_first(&mut self, now: Timestamp, connection: &ConnectionId, number: usize) -> Message {
        let accounts = self.accounts.entry(connection.clone()).or_default();
        let is_account = self.chance.u8(..10) < 3;
        let key = key(connection, if is_account { "Account" } else { "Contact" }, &id(number));
        let parent = (!is_account && self.chance.u8(..10) < 4).then(|| self.chance.choice(accounts.iter()).cloned());
        if is_account {
            accounts.push(key.clone());
            let surplus = accounts.len().saturating_sub(30);
            accounts.drain(..surplus);
        }
        let history = History { temper: temper(number, self.records), parent: parent.flatten(), reports: Vec::new() };
        self.histories.insert(key.clone(), history);
        self.made.push(key.clone());
        self.reports(now, &key, What::Failed)
    }

    fn acts_again(&mut self, now: Timestamp, orgs: &[Org], key: &RecordKey) -> Option<Message> {
        let what = if self.chance.u8(..10) < 6 { What::Failed } else { What::Succeeded };
        if what == What::Succeeded {
            // What Salesforce refuses from us it refuses from its source.
            if self.histories[key].temper != Temper::Sound {
                return None;
            }
            let org = orgs.iter().find(|org| org.id == key.connection)?;
            let version = self.histories[key].next();
            org.salesforce.put_record(key.object.as_str(), "Ext__c", key.id.as_str(), [("V__c", json!(version))]);
        }
        Some(self.reports(now, key, what))
    }

    fn reports(&mut self, now: Timestamp, key: &RecordKey, what: What) -> Message {
        let history = self.histories.get_mut(key).unwrap();
        let version = history.next();
        history.reports.push(Report { what, version, recorded: None });
        let mut detail =
            json!({"connection": key.connection, "object": key.object, "externalId": key.id, "sourceVersion": version});
        if what == What::Succeeded {
            return Message { event: event("Sync Succeeded", now, &detail), about: (key.clone(), version) };
        }
        detail["error"] = json!({"code": "UNABLE_TO_LOCK_ROW", "message": "unable to obtain exclusive access"});
        detail["payload"] = json!({"V__c": version});
        if self.chance.u8(..20) == 0 {
            // Too large to stay in the record's item.
            detail["payload"]["Description"] = json!("x".repeat(700));
        }
        if let Some(parent) = &history.parent {
            detail["parent"] = json!({"object": parent.object, "externalId": parent.id});
            detail["payload"]["Account"] = json!({"Ext__c": parent.id});
        }
        Message { event: event("Sync Failed", now, &detail), about: (key.clone(), version) }
    }

    /// A process said that it has taken this in.
    pub(super) fn recorded(&mut self, (key, version): &(RecordKey, i64), at: Timestamp) {
        let reports = &mut self.histories.get_mut(key).unwrap().reports;
        let report = reports.iter_mut().find(|report| report.version == *version).unwrap();
        report.recorded.get_or_insert(at);
    }
}
