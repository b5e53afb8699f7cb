//! The records that a plan names: each is looked at, and so is each that waits for one of them.
//!
//! Must not know: what the plan costs.

use std::collections::{BTreeMap, HashMap};

use rules::ids::{BatchId, Epoch, ObjectName, RecordId, RecordKey, RequestId};
use rules::record::{Record, Stored};
use rules::resync::{Action, Ask, Choice, Count, Progress, Request, RequestState, Skip, Wanted};

use super::{Asked, Excluded, Exclusion, Meant};
use crate::parts::Ports;
use crate::ports::{PortError, Records};
use crate::run::{Brought, Quarantine, descendants};

/// Records that are asked for their children, each with a request of its own. With more of them nobody has counted all
/// who come along.
const MOST_PARENTS: usize = 3;

/// Children that are read, a hundred a request.
const MOST_CHILDREN_READ: usize = 200;

/// Nobody comes along.
const NOBODY: Brought = Brought { records: Vec::new(), is_whole: true };

/// What becomes of the named records and of those that they bring.
pub(super) async fn meant<P: Ports>(
    ports: &P,
    asked: &Asked<'_>,
    wanted: &Wanted,
    records: &[(ObjectName, RecordId)],
) -> Result<Meant, PortError> {
    let connection = &asked.connection.id;
    let key = |(object, id): &(ObjectName, RecordId)| RecordKey {
        connection: connection.clone(),
        object: object.clone(),
        id: id.clone(),
    };
    let named: Vec<RecordKey> = records.iter().map(key).collect();
    let Brought { records: mut brought, mut is_whole } = match asked.action {
        Action::Resync => descendants(ports, &named, MOST_PARENTS).await?,
        Action::Delete => NOBODY,
    };
    is_whole &= brought.len() <= MOST_CHILDREN_READ;
    brought.truncate(MOST_CHILDREN_READ);
    let request = as_request(asked, wanted);
    let after = BatchId { epoch: Epoch(u32::MAX), sequence: u32::MAX };
    let ask = Ask { policy: &asked.connection.policy, request: &request, after };
    let quarantine = Quarantine::of(connection, asked.entries, asked.as_of);
    let (stored, unreadable) = read(ports, &named, &brought).await?;
    let (mut meant, mut left) = (Meant { is_exact: true, ..Meant::default() }, Left::default());
    let mut children = 0;
    for key in &named {
        match stored.get(key).map(|stored| choice(stored, |record| ask.choose(record))) {
            None => left.add(Excluded::Unknown, key),
            Some(Choice::Skip(why)) => left.add(why.into(), key),
            Some(Choice::Done) => left.add(Excluded::Resolved, key),
            Some(Choice::Take) => take(&mut meant, &mut left, &quarantine, asked, key),
        }
    }
    for key in &brought {
        if stored.get(key).map(|stored| choice(stored, |record| ask.choose_child(record))) == Some(Choice::Take) {
            children += 1;
            take(&mut meant, &mut left, &quarantine, asked, key);
        }
    }
    meant.is_exact = is_whole || children == 0;
    meant.children = (is_whole || children > 0).then_some(Count { number: children, exact: is_whole });
    meant.exclusions = left.exclusions(unreadable);
    Ok(meant)
}

fn take(meant: &mut Meant, left: &mut Left, quarantine: &Quarantine, asked: &Asked<'_>, key: &RecordKey) {
    *meant.by_object.entry(key.object.clone()).or_default() += 1;
    if asked.action == Action::Resync && quarantine.until(key, asked.as_of).is_some() {
        left.add(Excluded::Quarantined, key);
    }
}

/// What is stored of all of them, and how many cannot be read.
async fn read<P: Ports>(
    ports: &P,
    named: &[RecordKey],
    brought: &[RecordKey],
) -> Result<(HashMap<RecordKey, Stored>, u64), PortError> {
    let keys: Vec<RecordKey> = named.iter().chain(brought).cloned().collect();
    let (mut stored, mut unreadable) = (HashMap::new(), 0);
    for read in ports.store().read_each(&keys).await? {
        match read {
            Ok(read) => drop(stored.insert(read.stored.key().clone(), read.stored)),
            Err(PortError::Unreadable { .. }) => unreadable += 1,
            Err(error @ PortError::Unavailable { .. }) => return Err(error),
        }
    }
    Ok((stored, unreadable))
}

fn choice(stored: &Stored, of: impl Fn(&Record) -> Choice) -> Choice {
    match stored {
        Stored::Record(record) => of(record),
        Stored::Success(_) => Choice::Skip(Skip::Resolved),
    }
}

/// The plan as the request that would carry it out.
fn as_request(asked: &Asked<'_>, wanted: &Wanted) -> Request {
    Request {
        id: RequestId::new("plan").expect("four letters are a request's id"),
        connection: asked.connection.id.clone(),
        action: asked.action,
        wanted: wanted.clone(),
        as_of: asked.as_of,
        requested_by: String::new(),
        state: RequestState::Open,
        planned: None,
        progress: Progress::default(),
        ended: None,
    }
}

/// The records that are left out, by why.
#[derive(Default)]
struct Left(BTreeMap<Excluded, Vec<String>>);

impl Left {
    fn add(&mut self, reason: Excluded, key: &RecordKey) {
        self.0.entry(reason).or_default().push(format!("{}/{}", key.object, key.id));
    }

    fn exclusions(mut self, unreadable: u64) -> Vec<Exclusion> {
        // Which they are, nobody can tell: they are among those that look unknown.
        if unreadable > 0 {
            self.0.entry(Excluded::Unreadable).or_default();
        }
        let exclusion = |(reason, named): (Excluded, Vec<String>)| {
            let number = if reason == Excluded::Unreadable { unreadable } else { named.len() as u64 };
            Exclusion { reason, text: reason.words(), records: Count::exactly(number), named }
        };
        self.0.into_iter().map(exclusion).collect()
    }
}
