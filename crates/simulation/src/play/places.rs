//! Places: how many ticks and runs may be under way at a time, and how those wait that find none free. They wait as in Lambda's queue
//! for asynchronous invocations: each by itself, longer each time, and for as long as the template lets an event grow old.
//!
//! Must not know: what a tick or a run does.

use std::time::Duration;

use rules::time::Timestamp;

use super::{Happening, Invocation, Play};
use crate::process::Role;

/// How old an event may grow: `MaximumEventAgeInSeconds` of the template.
const OLDEST: Duration = Duration::from_mins(20);

/// The first wait, and the longest; each is twice the one before (Lambda's developer guide, "How Lambda handles errors and retries with
/// asynchronous invocation").
const WAITS: (Duration, Duration) = (Duration::from_secs(1), Duration::from_mins(5));

/// The places of a play.
#[derive(Debug)]
pub(crate) struct Places {
    /// How many there are.
    pub(crate) ceiling: usize,
    /// How often something found none free.
    pub(crate) turned_away: u64,
    /// What grew too old and was given up.
    pub(crate) given_up: u64,
}

impl Places {
    /// So many places.
    pub(crate) fn new(ceiling: usize) -> Self {
        Self { ceiling, turned_away: 0, given_up: 0 }
    }
}

/// How long something has waited for a place.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Waited {
    since: Timestamp,
    next: Duration,
}

impl Waited {
    /// Not at all, at `now`.
    pub(super) fn none(now: Timestamp) -> Self {
        Self { since: now, next: WAITS.0 }
    }

    /// When it asks again, and how long it has waited then; nothing when it is too old by then.
    fn again(self, now: Timestamp) -> Option<(Timestamp, Self)> {
        let at = now + self.next;
        let is_young = at <= self.since + OLDEST;
        is_young.then(|| (at, Self { next: (self.next * 2).min(WAITS.1), ..self }))
    }
}

impl Play {
    /// A tick or a run is to begin: it does when a place is free, or when this play has no ceiling.
    pub(super) fn invokes(&mut self, invocation: Invocation, waited: Waited) {
        let under_way = self.started.values().filter(|started| takes_a_place(started.process.role)).count();
        let now = self.world.now();
        match self.places.as_mut().filter(|places| under_way >= places.ceiling) {
            None => self.begins(invocation),
            Some(places) => {
                places.turned_away += 1;
                match waited.again(now) {
                    Some((at, waited)) => self.at(at, Happening::Again(invocation, waited)),
                    None => places.given_up += 1,
                }
            }
        }
    }
}

/// Runs, and the ticks that they have their places in common with; reports have a function of their own.
fn takes_a_place(role: Role) -> bool {
    match role {
        Role::Run | Role::FanOut => true,
        Role::Ingest | Role::Action | Role::Observer => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_five_minutes_and_end_before_twenty_have_gone_by() {
        let start = Timestamp::from_millis(0);
        let mut waited = Waited::none(start);
        let mut asked = vec![start];
        while let Some((at, more)) = waited.again(asked[asked.len() - 1]) {
            asked.push(at);
            waited = more;
        }
        let seconds: Vec<_> = asked.iter().map(|at| at.since(start).as_secs()).collect();
        assert_eq!(seconds, [0, 1, 3, 7, 15, 31, 63, 127, 255, 511, 811, 1_111]);
    }
}
