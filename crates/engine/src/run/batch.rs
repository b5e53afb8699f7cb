//! A batch: records of one object and external-id field that are sent in one request.
//!
//! Must not know: how it is packed or sent.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};

use rules::counts::TryKind;
use rules::ids::{FieldName, ObjectName, ParentKey, RecordKey};
use rules::record::{PayloadPlace, Record};
use rules::time::Timestamp;

use crate::payload::Payload;

/// The most records of one request. Source: Salesforce, REST API, sObject Collections.
pub(crate) const MOST_RECORDS: usize = 200;

/// The most bytes of payload in one request; Salesforce takes bodies of up to 50 MB, but much smaller ones are quicker.
pub(super) const MOST_BYTES: usize = 10 * 1024 * 1024;

/// A record that may be sent, as it was read.
#[derive(Clone, Debug)]
pub(super) struct Item {
    pub(super) record: Record,
    /// The payload, when it is in the record's item.
    pub(super) payload: Option<Payload>,
    pub(super) kind: TryKind,
    pub(super) read_at: Timestamp,
}

impl Item {
    /// About how many bytes it adds to a request.
    pub(super) fn bytes(&self) -> usize {
        match (self.record.payload, &self.payload) {
            (PayloadPlace::Apart { bytes }, _) => bytes as usize,
            (PayloadPlace::Inline, Some(payload)) => payload.bytes(),
            (PayloadPlace::Inline, None) => 0,
        }
    }
}

/// One request's records.
#[derive(Clone, Debug)]
pub(super) struct Batch {
    pub(super) object: ObjectName,
    pub(super) field: FieldName,
    pub(super) kind: TryKind,
    /// 0 for objects that are nobody's child here, 1 for their children, and so on: lower ones are sent first.
    pub(super) rank: usize,
    pub(super) items: Vec<Item>,
    /// The requests that isolating what is poisoned in it may still cost; its parts share them.
    pub(super) bisections: Arc<Bisections>,
}

/// The extra requests that one batch's poison may still cost.
#[derive(Debug)]
pub(super) struct Bisections(AtomicU8);

impl Default for Bisections {
    fn default() -> Self {
        Self(AtomicU8::new(MOST_BISECTIONS))
    }
}

impl Bisections {
    /// Takes the two requests of one halving, if they are left.
    pub(super) fn take(&self) -> bool {
        self.0.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(2)).is_ok()
    }
}

/// The requests that isolating one poisoned record may cost: two for each halving of 200.
const MOST_BISECTIONS: u8 = 16;

impl Batch {
    /// When the first of its records was read.
    pub(super) fn read_at(&self) -> Option<Timestamp> {
        self.items.iter().map(|item| item.read_at).min()
    }

    /// When that of its records was tried whose last try is the longest ago; nothing if one was never tried.
    pub(super) fn tried_last(&self) -> Option<Timestamp> {
        self.items.iter().map(|item| item.record.tries.last().map(|tried| tried.at)).min().flatten()
    }

    /// The same, to be read anew before it is sent.
    pub(super) fn outdated(mut self) -> Self {
        for item in &mut self.items {
            item.read_at = Timestamp::from_millis(0);
        }
        self
    }

    /// The parents that its records need.
    pub(super) fn parents(&self) -> BTreeSet<ParentKey> {
        self.items.iter().filter_map(|item| item.record.parent.clone()).collect()
    }

    /// Its records' keys.
    pub(super) fn keys(&self) -> Vec<RecordKey> {
        self.items.iter().map(|item| item.record.key.clone()).collect()
    }

    /// Its first `most` records, and the others if there are any.
    pub(super) fn cut(mut self, most: usize) -> (Self, Option<Self>) {
        if self.items.len() <= most {
            return (self, None);
        }
        let others = self.items.split_off(most);
        let (object, field, bisections) = (self.object.clone(), self.field.clone(), Arc::clone(&self.bisections));
        let rest = Self { items: others, object, field, bisections, ..self };
        (self, Some(rest))
    }

    /// Its two halves, when it has two records or more.
    pub(super) fn halve(self) -> (Self, Option<Self>) {
        let half = self.items.len() / 2;
        self.cut(half.max(1))
    }
}
