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
        write!(text, "\n  {} events published; violations: [", self.events_published)
            .expect("a String takes every text");
        for violation in &self.violations {
            write!(text, "\n    invariant {}: {}", violation.invariant, violation.seen)
                .expect("a String takes every text");
        }
        text.push_str(if self.violations.is_empty() { "]\n" } else { "\n  ]\n" });
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
            writeln!(text, "    {count:>6} {state:<10} {error_type}: {}", first_sentence(advice))?;
        }
        Ok(())
    }
}

/// `explain` has the whole advice.
fn first_sentence(advice: &str) -> &str {
    advice.split_inclusive(". ").next().unwrap_or(advice).trim_end()
}

#[cfg(test)]
mod tests {
    use super::{ApiCalls, Attempts, BTreeMap, Calls, ConnectionId, ConnectionSummary, Summary, Violation};

    fn summary(violations: Vec<Violation>) -> Summary {
        let advice = "Fill in the field. Or map one to it.".to_owned();
        let connection = ConnectionSummary {
            id: ConnectionId::new("acme").expect("a connection's name"),
            policy: "interval",
            imported: 9,
            resolved: 5,
            timed_out: 4,
            held: 0,
            scheduled: 0,
            expired: 0,
            attempts: Attempts::default(),
            api_calls: Calls { total: ApiCalls(7), peak_24h: ApiCalls(6), cap: ApiCalls(8) },
            runs: 3,
            reasons: BTreeMap::from([(("timed out", "text-too-long".to_owned()), (4, advice))]),
        };
        Summary { connections: vec![connection], events_published: 2, violations }
    }

    #[test]
    fn the_summary_gives_every_count_and_the_calls_against_the_cap() {
        let text = summary(Vec::new()).render();
        assert!(text.contains("acme (interval policy): 9 records imported, 3 runs"), "{text}");
        assert!(text.contains("5 resolved, 4 timed out, 0 held, 0 scheduled, 0 expired"), "{text}");
        assert!(text.contains("7 API calls; at most 6 in 24 hours, of a cap of 8"), "{text}");
        assert!(text.ends_with("2 events published; violations: []\n"), "{text}");
    }

    #[test]
    fn a_reason_is_shown_with_the_first_sentence_of_its_advice() {
        let text = summary(Vec::new()).render();
        assert!(text.contains("4 timed out  text-too-long: Fill in the field.\n"), "{text}");
    }

    #[test]
    fn every_violation_is_shown_with_its_invariant() {
        let text = summary(vec![Violation { invariant: 8, seen: "a 503 counted".to_owned() }]).render();
        assert!(text.ends_with("violations: [\n    invariant 8: a 503 counted\n  ]\n"), "{text}");
    }

    #[test]
    fn the_json_form_leaves_the_reasons_out() {
        let json = serde_json::to_value(summary(Vec::new())).expect("it has a JSON form");
        assert_eq!(json["connections"][0]["api_calls"]["peak_24h"], 6);
        assert!(json["connections"][0].get("reasons").is_none());
    }
}
