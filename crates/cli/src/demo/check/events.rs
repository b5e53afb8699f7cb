//! Invariant 10: every outcome is published as what it was, and nothing else is.
//!
//! Must not know: how the outcome came about.

use std::collections::BTreeMap;

use rules::events::Outbound;
use rules::ids::RecordKey;
use rules::tries::TryOutcome;

use super::sends::{Came, Counts};
use super::{Case, broken};
use crate::demo::summary::Violation;

/// The outcomes that were published of each record, each once however often it was published.
pub(super) struct Published(BTreeMap<RecordKey, BTreeMap<String, TryOutcome>>);

impl Published {
    /// Gathers them by the events' ids. One id with two outcomes is a break.
    pub(super) fn of(events: &[Outbound], violations: &mut Vec<Violation>) -> Self {
        let mut outcomes: BTreeMap<RecordKey, BTreeMap<String, TryOutcome>> = BTreeMap::new();
        for event in events {
            let Outbound::RecordsRetried(event) = event else {
                continue;
            };
            for result in &event.results {
                let (connection, object) = (event.connection.clone(), event.object.clone());
                let key = RecordKey { connection, object, id: result.id.clone() };
                let seen = format!("{key} was published with two outcomes under the id {}", event.id);
                let known = outcomes.entry(key).or_default().insert(event.id.clone(), result.outcome);
                if known.is_some_and(|known| known != result.outcome) {
                    broken(violations, 10, seen);
                }
            }
        }
        Self(outcomes)
    }

    /// The records of which an outcome was published.
    pub(super) fn keys(&self) -> impl Iterator<Item = &RecordKey> {
        self.0.keys()
    }
}

pub(super) fn check(case: &Case<'_>, published: &Published, violations: &mut Vec<Violation>) {
    let outcomes = || published.0.get(case.key).into_iter().flat_map(BTreeMap::values);
    let of = |counts: Counts| case.sent.iter().filter(|send| send.came.counts() == counts).count();
    let (least, most, said) = (of(Counts::Yes), of(Counts::Yes) + of(Counts::Maybe), outcomes().count());
    if said < least || said > most {
        let seen = format!("{} has {least} outcomes, at most {most}, and {said} were published", case.key);
        broken(violations, 10, seen);
    }
    for (wanted, outcome) in [(Came::Saved, TryOutcome::Saved), (Came::Gone, TryOutcome::Gone)] {
        let happened = case.sent.iter().filter(|send| send.came == wanted).count();
        let told = outcomes().filter(|told| **told == outcome).count();
        if happened != told && (least..=most).contains(&said) {
            let seen = format!("{} was {outcome:?} {happened} times, and was published so {told} times", case.key);
            broken(violations, 10, seen);
        }
    }
}
