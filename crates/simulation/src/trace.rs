//! The trace: what happened, as a hash that tells whether two plays were the same, and as lines for whoever looks into one.
//!
//! Must not know: what is right.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};

use rules::ids::ConnectionId;
use rules::time::Timestamp;
use sha2::{Digest, Sha256};

use crate::executor::ProcessId;

/// One line of a history.
#[derive(Clone, Debug)]
pub(crate) struct Line {
    /// When.
    pub(crate) at: Timestamp,
    /// Who did it, if it was a process.
    pub(crate) process: Option<ProcessId>,
    /// What.
    pub(crate) text: String,
}

#[derive(Debug, Default)]
struct State {
    hash: Sha256,
    lines: Option<Vec<Line>>,
}

/// The trace of a play. A clone is the same one.
#[derive(Clone, Debug)]
pub(crate) struct Trace(Arc<Mutex<State>>);

impl Trace {
    /// A trace that keeps its lines or not.
    pub(crate) fn new(keeps_lines: bool) -> Self {
        Self(Arc::new(Mutex::new(State { hash: Sha256::new(), lines: keeps_lines.then(Vec::new) })))
    }

    /// Notes what happened: `what` and `detail` are hashed, `text` is for people.
    pub(crate) fn note(
        &self,
        at: Timestamp,
        process: Option<ProcessId>,
        (what, detail): (&str, u64),
        text: impl FnOnce() -> String,
    ) {
        self.with(|state| {
            state.hash.update(at.as_millis().to_be_bytes());
            state.hash.update(process.map_or(0, |process| process.0).to_be_bytes());
            state.hash.update(what.as_bytes());
            state.hash.update(detail.to_be_bytes());
            if let Some(lines) = &mut state.lines {
                lines.push(Line { at, process, text: text() });
            }
        });
    }

    /// The hash of all notes so far.
    pub(crate) fn hash(&self) -> [u8; 32] {
        self.with(|state| state.hash.clone().finalize().into())
    }

    /// The last lines up to `until` about a connection, or about one of its records and by the processes that touched it.
    pub(crate) fn history(
        &self,
        connection: &ConnectionId,
        id: Option<&str>,
        (until, most): (Timestamp, usize),
    ) -> Vec<Line> {
        self.with(|state| {
            let lines = state.lines.as_deref().unwrap_or_default();
            let lines = &lines[..lines.partition_point(|line| line.at <= until)];
            let about = |line: &Line| line.text.contains(id.unwrap_or(connection.as_str()));
            let touched: BTreeSet<_> =
                lines.iter().filter(|line| about(line)).filter_map(|line| line.process).collect();
            let by = |line: &Line| line.process.is_some_and(|process| touched.contains(&process));
            let shown: Vec<_> = lines.iter().filter(|line| about(line) || by(line)).cloned().collect();
            shown[shown.len().saturating_sub(most)..].to_vec()
        })
    }

    fn with<T>(&self, work: impl FnOnce(&mut State) -> T) -> T {
        work(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl std::fmt::Display for Line {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.process {
            Some(process) => write!(f, "{}  #{:<5} {}", self.at, process.0, self.text),
            None => write!(f, "{}         {}", self.at, self.text),
        }
    }
}
