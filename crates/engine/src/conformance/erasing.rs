//! Erasing: all that is stored of a record goes at once, or nothing does.
//!
//! Must not know: who asks for it, or how what names a record is found.

use std::time::Duration;

use rules::control::Control;
use rules::counts::TryKind;
use rules::ids::{BatchId, ConnectionId, Epoch, Fence, ParentKey, RequestId};
use rules::journal::{Entry, Phase, Sent, Slot, Stamp};
use rules::record::{PayloadPlace, Record, Resolution, Stored, SuccessMark};
use rules::resync::{Action, Progress, Request, RequestState, Wanted};
use rules::version::SourceVersion;

use super::given::{ANSWERS, Window, aged, due, keeping, new, payload_apart, put_new, read, settle, stored};
use super::requests::told;
use crate::fakes::sample;
use crate::ports::{
    AuditAction, AuditEntry, CountChange, Erasing, Erasure, KeptRequest, PayloadChange, Put, Queue, SlotWritten, Store,
    Written,
};

fn acme() -> ConnectionId {
    sample::connection_id("acme")
}

/// The erasure of a record that nothing else names.
async fn of<S: Store>(store: &S, record: &Stored) -> Erasure {
    let before = store.control(&acme()).await.expect(ANSWERS);
    Erasure {
        connection: acme(),
        record: Some(record.clone()),
        counts: None,
        requests: Vec::new(),
        entries: Vec::new(),
        audit: None,
        expected: before.revision,
        control: Control { revision: before.revision + 1, epoch: Epoch(before.epoch.0 + 1), ..before },
    }
}

async fn erase<S: Store>(store: &S, record: &Stored) -> Erasing {
    let erasure = of(store, record).await;
    store.erase(&erasure).await.expect(ANSWERS)
}

fn request(name: &str, records: &[&str]) -> Request {
    let records = records.iter().map(|id| (sample::object("Contact"), sample::record_id(id)));
    Request {
        id: RequestId::new(name).expect("a valid id"),
        connection: acme(),
        action: Action::Resync,
        wanted: Wanted::records(records).expect("some records"),
        as_of: sample::time(sample::TICK),
        requested_by: "ann".to_owned(),
        state: RequestState::Open,
        planned: None,
        progress: Progress::default(),
        ended: None,
    }
}

fn entry(slot: u16, stamp: Stamp, records: &[&str]) -> Entry {
    let tick = sample::time(sample::TICK);
    let sent = |id: &&str| Sent { id: sample::record_id(id), fence: Fence(7), version: SourceVersion::Number(1) };
    Entry {
        slot: Slot(slot),
        stamp,
        batch: BatchId { epoch: Epoch(1), sequence: 1 },
        object: sample::object("Contact"),
        field: sample::field("Ext_Id__c"),
        sent: records.iter().map(sent).collect(),
        kind: TryKind::Interval,
        tick,
        send_by: tick,
        quarantined_until: tick,
        phase: if records.is_empty() { Phase::Closed } else { Phase::Settled },
    }
}

const READ: Stamp = Stamp { epoch: Epoch(1), write: 3 };
const WRITTEN: Stamp = Stamp { epoch: Epoch(2), write: 1 };

fn audited() -> AuditEntry {
    let at = sample::time(sample::TICK);
    AuditEntry {
        id: 9,
        at,
        who: "ann".to_owned(),
        action: AuditAction::RecordErased,
        connection: Some(acme()),
        subject: "a fingerprint".to_owned(),
        records: 1,
        expires: at + Duration::from_hours(24 * 365),
    }
}

/// A record that requests, journal entries and counts know of, and the erasure of all that.
async fn known_everywhere<S: Store>(store: &S) -> (Record, Erasure) {
    let record = sample::failing("acme", "c-1");
    put_new(store, &record, 1).await;
    let type_of = record.failure.error_type.clone();
    store.list_error_type(&acme(), &type_of).await.expect(ANSWERS);
    let counts = |by| CountChange {
        error_type: type_of.clone(),
        records: [(record.key.object.clone(), by)].into(),
        oldest: None,
        timed_out: 0,
    };
    store.add_counts(&acme(), &[counts(2)]).await.expect(ANSWERS);
    for kept in [request("one", &["c-1", "c-2"]), request("two", &["c-1"])] {
        let control = store.control(&acme()).await.expect(ANSWERS);
        let owing = Control { revision: control.revision + 1, ..control.clone() };
        assert_eq!(
            store.keep_request(&kept, &owing, control.revision, &told(&kept)).await.expect(ANSWERS),
            KeptRequest::New
        );
    }
    for slot in [0, 1] {
        let written = store.write_entry(&acme(), &entry(slot, READ, &["c-1", "c-2"]), None).await.expect(ANSWERS);
        assert_eq!(written, SlotWritten::Done);
    }
    let shortened = |name: &str, before: &[&str]| {
        let before = request(name, before);
        let wanted = Wanted::Records([(sample::object("Contact"), sample::record_id("c-2"))].into());
        (before.clone(), Request { wanted, ..before })
    };
    let erasure = Erasure {
        counts: Some(counts(-1)),
        requests: vec![shortened("one", &["c-1", "c-2"]), shortened("two", &["c-1"])],
        entries: vec![(entry(0, WRITTEN, &["c-2"]), READ), (entry(1, WRITTEN, &[]), READ)],
        audit: Some(audited()),
        ..of(store, &stored(&record)).await
    };
    (record, erasure)
}

/// All that names a record, as a store tells it.
async fn everything<S: Store>(store: &S, record: &Record) -> String {
    let known = (
        read(store, &record.key).await,
        store.requests(&acme(), 10).await.expect(ANSWERS),
        store.entries(&acme()).await.expect(ANSWERS),
        store.audits(None, 10).await.expect(ANSWERS),
        store.control(&acme()).await.expect(ANSWERS),
        store.directory(&acme()).await.expect(ANSWERS),
        store.totals_of_each(&[acme()]).await.expect(ANSWERS),
    );
    format!("{known:#?}")
}

/// Requests and entries without it take the place of those that named it; numbers, audit and control item follow.
pub async fn what_names_a_record_is_rewritten_with_its_erasure<S: Store>(store: &S) {
    let (record, erasure) = known_everywhere(store).await;
    assert_eq!(store.erase(&erasure).await.expect(ANSWERS), Erasing::Done);
    assert_eq!(read(store, &record.key).await, None);
    let ids = erasure.requests.iter().map(|(before, _)| before.id.clone()).collect::<Vec<_>>();
    let mut requests = store.requests_named(&acme(), &ids).await.expect(ANSWERS);
    requests.sort_by(|one, other| one.id.cmp(&other.id));
    assert_eq!(requests, erasure.requests.iter().map(|(_, after)| after.clone()).collect::<Vec<_>>());
    assert_eq!(store.requests(&acme(), 10).await.expect(ANSWERS).len(), 2, "each is listed once");
    let entries = store.entries(&acme()).await.expect(ANSWERS);
    assert_eq!(entries, erasure.entries.iter().map(|(after, _)| after.clone()).collect::<Vec<_>>());
    assert!(store.audits(Some(&acme()), 10).await.expect(ANSWERS).contains(&audited()));
    assert_eq!(store.control(&acme()).await.expect(ANSWERS), erasure.control);
    assert_eq!(store.directory(&acme()).await.expect(ANSWERS)[0].total(), 1);
    let totals = store.totals_of_each(&[acme()]).await.expect(ANSWERS).remove(0).expect(ANSWERS);
    assert_eq!(totals.records.values().sum::<u64>(), 1);
}

/// Whichever of them it is.
pub async fn nothing_is_erased_when_one_of_all_that_names_a_record_is_not_as_it_was_read<S: Store>(store: &S) {
    let (record, erasure) = known_everywhere(store).await;
    let elsewhere = |change: &dyn Fn(&mut Erasure)| {
        let mut other = erasure.clone();
        change(&mut other);
        other
    };
    let failed_anew = Record { fence: Fence(77), ..record.clone() };
    let others = [
        elsewhere(&|other| other.record = Some(stored(&failed_anew))),
        elsewhere(&|other| other.requests[1].0.state = RequestState::Cancelled),
        elsewhere(&|other| other.entries[1].1 = Stamp { epoch: Epoch(9), write: 1 }),
        elsewhere(&|other| other.expected += 1),
    ];
    let before = everything(store, &record).await;
    for other in others {
        assert_eq!(store.erase(&other).await.expect(ANSWERS), Erasing::Conflict);
        assert_eq!(everything(store, &record).await, before);
    }
    assert_eq!(store.erase(&erasure).await.expect(ANSWERS), Erasing::Done, "it was only those");
    assert_eq!(store.erase(&erasure).await.expect(ANSWERS), Erasing::Conflict, "and once");
}

/// A record of each kind that there is: with its payload inline, apart, with a parent, resolved.
fn one_of_each() -> Vec<Record> {
    let parent = ParentKey { object: sample::object("Account"), id: sample::record_id("a-1") };
    let inline = sample::failing("acme", "inline");
    let apart = Record { payload: PayloadPlace::Apart { bytes: 700 }, ..sample::failing("acme", "apart") };
    let child = Record { parent: Some(parent.clone()), ..sample::failing("acme", "child") };
    let both = Record { parent: Some(parent), payload: apart.payload, ..sample::failing("acme", "both") };
    vec![inline, apart, child, both]
}

/// Neither the record nor its payload is read any more, and no listing has it.
pub async fn an_erased_record_leaves_neither_item_nor_payload_nor_listing<S: Store>(store: &S) {
    let (acme, tick) = (sample::connection_id("acme"), sample::time(sample::TICK));
    for record in one_of_each() {
        put_new(store, &record, 1).await;
        assert_eq!(erase(store, &stored(&record)).await, Erasing::Done, "{}", record.key);
        assert_eq!(read(store, &record.key).await, None, "{}", record.key);
        assert_eq!(payload_apart(store, &record).await, None, "{}", record.key);
        assert_eq!(due(store, &acme, Queue::Interval, tick, 1, 10).await, []);
        let types = [record.failure.error_type.clone()];
        let window = Window { types: &types, from: record.first_failed, to: record.first_failed };
        assert_eq!(aged(store, &acme, window, 1, 10).await, []);
    }
}

/// What has no payload any more is erased like what has one.
pub async fn a_resolved_record_and_the_mark_of_a_success_are_erased_too<S: Store>(store: &S) {
    let before = sample::failing("acme", "resolved");
    let resolved = before.clone().resolve(Resolution::Retried, sample::time(sample::TICK)).advance();
    put_new(store, &before, 1).await;
    settle(store, &before, &resolved).await;
    let mark = Stored::Success(SuccessMark {
        key: sample::key("acme", "synced"),
        fence: Fence(7),
        source_version: SourceVersion::Number(1),
        at: sample::time(sample::TICK),
    });
    let put = Put { stored: mark.clone(), payload: PayloadChange::Drop, expected: None };
    assert_eq!(store.put(&put, &keeping(1)).await.expect(ANSWERS), Written::Done);
    for erased in [stored(&resolved), mark] {
        assert_eq!(erase(store, &erased).await, Erasing::Done);
        assert_eq!(read(store, erased.key()).await, None);
    }
}

/// It failed anew meanwhile: that is another decision.
pub async fn a_record_in_another_version_is_not_erased<S: Store>(store: &S) {
    for record in one_of_each() {
        put_new(store, &record, 1).await;
        let seen = Record { fence: Fence(77), ..record.clone() };
        assert_eq!(erase(store, &stored(&seen)).await, Erasing::Conflict);
        let there = read(store, &record.key).await.expect("the record is there");
        assert_eq!(there.stored, stored(&record));
        let payload = there.payload.or(payload_apart(store, &record).await);
        assert_eq!(payload, Some(sample::payload(1)), "its payload stays: {}", record.key);
    }
}

/// The reply was lost, or somebody else was faster.
pub async fn a_record_that_is_gone_is_no_longer_there_to_erase<S: Store>(store: &S) {
    let record = sample::failing("acme", "c-1");
    assert_eq!(erase(store, &stored(&record)).await, Erasing::Conflict);
    put_new(store, &record, 1).await;
    assert_eq!(erase(store, &stored(&record)).await, Erasing::Done);
    assert_eq!(erase(store, &stored(&record)).await, Erasing::Conflict);
}

/// Nothing marks that it was there, so that it may fail again like any new one.
pub async fn an_erased_record_may_come_again_and_its_neighbours_stay<S: Store>(store: &S) {
    let [erased, neighbour] = ["c-1", "c-11"].map(|id| sample::failing("acme", id));
    put_new(store, &erased, 1).await;
    put_new(store, &neighbour, 1).await;
    assert_eq!(erase(store, &stored(&erased)).await, Erasing::Done);
    assert!(read(store, &neighbour.key).await.is_some());
    let again = store.put(&new(&erased, sample::payload(2)), &keeping(1)).await.expect(ANSWERS);
    assert_eq!(again, Written::Done);
    assert_eq!(read(store, &erased.key).await.and_then(|read| read.payload), Some(sample::payload(2)));
}
