//! The summary: what became of every record, and the calls against the cap, for people and for scripts.
//!
//! Must not know: how it came about.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use rules::counts::{ApiCalls, Attempts};
use rules::ids::ConnectionId;
use serde::Serialize;

/// One invariant that was broken.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Violation {
    /// The invariant's number in docs/ARCHITECTURE.md.
    pub(crate) invariant: u8,
    /// What was seen.
    pub(crate) seen: String,
}

/// The summary of a play. Its JSON form is stable.
#[derive(Debug, Serialize)]
pub(crate) struct Summary {
    pub(crate) connections: Vec<ConnectionSummary>,
    pub(crate) events_published: usize,
    pub(crate) violations: Vec<Violation>,
}

/// One connection's part.
#[derive(Debug, Serialize)]
pub(crate) struct ConnectionSummary {
    pub(crate) id: ConnectionId,
    pub(crate) policy: &'static str,
    pub(crate) imported: usize,
    pub(crate) resolved: usize,
    pub(crate) timed_out: usize,
    pub(crate) held: usize,
    pub(crate) scheduled: usize,
    pub(crate) expired: usize,
    pub(crate) attempts: Attempts,
    pub(crate) api_calls: Calls,
    pub(crate) runs: u32,
    /// Why records are not resolved: state, error type, count, advice. For people only.
    #[serde(skip)]
    pub(crate) reasons: BTreeMap<(&'static str, String), (usize, String)>,
}

/// API calls, own ones.
#[derive(Debug, Serialize)]
pub(crate) struct Calls {
    /// In all three days.
    pub(crate) total: ApiCalls,
    /// In the busiest 24 hours.
    pub(crate) peak_24h: ApiCalls,
    /// The largest cap that was in force.
    pub(crate) cap: ApiCalls,
}

impl Summary {
    /// The summary as a person reads it.
    pub(crate) fn render(&self) -> String {
        let mut text = String::from("\nAfter three days\n");
        for connection in &self.connections {
            connection.render(&mut text).expect("a String takes every text");
        }
        text.push_str(&format!("\n  {} events published; violations: [", self.events_published));
        for violation in &self.violations {
            text.push_str(&format!("\n    invariant {}: {}", violation.invariant, violation.seen));
        }
        text.push_str("]\n");
        text
    }
}

impl ConnectionSummary {
    fn render(&self, text: &mut String) -> std::fmt::Result {
        let Self { id, policy, imported, resolved, timed_out, held, scheduled, expired, runs, .. } = self;
        writeln!(text, "\n  {id} ({policy} policy): {imported} records imported, {runs} runs")?;
        writeln!(
            text,
            "    {resolved} resolved, {timed_out} timed out, {held} held, {scheduled} scheduled, {expired} expired"
        )?;
        let Calls { total, peak_24h, cap } = &self.api_calls;
        writeln!(text, "    {total} API calls; at most {peak_24h} in 24 hours, of a cap of {cap}")?;
        for ((state, error_type), (count, advice)) in &self.reasons {
            writeln!(text, "    {count:>6} {state:<10} {error_type}: {advice}")?;
        }
        Ok(())
    }
}
