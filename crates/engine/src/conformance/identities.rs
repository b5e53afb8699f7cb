//! Identities: awkward ids, equal ids of different objects, and connections whose names begin alike.
//!
//! Must not know: how a key is written.

use std::time::Duration;

use rules::control::Control;
use rules::counts::TryKind;
use rules::ids::{BatchId, ConnectionId, Epoch, Fence, ParentKey, RecordId, RunId};
use rules::journal::{Entry, Phase, Sent, Slot, Stamp};
use rules::owed::Selection;
use rules::record::{PayloadPlace, Record};
use rules::usage::Usage;
use rules::version::SourceVersion;

use super::given::{ANSWERS, KEPT, Window, aged, due, keys, payload_apart, put_new, read, settle, stored};
use crate::fakes::sample;
use crate::ports::{Queue, RunReport, Saved, SlotWritten, StopReason, Store};

/// Ids that a careless key, query or statement would confuse. The two é are one character and two.
fn awkward_ids() -> Vec<RecordId> {
    let texts = [
        "a",
        "A",
        "a#b",
        "a#",
        "#a",
        "#",
        "##",
        "a/b",
        "/",
        "a|b",
        "a:b",
        "a,b",
        "it's",
        "''",
        "\"quoted\"",
        "\\",
        "\\\"",
        "a b",
        " ",
        "a ",
        "%23",
        "a%",
        "?",
        "*",
        "{}",
        "[]",
        "null",
        "0",
        "00",
        "-1",
        "é",
        "e\u{301}",
        "漢字",
        "🦀",
        "\u{10FFFF}",
        "ﬁ",
        "r",
        "p",
        "Contact#a",
        "acme#Contact#a",
        "'; --",
        "$a",
        "@a",
        "\u{feff}a",
    ];
    let longest = ["x".repeat(255), "漢".repeat(255), "🦀".repeat(255)];
    texts.into_iter().map(sample::record_id).chain(longest.iter().map(|text| sample::record_id(text))).collect()
}

/// Each id is itself at every port: put, read, payload, both listings, and outcome.
pub async fn awkward_ids_are_stored_listed_and_settled_apart<S: Store>(store: &S) {
    let parent = |id: &RecordId| Some(ParentKey { object: sample::object("Account"), id: id.clone() });
    let record = |id: RecordId| Record {
        parent: parent(&id),
        payload: PayloadPlace::Apart { bytes: 30 },
        key: rules::ids::RecordKey { id, ..sample::key("acme", "any") },
        ..sample::failing("acme", "any")
    };
    let records: Vec<_> = awkward_ids().into_iter().map(record).collect();
    for record in &records {
        put_new(store, record, 4).await;
    }
    let tick = sample::time(sample::TICK);
    let connection = sample::connection_id("acme");
    assert_eq!(due(store, &connection, Queue::Interval, tick, 4, 5).await, keys(&records));
    let types = [records[0].failure.error_type.clone()];
    let window = Window { types: &types, from: tick - Duration::from_hours(1), to: tick };
    assert_eq!(aged(store, &connection, window, 4, 5).await, keys(&records));
    for record in &records {
        assert_eq!(read(store, &record.key).await.expect("the record is there").stored, stored(record));
        assert_eq!(payload_apart(store, record).await, Some(sample::payload(1)), "{}", record.key);
        let after = record.clone().time_out(tick).advance();
        settle(store, record, &after).await;
        assert_eq!(read(store, &record.key).await.expect("the record is there").stored, stored(&after));
    }
    assert_eq!(due(store, &connection, Queue::Interval, tick, 4, 5).await, []);
    assert_eq!(due(store, &connection, Queue::TimedOut, tick, 4, 5).await, keys(&records));
}

/// An external id is unique within its object only.
pub async fn the_same_id_of_two_objects_is_two_records<S: Store>(store: &S) {
    let of = |object: &str, id: &str, fence: u64| {
        let mut record = sample::failing("acme", id);
        record.key.object = sample::object(object);
        Record { fence: Fence(fence), ..record }
    };
    let records = [of("Contact", "1", 10), of("Account", "1", 20), of("Account", "c#1", 30), of("Accountc", "1", 40)];
    for record in &records {
        put_new(store, record, 1).await;
    }
    for record in &records {
        assert_eq!(read(store, &record.key).await.expect("the record is there").stored, stored(record));
    }
    let found = due(store, &sample::connection_id("acme"), Queue::Interval, sample::time(sample::TICK), 1, 10).await;
    assert_eq!(found, keys(&records));
}

fn alike() -> [ConnectionId; 3] {
    ["a", "a-b", "a-"].map(sample::connection_id)
}

/// A listing has the records of its own connection only.
pub async fn records_of_a_connection_whose_name_begins_another_are_kept_apart<S: Store>(store: &S) {
    let tick = sample::time(sample::TICK);
    let of = |connection: &ConnectionId| {
        let record = |id| sample::failing(connection.as_str(), id);
        (record("due"), record("timed out").time_out(tick))
    };
    for connection in &alike() {
        let (scheduled, timed_out) = of(connection);
        put_new(store, &scheduled, 2).await;
        put_new(store, &timed_out, 2).await;
    }
    for connection in &alike() {
        let (scheduled, timed_out) = of(connection);
        let types = [scheduled.failure.error_type.clone()];
        let window = Window { types: &types, from: scheduled.first_failed, to: tick };
        assert_eq!(due(store, connection, Queue::Interval, tick, 2, 1).await, keys([&scheduled]), "{connection}");
        assert_eq!(due(store, connection, Queue::TimedOut, tick, 2, 1).await, keys([&timed_out]), "{connection}");
        assert_eq!(aged(store, connection, window, 2, 1).await, keys([&scheduled, &timed_out]), "{connection}");
    }
}

/// One of every item that belongs to a connection; `number` tells connections apart.
struct Items {
    control: Control,
    usage: Usage,
    entry: Entry,
    error_type: rules::catalogue::ErrorType,
    report: RunReport,
}

impl Items {
    fn numbered(number: u32) -> Self {
        let at = sample::time(sample::TICK);
        let (revision, epoch) = (u64::from(number) + 1, Epoch(number));
        Self {
            control: Control { revision, epoch, ..Control::default() },
            usage: Usage { revision, ..Usage::default() },
            entry: entry(epoch),
            error_type: sample::error_type(&format!("type-{number}")),
            report: RunReport {
                run: RunId(revision),
                epoch,
                selection: Selection::Owed { tick: at },
                started: at,
                ended: at,
                stopped: StopReason::Done,
                api_calls: 0,
                tried: 0,
                resolved: 0,
                failed: 0,
                unknown: 0,
                skipped: 0,
                deleted: 0,
            },
        }
    }

    async fn write<S: Store>(&self, store: &S, connection: &ConnectionId) {
        assert_eq!(store.save_control(connection, &self.control, 0).await.expect(ANSWERS), Saved::Done);
        assert_eq!(store.save_usage(connection, &self.usage, 0).await.expect(ANSWERS), Saved::Done);
        assert_eq!(store.write_entry(connection, &self.entry, None).await.expect(ANSWERS), SlotWritten::Done);
        store.list_error_type(connection, &self.error_type).await.expect(ANSWERS);
        store.keep_report(connection, &self.report, KEPT).await.expect(ANSWERS);
    }

    async fn assert_alone<S: Store>(&self, store: &S, connection: &ConnectionId) {
        assert_eq!(store.control(connection).await.expect(ANSWERS), self.control);
        assert_eq!(store.usage(connection).await.expect(ANSWERS), self.usage);
        assert_eq!(store.entries(connection).await.expect(ANSWERS), std::slice::from_ref(&self.entry));
        assert_eq!(store.error_types(connection).await.expect(ANSWERS), std::slice::from_ref(&self.error_type));
        assert_eq!(store.reports(connection, 10).await.expect(ANSWERS), std::slice::from_ref(&self.report));
    }
}

fn entry(epoch: Epoch) -> Entry {
    let at = sample::time(sample::TICK);
    Entry {
        slot: Slot(0),
        stamp: Stamp { epoch, write: 1 },
        batch: BatchId { epoch, sequence: 1 },
        object: sample::object("Contact"),
        field: sample::field("Ext_Id__c"),
        sent: vec![Sent { id: sample::record_id("c-1"), fence: Fence(1), version: SourceVersion::Number(1) }],
        kind: TryKind::Interval,
        tick: at,
        send_by: at,
        quarantined_until: at,
        phase: Phase::Open,
    }
}

/// Each connection has its own control item, usage, journal, error types and reports.
pub async fn items_of_a_connection_whose_name_begins_another_are_kept_apart<S: Store>(store: &S) {
    let connections = alike();
    for (connection, number) in connections.iter().zip(1..) {
        Items::numbered(number).write(store, connection).await;
    }
    for (connection, number) in connections.iter().zip(1..) {
        Items::numbered(number).assert_alone(store, connection).await;
    }
}
