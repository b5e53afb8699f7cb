//! Families: a record that a person has tried brings those that wait for it.
//!
//! Must not know: how records are packed or sent.

use std::collections::HashSet;

use rules::catalogue::Class;
use rules::ids::{ParentKey, RecordKey};
use rules::record::Record;

use super::context::Context;
use crate::parts::Ports;
use crate::ports::{ErrorTypes, PortError, Records};

/// How many generations a named record brings.
const MOST_GENERATIONS: usize = 5;

/// Records that one parent brings at most; the others are left to their schedule.
pub(crate) const MOST_CHILDREN: usize = 1_000;

/// Records that a request by names tries at most, those that are brought included.
pub(crate) const MOST_OF_NAMED: usize = 2_000;

/// The records that bring those that wait for them.
#[derive(Clone, Debug, Default)]
pub(super) struct Parents(HashSet<ParentKey>);

impl Parents {
    /// One more.
    pub(super) fn add(&mut self, parent: &RecordKey) {
        self.0.insert(ParentKey { object: parent.object.clone(), id: parent.id.clone() });
    }

    /// Whether one of them brings this record.
    pub(super) fn bring(&self, record: &Record) -> bool {
        record.parent.as_ref().is_some_and(|parent| self.0.contains(parent))
    }
}

/// The named records, then their children, and theirs; and all of them as parents.
pub(super) async fn of_named<P: Ports>(
    ports: &P,
    named: Vec<RecordKey>,
) -> Result<(Vec<RecordKey>, Parents), PortError> {
    let mut parents = Parents::default();
    let Brought { records: brought, .. } = descendants(ports, &named, usize::MAX).await?;
    for parent in named.iter().chain(&brought) {
        parents.add(parent);
    }
    Ok((named.into_iter().chain(brought).collect(), parents))
}

/// The records that named ones bring, and those that these bring.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Brought {
    /// Their keys, the nearest generation first.
    pub(crate) records: Vec<RecordKey>,
    /// Whether every record that may bring others was looked at.
    pub(crate) is_whole: bool,
}

/// What the named records bring. At most `most_parents` records, the named ones first, are asked for their children.
pub(crate) async fn descendants<P: Ports>(
    ports: &P,
    named: &[RecordKey],
    most_parents: usize,
) -> Result<Brought, PortError> {
    let mut brought = Vec::new();
    let mut seen: HashSet<RecordKey> = named.iter().cloned().collect();
    let mut generation = named.to_vec();
    let mut asked = 0;
    for _ in 0..MOST_GENERATIONS {
        let mut next = Vec::new();
        for parent in &generation {
            if asked == most_parents {
                brought.append(&mut next);
                return Ok(Brought { records: brought, is_whole: false });
            }
            asked += 1;
            let room = MOST_OF_NAMED.saturating_sub(named.len() + brought.len() + next.len());
            let children = children_of(ports, parent, room).await?;
            next.extend(children.into_iter().filter(|child| seen.insert(child.clone())));
        }
        if next.is_empty() {
            break;
        }
        brought.extend(next.iter().cloned());
        generation = next;
    }
    Ok(Brought { records: brought, is_whole: true })
}

/// The records that wait for `parent`, as far as the pointers tell; at most `most`.
pub(super) async fn children_of<P: Ports>(
    ports: &P,
    parent: &RecordKey,
    most: usize,
) -> Result<Vec<RecordKey>, PortError> {
    let mut children = Vec::new();
    let most = most.min(MOST_CHILDREN);
    let mut after = None;
    while children.len() < most {
        let page = ports.store().children(parent, after.as_ref(), most - children.len()).await?;
        children.extend(page.keys);
        match page.next {
            Some(next) => after = Some(next),
            None => break,
        }
    }
    Ok(children)
}

/// Whether any record of the connection may wait for another one.
pub(super) async fn may_wait<P: Ports>(context: &Context<'_, P>) -> Result<bool, PortError> {
    let types = context.ports.store().error_types(&context.connection.id).await?;
    let mut rules = types.iter().filter_map(|listed| context.catalogue.rule(listed));
    Ok(rules.any(|rule| rule.class == Class::Dependency))
}
