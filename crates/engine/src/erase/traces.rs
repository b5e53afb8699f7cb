//! Traces: where a record's key stands besides its own items, and how that looks without it.
//!
//! Must not know: how any of it is written.

use rules::ids::{Epoch, RecordKey};
use rules::journal::{Entry, Phase, Stamp};
use rules::resync::{Request, Wanted};
use rules::schedule::{TICK, next_tick_after};
use rules::time::Timestamp;

use crate::ports::Erasure;

/// What names a record: as it was read, and without it.
#[derive(Default)]
pub(super) struct Traces {
    /// Requests, before and after.
    pub(super) requests: Vec<(Request, Request)>,
    /// Finished journal entries, after, and the stamps of those that were read.
    pub(super) entries: Vec<(Entry, Stamp)>,
}

impl Traces {
    /// Those of a record. The entries get stamps of `epoch`.
    pub(super) fn of(key: &RecordKey, requests: Vec<Request>, entries: Vec<Entry>, epoch: Epoch) -> Self {
        let requests = requests.into_iter().filter(|request| asks_for(request, key));
        let requests = requests.map(|before| (before.clone(), without(before, key))).collect();
        let naming = entries.into_iter().filter(|entry| names(entry, key)).zip(1..);
        let entries =
            naming.map(|(entry, write)| (scrubbed(&entry, key, Stamp { epoch, write }), entry.stamp)).collect();
        Self { requests, entries }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.requests.is_empty() && self.entries.is_empty()
    }

    /// The same in parts that one write takes each: all but the last, and the last, which is all there is where that is little.
    pub(super) fn in_parts(self) -> (Vec<Self>, Self) {
        let mut parts: Vec<Self> = Vec::new();
        let requests: Vec<_> = self.requests.chunks(Erasure::MOST_REQUESTS).map(<[_]>::to_vec).collect();
        let entries: Vec<_> = self.entries.chunks(Erasure::MOST_ENTRIES).map(<[_]>::to_vec).collect();
        for place in 0..requests.len().max(entries.len()) {
            let of = Self {
                requests: requests.get(place).cloned().unwrap_or_default(),
                entries: entries.get(place).cloned().unwrap_or_default(),
            };
            parts.push(of);
        }
        let last = parts.pop().unwrap_or_default();
        (parts, last)
    }
}

/// Until when a send of the record may be committed. An entry that stays open longer was left by a run that died: the next tick
/// settles it.
pub(super) fn in_flight(entries: &[Entry], key: &RecordKey, now: Timestamp) -> Option<Timestamp> {
    let flying = entries.iter().filter(|entry| names(entry, key) && entry.quarantines(now));
    let until = flying.map(|entry| entry.quarantined_until).max()?;
    Some(if until > now { until } else { next_tick_after(now, TICK) })
}

fn names(entry: &Entry, key: &RecordKey) -> bool {
    entry.object == key.object && entry.sent.iter().any(|sent| sent.id == key.id)
}

fn scrubbed(entry: &Entry, key: &RecordKey, stamp: Stamp) -> Entry {
    let sent: Vec<_> = entry.sent.iter().filter(|sent| sent.id != key.id).cloned().collect();
    let phase = if sent.is_empty() { Phase::Closed } else { entry.phase };
    Entry { sent, phase, stamp, ..entry.clone() }
}

fn asks_for(request: &Request, key: &RecordKey) -> bool {
    match &request.wanted {
        Wanted::Records(records) => records.iter().any(|(object, id)| *object == key.object && *id == key.id),
        Wanted::Matching(_) => false,
    }
}

/// The request without the record. One that names no other has nothing left to do, and ends by itself.
fn without(mut request: Request, key: &RecordKey) -> Request {
    if let Wanted::Records(records) = &mut request.wanted {
        records.retain(|(object, id)| *object != key.object || *id != key.id);
    }
    request
}
