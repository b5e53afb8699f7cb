//! Records, payloads and listings.
//!
//! Must not know: how an index is kept.

use std::collections::BTreeSet;

use rules::catalogue::ErrorType;
use rules::ids::{ConnectionId, ParentKey, RecordKey};
use rules::record::Record;
use rules::time::Timestamp;

use super::index::Span;
use super::{MemoryStore, Operation};
use crate::ports::{
    DueRecords, EachPayload, Keeping, KeyPage, Look, OutcomeWrite, PageToken, PortError, Put, Queue, Read, Records,
    Stretch, Written,
};

/// Before every instant that a schedule can name.
const BEGINNING: Timestamp = Timestamp::from_millis(i64::MIN);

impl Records for MemoryStore {
    async fn read_each(&self, keys: &[RecordKey]) -> Result<Vec<Result<Read, PortError>>, PortError> {
        self.carry_out(Operation::Read, |state| {
            let keys: BTreeSet<&RecordKey> = keys.iter().collect();
            let items = keys.into_iter().filter_map(|key| state.items.get(key));
            items.map(|item| Ok(Read { stored: item.stored.clone(), payload: item.payload.clone() })).collect()
        })
    }

    async fn payloads_each(&self, records: &[&Record]) -> Result<EachPayload, PortError> {
        self.carry_out(Operation::Payloads, |state| {
            let found = |record: &&Record| Some((record.key.clone(), Ok(state.payload_apart(record)?)));
            records.iter().filter_map(found).collect()
        })
    }

    async fn children(
        &self,
        parent: &RecordKey,
        after: Option<&PageToken>,
        limit: usize,
    ) -> Result<KeyPage, PortError> {
        let key = ParentKey { object: parent.object.clone(), id: parent.id.clone() };
        let partitions = [(parent.connection.clone(), key)];
        self.carry_out(Operation::Children, |state| {
            let span = Span { partitions: &partitions, from: BEGINNING, to: Timestamp::from_millis(i64::MAX) };
            state.indexes.by_parent().page(&span, after, limit)
        })?
    }

    async fn write_outcomes(&self, writes: &[OutcomeWrite], _keeping: &Keeping) -> Result<Vec<Written>, PortError> {
        self.carry_out(Operation::WriteOutcomes, |state| {
            writes.iter().map(|write| state.write_outcome(write)).collect()
        })
    }

    async fn put(&self, put: &Put, _keeping: &Keeping) -> Result<Written, PortError> {
        self.carry_out(Operation::Put, |state| state.put(put))
    }
}

impl DueRecords for MemoryStore {
    async fn due(
        &self,
        connection: &ConnectionId,
        queue: Queue,
        horizon: Timestamp,
        _shards: u16,
        after: Option<&PageToken>,
        limit: usize,
    ) -> Result<KeyPage, PortError> {
        let span = Span { partitions: std::slice::from_ref(connection), from: BEGINNING, to: horizon };
        self.carry_out(Operation::Due, |state| state.listed().queue(queue).page(&span, after, limit))?
    }

    async fn aged(
        &self,
        connection: &ConnectionId,
        types: &[ErrorType],
        from: Timestamp,
        to: Timestamp,
        _shards: u16,
        after: Option<&PageToken>,
        limit: usize,
    ) -> Result<KeyPage, PortError> {
        let partitions: Vec<_> = types.iter().map(|error_type| (connection.clone(), error_type.clone())).collect();
        let span = Span { partitions: &partitions, from, to };
        self.carry_out(Operation::Aged, |state| state.listed().by_age().page(&span, after, limit))?
    }

    async fn look(&self, look: Look<'_>, after: Option<&PageToken>, limit: usize) -> Result<Stretch, PortError> {
        let partition = (look.connection.clone(), look.error_type.clone());
        let span = Span { partitions: std::slice::from_ref(&partition), from: look.from, to: look.to };
        self.carry_out(Operation::Look, |state| state.listed().by_age().stretch(&span, after, limit))?
    }
}
