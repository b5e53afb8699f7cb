//! The records that a plan describes: their number comes from the directory of error types, and from a bounded look at an index
//! where the description says more than the directory knows. A plan of 50,000 records costs what one of five does.
//!
//! Must not know: what the plan costs in API calls.

use std::collections::BTreeMap;
use std::time::Duration;

use rules::catalogue::ErrorType;
use rules::ids::ObjectName;
use rules::policy::Policy;
use rules::resync::{Action, Count, FailingState, Matching};
use rules::time::Timestamp;

use super::{Asked, Excluded, Exclusion, Meant};
use crate::parts::Ports;
use crate::ports::{DueRecords, ErrorTypes, PortError, TypeEntry};

/// Index keys that are listed at most: about 20 read units.
const MOST_LISTED: usize = 1_000;

/// The partitions of an index that are listed at most, each with a request of its own.
const MOST_PARTITIONS: usize = 4;

/// How many records fit, about.
pub(super) async fn meant<P: Ports>(ports: &P, asked: &Asked<'_>, matching: &Matching) -> Result<Meant, PortError> {
    let directory = ports.store().directory(&asked.connection.id).await?;
    let counts_held = knows_the_held(asked, &directory);
    let all: u64 = directory.iter().map(TypeEntry::total).sum();
    let fitting = fitting(asked, matching, directory);
    let mut meant = Meant { by_object: numbers(&fitting, matching), ..Meant::default() };
    let window = Window::of(asked, matching);
    let types: Vec<ErrorType> = fitting.into_iter().map(|entry| entry.error_type).collect();
    let sum: u64 = meant.by_object.values().sum();
    let partitions = types.len() * usize::from(asked.connection.shards.max(1));
    let listed = if window.is_empty() {
        Some(BTreeMap::new())
    } else if (window.narrows || sum <= MOST_LISTED as u64) && partitions <= MOST_PARTITIONS {
        listed(ports, asked, matching, &types, &window).await?
    } else {
        None
    };
    meant.at_most = match matching.state {
        None | Some(FailingState::Expired) => false,
        Some(FailingState::Held) => !counts_held,
        Some(FailingState::Scheduled | FailingState::TimedOut) => true,
    };
    match listed {
        Some(listed) => meant.by_object = listed,
        None => meant.at_most |= window.narrows,
    }
    // Nobody must be told of fewer than a deletion takes, and the number in the queue may be short after a crash.
    if let (Some(state), Policy::Interval(_), Action::Resync) = (matching.state, &asked.connection.policy, asked.action)
    {
        let timed_out = ports.store().totals(&asked.connection.id).await?.timed_out;
        bound(&mut meant.by_object, most_in(state, sum, all, timed_out));
    }
    meant.exclusions = quarantined(asked, matching);
    Ok(meant)
}

/// The most records that may stand so: of `sum` that may fit, out of `all` of the connection, so many of which are in the timeout
/// queue. It is never none, for the count may be short, and a plan of none cannot be carried out.
fn most_in(state: FailingState, sum: u64, all: u64, timed_out: u64) -> u64 {
    let most = match state {
        FailingState::TimedOut => timed_out,
        // Where some are left out, those in the queue may be among them.
        FailingState::Scheduled | FailingState::Held if sum == all => sum.saturating_sub(timed_out),
        FailingState::Scheduled | FailingState::Held | FailingState::Expired => sum,
    };
    most.max(1)
}

/// Takes numbers that are too many together down to `most`, each by its share.
fn bound(numbers: &mut BTreeMap<ObjectName, u64>, most: u64) {
    let sum: u64 = numbers.values().sum();
    if sum <= most {
        return;
    }
    let mut left = most;
    for number in numbers.values_mut() {
        let share = u128::from(*number) * u128::from(most) / u128::from(sum);
        *number = u64::try_from(share).unwrap_or(most);
        left -= *number;
    }
    if let Some(first) = numbers.values_mut().next() {
        *first += left;
    }
    numbers.retain(|_, number| *number > 0);
}

/// Whether the directory tells which records are held: those of the types that the policy excludes. Records of other types may be
/// held too, of one that was excluded before, or for want of a payload; nobody must be told of fewer than a deletion takes.
fn knows_the_held(asked: &Asked<'_>, directory: &[TypeEntry]) -> bool {
    let excluded = directory.iter().any(|entry| asked.connection.policy.excludes(&entry.error_type));
    excluded && asked.action == Action::Resync
}

/// The types that may fit.
fn fitting(asked: &Asked<'_>, matching: &Matching, mut directory: Vec<TypeEntry>) -> Vec<TypeEntry> {
    let excludes = |entry: &TypeEntry| asked.connection.policy.excludes(&entry.error_type);
    directory.retain(|entry| matching.error_type.as_ref().is_none_or(|wanted| *wanted == entry.error_type));
    match matching.state {
        Some(FailingState::Scheduled | FailingState::Expired) => directory.retain(|entry| !excludes(entry)),
        Some(FailingState::Held) if knows_the_held(asked, &directory) => directory.retain(excludes),
        Some(FailingState::Held | FailingState::TimedOut) | None => {}
    }
    // All types, when the directory knows of no record: it may lag.
    if directory.iter().any(|entry| number(entry, matching) > 0) {
        directory.retain(|entry| number(entry, matching) > 0);
    }
    directory
}

fn number(entry: &TypeEntry, matching: &Matching) -> u64 {
    entry.of(matching.object.as_ref())
}

fn numbers(fitting: &[TypeEntry], matching: &Matching) -> BTreeMap<ObjectName, u64> {
    let mut numbers = BTreeMap::new();
    for (object, number) in fitting.iter().flat_map(|entry| &entry.records) {
        if matching.object.as_ref().is_none_or(|wanted| wanted == object) {
            *numbers.entry(object.clone()).or_default() += number;
        }
    }
    numbers
}

/// The first failures that fit.
struct Window {
    from: Timestamp,
    to: Timestamp,
    /// Whether the description says more of them than the plan's instant does.
    narrows: bool,
}

impl Window {
    fn of(asked: &Asked<'_>, matching: &Matching) -> Self {
        let from = matching.failed_from.unwrap_or(Timestamp::from_millis(0));
        let to = matching.failed_to.map_or(asked.as_of, |to| to.min(asked.as_of));
        let given = matching.failed_from.is_some() || matching.failed_to.is_some();
        match (matching.state, &asked.connection.policy) {
            (Some(FailingState::Expired), Policy::Recent(policy)) => {
                let last = policy.horizon(asked.as_of) - Duration::from_millis(1);
                Self { from, to: to.min(last), narrows: true }
            }
            // Nothing expires under this policy, and nothing times out under that one.
            (Some(FailingState::Expired), Policy::Interval(_)) | (Some(FailingState::TimedOut), Policy::Recent(_)) => {
                Self { from: to + Duration::from_millis(1), to, narrows: true }
            }
            (Some(FailingState::Scheduled | FailingState::TimedOut | FailingState::Held) | None, _) => {
                Self { from, to, narrows: given }
            }
        }
    }

    fn is_empty(&self) -> bool {
        self.from > self.to
    }
}

/// How many an index lists, when those are not too many.
async fn listed<P: Ports>(
    ports: &P,
    asked: &Asked<'_>,
    matching: &Matching,
    types: &[ErrorType],
    window: &Window,
) -> Result<Option<BTreeMap<ObjectName, u64>>, PortError> {
    let (id, shards) = (&asked.connection.id, asked.connection.shards);
    let page = ports.store().aged(id, types, window.from, window.to, shards, None, MOST_LISTED).await?;
    if page.next.is_some() {
        return Ok(None);
    }
    let mut numbers = BTreeMap::new();
    for key in page.keys {
        if matching.object.as_ref().is_none_or(|wanted| *wanted == key.object) {
            *numbers.entry(key.object).or_default() += 1;
        }
    }
    Ok(Some(numbers))
}

/// Records of open journal entries that may fit: they are tried when their earlier send cannot be committed any more.
fn quarantined(asked: &Asked<'_>, matching: &Matching) -> Vec<Exclusion> {
    let fits = |object: &ObjectName| matching.object.as_ref().is_none_or(|wanted| wanted == object);
    let flying = asked.entries.iter().filter(|entry| entry.quarantines(asked.as_of) && fits(&entry.object));
    let number = flying.map(|entry| entry.sent.len() as u64).sum();
    let reason = Excluded::Quarantined;
    let exclusion = Exclusion { reason, text: reason.words(), records: Count::about(number), named: Vec::new() };
    if number > 0 && asked.action == Action::Resync { vec![exclusion] } else { Vec::new() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn numbers(of: &[(&str, u64)]) -> BTreeMap<ObjectName, u64> {
        of.iter().map(|&(name, number)| (ObjectName::new(name).expect("a valid name"), number)).collect()
    }

    #[test]
    fn numbers_that_are_too_many_are_taken_down_by_their_shares_and_none_is_lost() {
        for (before, most, after) in [
            (&[("Account", 30), ("Contact", 70)][..], 100, &[("Account", 30), ("Contact", 70)][..]),
            (&[("Account", 30), ("Contact", 70)], 10, &[("Account", 3), ("Contact", 7)]),
            (&[("Account", 1), ("Contact", 2)], 2, &[("Account", 1), ("Contact", 1)]),
            (&[("Account", 1), ("Contact", 9)], 0, &[]),
        ] {
            let mut bounded = numbers(before);
            bound(&mut bounded, most);
            assert_eq!(bounded, numbers(after), "{before:?} down to {most}");
        }
    }

    #[test]
    fn what_is_in_the_timeout_queue_bounds_every_state() {
        for (state, sum, most) in [
            (FailingState::TimedOut, 670, 270),
            (FailingState::Scheduled, 670, 400),
            (FailingState::Held, 670, 400),
            (FailingState::TimedOut, 300, 270),
            (FailingState::Scheduled, 300, 300),
            (FailingState::Held, 10, 10),
        ] {
            assert_eq!(most_in(state, sum, 670, 270), most, "{state:?} of {sum}");
        }
        assert_eq!(most_in(FailingState::TimedOut, 670, 670, 0), 1, "the count may be short");
    }
}
