//! The audit, when all is at rest: what the orgs' own logs say, against what is stored and was published.
//!
//! Must not know: how the production code keeps its promises; it shares no rule with it but the meaning of stored values.

mod attempts;
mod budget;
mod conservation;
mod exclusion;
mod order;
mod published;
mod rest;

use std::collections::{BTreeMap, BTreeSet};

use engine::ports::{Controls, ErrorTypes, Journal, Records, Requests, TypeEntry};
use rules::control::Control;
use rules::ids::RecordKey;
use rules::journal::Entry;
use rules::record::{Record, Stored};
use rules::resync::Request;
use rules::time::Timestamp;
use salesforce_sim::LogEntry;

use super::play::Play;
use super::sources::History;
use crate::kill::evidence::{Sent, requests, sent};
use crate::kill::ground::Org;

/// Keys that are read at once.
const AT_ONCE: usize = 5_000;

/// All that is known of one connection.
struct Evidence<'a> {
    play: &'a Play,
    org: &'a Org,
    cap: u64,
    is_recent: bool,
    calls: Vec<LogEntry>,
    sent: Vec<Sent>,
    /// The same, by record, in the order of the log.
    sends: BTreeMap<RecordKey, Vec<Sent>>,
    histories: BTreeMap<&'a RecordKey, &'a History>,
    stored: BTreeMap<RecordKey, Stored>,
    control: Control,
    journal: Vec<Entry>,
    directory: Vec<TypeEntry>,
    requests: Vec<Request>,
    now: Timestamp,
}

impl<'a> Evidence<'a> {
    async fn of(play: &'a Play, org: &'a Org, now: Timestamp) -> Self {
        let store = &play.ground.store;
        let histories: BTreeMap<_, _> =
            play.sources.histories.iter().filter(|(key, _)| key.connection == org.id).collect();
        let keys: Vec<RecordKey> = histories.keys().map(|&key| key.clone()).collect();
        let mut stored = BTreeMap::new();
        for keys in keys.chunks(AT_ONCE) {
            let read = store.read(keys).await.unwrap();
            stored.extend(read.into_iter().map(|read| (read.stored.key().clone(), read.stored)));
        }
        let calls = requests(&org.salesforce);
        let sent = sent(&org.id, &calls);
        let mut sends: BTreeMap<RecordKey, Vec<Sent>> = BTreeMap::new();
        for sent in &sent {
            sends.entry(sent.key.clone()).or_default().push(sent.clone());
        }
        Self {
            play,
            org,
            cap: org.settings["budget"]["cap_without_limit"].as_u64().unwrap(),
            is_recent: org.settings["policy"]["kind"] == "recent",
            calls,
            sent,
            sends,
            histories,
            stored,
            control: store.control(&org.id).await.unwrap(),
            journal: store.entries(&org.id).await.unwrap(),
            directory: store.directory(&org.id).await.unwrap(),
            requests: store.requests(&org.id, 500).await.unwrap(),
            now,
        }
    }

    /// The records that failed, whatever became of them.
    fn records(&self) -> impl Iterator<Item = &Record> {
        self.stored.values().filter_map(|stored| match stored {
            Stored::Record(record) => Some(&**record),
            Stored::Success(_) => None,
        })
    }

    fn sends_of(&self, key: &RecordKey) -> &[Sent] {
        self.sends.get(key).map_or(&[], Vec::as_slice)
    }

    /// Deaths that may have left something of this connection in doubt.
    fn deaths(&self) -> usize {
        self.play.notes.stretches.iter().filter(|stretch| stretch.killed && stretch.connection == self.org.id).count()
    }
}

/// What is wrong in the end, and how often something was sent.
pub(super) async fn audit(play: &Play, now: Timestamp) -> (Vec<String>, usize) {
    let (mut wrong, mut sends) = (play.notes.wrong.clone(), 0);
    for org in &play.orgs {
        let evidence = Evidence::of(play, org, now).await;
        sends += evidence.sent.len();
        for check in [
            conservation::check,
            exclusion::check,
            attempts::check,
            order::check,
            budget::check,
            published::check,
            rest::check,
        ] {
            let mut found = Vec::new();
            check(&evidence, &mut found);
            wrong.extend(found.into_iter().map(|found| format!("{}: {found}", org.id)));
        }
        let strangers: BTreeSet<_> =
            evidence.sends.keys().filter(|key| !evidence.histories.contains_key(key)).collect();
        wrong.extend(strangers.into_iter().map(|key| format!("isolation: {key} was sent to another's org")));
    }
    play.notes.memory.check(&mut wrong);
    (wrong, sends)
}
