//! What is watched while a play goes on, and every violation that was seen.
//!
//! Must not know: faults.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};

use rules::control::Control;
use rules::ids::{ConnectionId, Epoch, RecordKey, RunId};
use rules::time::Timestamp;
use serde_json::Value;

use crate::process::Process;

/// Something that must never happen.
#[derive(Clone, Debug)]
pub(crate) struct Violation {
    pub(crate) invariant: &'static str,
    pub(crate) at: Timestamp,
    pub(crate) connection: ConnectionId,
    pub(crate) key: Option<RecordKey>,
    pub(crate) text: String,
}

#[derive(Debug, Default)]
struct State {
    connections: BTreeSet<ConnectionId>,
    violations: Vec<Violation>,
    /// The number of the stamp in each slot of the journals.
    stamps: BTreeMap<String, u64>,
    /// The last epoch that was given out for each control item, and to whom.
    epochs: BTreeMap<String, (Epoch, Option<RunId>)>,
}

/// The watch. A clone is the same one.
#[derive(Clone, Debug, Default)]
pub(crate) struct Watch(Arc<Mutex<State>>);

impl Watch {
    /// A watch over these connections.
    pub(crate) fn over(connections: BTreeSet<ConnectionId>) -> Self {
        Self(Arc::new(Mutex::new(State { connections, ..State::default() })))
    }

    /// The connections that there are.
    pub(crate) fn connections(&self) -> Vec<ConnectionId> {
        self.with(|state| state.connections.iter().cloned().collect())
    }

    /// A violation was seen.
    pub(crate) fn violated(&self, violation: Violation) {
        self.with(|state| state.violations.push(violation));
    }

    /// Every violation so far.
    pub(crate) fn violations(&self) -> Vec<Violation> {
        self.with(|state| state.violations.clone())
    }

    /// Invariant 11, Isolation: the process of one connection touches no item of another.
    pub(crate) fn touches(&self, process: &Process, request: &Value) {
        let Some(connection) = &process.connection else { return };
        self.with(|state| {
            let other = state.connections.iter().find(|other| *other != connection && names(request, other.as_str()));
            if let Some(other) = other {
                let text = format!("a process of {connection} touches {other}");
                let at = process.clock.timeline.now();
                let violation = Violation { invariant: "isolation", at, connection: other.clone(), key: None, text };
                state.violations.push(violation);
            }
        });
    }

    /// Invariant 3, Fencing: a run that was deposed does not write a slot that a later one has written, and every lease has an epoch of
    /// its own, greater than all before it.
    pub(crate) fn was_written(&self, process: &Process, item: &Value) {
        let at = process.clock.timeline.now();
        let text = |name: &str| item[name]["S"].as_str().unwrap_or_default();
        let Some((kind, connection)) = text("PK").split_once('#') else { return };
        let wrong = match kind {
            "j" => self.with(|state| state.stamps_fall(&format!("{connection}/{}", text("SK")), &item["st"]["N"])),
            "k" => self.with(|state| state.epochs_repeat(connection, text("d"))),
            _ => None,
        };
        if let (Some(text), Ok(connection)) = (wrong, ConnectionId::new(connection)) {
            self.violated(Violation { invariant: "fencing", at, connection, key: None, text });
        }
    }

    fn with<T>(&self, work: impl FnOnce(&mut State) -> T) -> T {
        work(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl State {
    /// What is wrong with the number of the stamp that a slot got.
    fn stamps_fall(&mut self, slot: &str, stamp: &Value) -> Option<String> {
        let epoch = |stamp: u64| stamp >> 32;
        let Some(stamp) = stamp.as_str().and_then(|stamp| stamp.parse().ok()) else {
            return Some(format!("slot {slot} has no stamp that can be read: {stamp}"));
        };
        let before = self.stamps.insert(slot.to_owned(), stamp)?;
        let falls = epoch(stamp) < epoch(before);
        falls.then(|| format!("slot {slot} of epoch {} is written by epoch {}", epoch(before), epoch(stamp)))
    }

    /// What is wrong with the lease of a control item.
    fn epochs_repeat(&mut self, connection: &str, control: &str) -> Option<String> {
        let control: Control = match serde_json::from_str(control) {
            Ok(control) => control,
            Err(problem) => return Some(format!("the control item cannot be read: {problem}")),
        };
        let (epoch, holder) = self.epochs.get(connection).copied().unwrap_or((Epoch(0), None));
        let lease = control.lease.as_ref();
        let is_new = lease.is_some_and(|lease| holder != Some(lease.holder));
        let wrong = control.epoch < epoch || lease.is_some_and(|lease| is_new && lease.epoch <= epoch);
        let last = lease.map_or(holder, |lease| Some(lease.holder));
        self.epochs.insert(connection.to_owned(), (control.epoch.max(epoch), last));
        wrong.then(|| format!("epoch {} comes after epoch {}: {:?}", control.epoch.0, epoch.0, control.lease))
    }
}

fn names(value: &Value, other: &str) -> bool {
    match value {
        Value::String(text) => text.contains(other),
        Value::Array(items) => items.iter().any(|item| names(item, other)),
        Value::Object(fields) => fields.values().any(|field| names(field, other)),
        Value::Null | Value::Bool(_) | Value::Number(_) => false,
    }
}

impl std::fmt::Display for Violation {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {} ", self.invariant, self.connection)?;
        if let Some(key) = &self.key {
            write!(f, "{}/{} ", key.object, key.id)?;
        }
        write!(f, "at {}: {}", self.at, self.text)
    }
}

#[cfg(test)]
mod tests {
    use rules::lease::Lease;
    use serde_json::json;

    use super::*;

    /// The control item while `holder` has the lease of `lease`, and `epoch` was given out last.
    fn control(epoch: u32, holder: u64, lease: u32) -> String {
        let until = Timestamp::from_millis(0);
        let lease = Some(Lease { holder: RunId(holder), epoch: Epoch(lease), until });
        let control = Control { epoch: Epoch(epoch), lease, ..Control::default() };
        serde_json::to_string(&control).expect("a control item can be written")
    }

    fn stamp(epoch: u64, write: u64) -> Value {
        json!((epoch << 32 | write).to_string())
    }

    #[test]
    fn a_slot_goes_to_a_later_run_and_not_back() {
        let mut state = State::default();
        for (epoch, write) in [(1, 1), (1, 2), (3, 1), (3, 2)] {
            assert_eq!(state.stamps_fall("acme/00000", &stamp(epoch, write)), None);
        }
        assert_eq!(state.stamps_fall("acme/00001", &stamp(1, 3)), None, "another slot");
        let wrong = state.stamps_fall("acme/00000", &stamp(1, 3));
        assert_eq!(wrong.as_deref(), Some("slot acme/00000 of epoch 3 is written by epoch 1"));
    }

    #[test]
    fn each_lease_has_an_epoch_of_its_own() {
        let mut state = State::default();
        for (epoch, holder) in [(1, 7), (1, 7), (2, 8)] {
            assert_eq!(state.epochs_repeat("acme", &control(epoch, holder, epoch)), None);
        }
        assert!(state.epochs_repeat("acme", &control(2, 9, 2)).is_some(), "another holder of the same epoch");
        assert!(state.epochs_repeat("acme", &control(1, 9, 1)).is_some(), "an epoch that falls");
        assert_eq!(state.epochs_repeat("other", &control(1, 7, 1)), None, "another connection");
    }

    #[test]
    fn what_cannot_be_read_is_told_and_not_passed_over() {
        let mut state = State::default();
        assert!(state.stamps_fall("acme/00000", &Value::Null).is_some());
        assert!(state.epochs_repeat("acme", "").is_some());
    }
}
