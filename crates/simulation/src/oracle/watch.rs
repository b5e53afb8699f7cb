//! What is watched while a play goes on, and every violation that was seen.
//!
//! Must not know: faults.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};

use rules::ids::{ConnectionId, RecordKey};
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
}

/// The watch. A clone is the same one.
#[derive(Clone, Debug, Default)]
pub(crate) struct Watch(Arc<Mutex<State>>);

impl Watch {
    /// A watch over these connections.
    pub(crate) fn over(connections: BTreeSet<ConnectionId>) -> Self {
        Self(Arc::new(Mutex::new(State { connections, violations: Vec::new() })))
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

    fn with<T>(&self, work: impl FnOnce(&mut State) -> T) -> T {
        work(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
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
