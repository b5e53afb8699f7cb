//! Plans: what an action would do, before anybody does it. A plan is a description of records and an instant, with numbers; it
//! changes nothing, and lists no keys unless records were named.
//!
//! Must not know: how a plan's name is written, or who may carry it out.

mod cost;
mod matching;
mod named;

use std::collections::BTreeMap;
use std::time::Duration;

use rules::connection::Connection;
use rules::counts::ApiCalls;
use rules::ids::{ConnectionId, Epoch, ObjectName};
use rules::resync::{Action, Count, Planned, Skip, Wanted};
use rules::time::Timestamp;
use serde::Serialize;

use crate::parts::Ports;
use crate::ports::{Clock, Facts, Journal, PortError, Standings};

/// How long a plan may be carried out after it was made.
pub const VALID: Duration = Duration::from_mins(30);

/// Why records are left out of a plan, or come later.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Excluded {
    /// No failure of them is known.
    Unknown,
    /// They do not fail any more.
    Resolved,
    /// There is nothing to send.
    PayloadMissing,
    /// Their failure lies in the future, by their source's clock.
    FailedAnew,
    /// They do not fit.
    Changed,
    /// An earlier send of them may still be committed. They are not left out: they are tried when it cannot be any more.
    Quarantined,
    /// A newer version of the program wrote them.
    Unreadable,
}

impl Excluded {
    /// The reason in words.
    #[must_use]
    pub const fn words(self) -> &'static str {
        match self {
            Self::Unknown => "no failure is known; check the object and the external id",
            Self::Resolved => "not failing any more; nothing is left to do",
            Self::PayloadMissing => "the payload is gone; sync the record from its source again",
            Self::FailedAnew => "failed after the plan's instant, by its source's clock; plan again",
            Self::Changed => "does not fit the plan any more; plan again",
            Self::Quarantined => "an earlier send may still be committed; tried when it cannot be any more",
            Self::Unreadable => "written by a newer version of Resync; update this one",
        }
    }
}

impl From<Skip> for Excluded {
    fn from(skip: Skip) -> Self {
        match skip {
            Skip::Unknown => Self::Unknown,
            Skip::Resolved => Self::Resolved,
            Skip::PayloadMissing => Self::PayloadMissing,
            Skip::FailedAnew => Self::FailedAnew,
            Skip::Changed => Self::Changed,
        }
    }
}

/// Records that are left out of a plan, or come later, for one reason.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Exclusion {
    /// The reason.
    pub reason: Excluded,
    /// The same in words, with what helps.
    pub text: &'static str,
    /// How many.
    pub records: Count,
    /// Which, as `OBJECT/EXTERNAL-ID`, when the plan's records were named.
    pub named: Vec<String>,
}

/// What an action would do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Plan {
    /// The connection.
    pub connection: ConnectionId,
    /// What would be done.
    pub action: Action,
    /// With which records.
    pub wanted: Wanted,
    /// The instant that it speaks of: what fails later is left out.
    pub as_of: Timestamp,
    /// Until when it may be carried out.
    pub expires: Timestamp,
    /// The last epoch that was given out then: what later ones try for a person is tried since the plan.
    #[serde(skip)]
    pub epoch: Epoch,
    /// How many records it means, those that others bring included as far as they were counted.
    pub records: Count,
    /// Whether there may be fewer, because a part of the description was not looked at record by record.
    pub at_most: bool,
    /// How many of them wait for a named one and come along; none when nobody has counted them, and they come all the same.
    pub children: Option<Count>,
    /// The API calls that it would take.
    pub calls: ApiCalls,
    /// The calls that the budget has left now.
    pub left: ApiCalls,
    /// The share of those that it would take, in percent, rounded up; none when none is left.
    pub share_percent: Option<u64>,
    /// Records that are left out, or come later.
    pub exclusions: Vec<Exclusion>,
    /// The closed gates that it would wait for, in words, each with what would open it sooner.
    pub waits_for: Vec<String>,
    /// When it would start, if that is known.
    pub starts: Option<Timestamp>,
    /// What it would start after, when nobody can tell when that is.
    pub starts_when: Option<&'static str>,
    /// How long it would take once it has started, if the budget lets it.
    pub takes_seconds: u64,
    /// When it would end.
    pub ends: Option<Timestamp>,
    /// What the two times assume.
    pub assumes: String,
}

impl Plan {
    /// What a request that carries it out speaks of.
    #[must_use]
    pub fn planned(&self) -> (Timestamp, Planned) {
        (self.as_of, Planned { records: self.records, epoch: self.epoch })
    }

    /// Whether it means no record at all.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.records.number == 0
    }
}

/// The records that are meant, as far as they are known.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Meant {
    by_object: BTreeMap<ObjectName, u64>,
    is_exact: bool,
    at_most: bool,
    children: Option<Count>,
    exclusions: Vec<Exclusion>,
}

/// Plans an action. It changes nothing.
///
/// # Errors
/// When the store fails.
pub async fn plan<P: Ports>(
    ports: &P,
    connection: &Connection,
    action: Action,
    wanted: Wanted,
) -> Result<Plan, PortError> {
    let (store, as_of) = (ports.store(), ports.clock().now());
    let Facts { control, usage } = store.facts(&connection.id).await?;
    let entries = store.entries(&connection.id).await?;
    let asked = Asked { connection, action, as_of, entries: &entries };
    let meant = match &wanted {
        Wanted::Records(records) => named::meant(ports, &asked, &wanted, records).await?,
        Wanted::Matching(matching) => matching::meant(ports, &asked, matching).await?,
    };
    let number = meant.by_object.values().sum();
    let cost = cost::Cost::of(connection, &control, &usage, action, &meant.by_object, as_of);
    Ok(Plan {
        connection: connection.id.clone(),
        action,
        wanted,
        as_of,
        expires: as_of + VALID,
        epoch: control.epoch,
        records: Count { number, exact: meant.is_exact },
        at_most: meant.at_most,
        children: meant.children,
        calls: cost.calls,
        left: cost.left,
        share_percent: cost.share_percent,
        exclusions: meant.exclusions,
        waits_for: cost.waits_for,
        starts: cost.starts,
        starts_when: cost.starts_when,
        takes_seconds: cost.takes.as_secs(),
        ends: cost.ends,
        assumes: cost.assumes,
    })
}

/// What is planned, and what is known of the connection.
struct Asked<'a> {
    connection: &'a Connection,
    action: Action,
    as_of: Timestamp,
    entries: &'a [rules::journal::Entry],
}
