//! Writes of one item, by themselves and as parts of a transaction.
//!
//! Must not know: how a request is answered.

use serde_json::Value;

use super::condition::Condition;
use super::failure::Failure;
use super::index::Primary;
use super::item::{Item, same};
use super::statement::{Effect, Statement};
use super::table::Table;
use super::update::{changed, changes};

/// What one write comes to: the item's keys, what it was, and what it will be.
#[derive(Clone, Debug)]
pub(super) struct Write {
    pub(super) primary: Primary,
    pub(super) before: Option<Item>,
    pub(super) after: Option<Item>,
}

/// The kinds of write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Put,
    Update,
    Delete,
}

impl Write {
    /// What a request to write comes to; nothing is written yet.
    pub(super) fn of(table: &Table, kind: Kind, request: &Value) -> Result<Self, Failure> {
        let primary = match kind {
            Kind::Put => table.primary(&request["Item"])?,
            Kind::Update | Kind::Delete => table.exactly_primary(&request["Key"])?,
        };
        let before = table.item(&primary);
        if let Some(condition) = Condition::of(request)?
            && !condition.holds(before.as_ref())
        {
            let wanted = request["ReturnValuesOnConditionCheckFailure"] == "ALL_OLD";
            return Err(Failure::Condition(before.filter(|_| wanted)));
        }
        let after = match kind {
            Kind::Delete => None,
            Kind::Put => request["Item"].as_object().cloned(),
            Kind::Update => {
                let before = before.clone().unwrap_or_else(|| table.blank(&request["Key"]));
                Some(changed(&before, &changes(request)?)?)
            }
        };
        if let Some(after) = &after {
            table.check(&primary, after)?;
        }
        Ok(Self { primary, before, after })
    }

    /// What a statement comes to: the item's keys, and what it will be.
    pub(super) fn by(table: &Table, statement: Statement, request: &Value) -> Result<(Primary, Option<Item>), Failure> {
        let primary = table.primary_of(&statement.condition)?;
        let before = table.item(&primary);
        let holds = before.as_ref().is_some_and(|item| {
            statement.condition.iter().all(|(name, value)| item.get(name).is_some_and(|found| same(found, value)))
        });
        // To delete what is not there is no failure, whatever else it was to be.
        let is_gone_already = before.is_none() && statement.effect == Effect::Delete;
        if !holds && !is_gone_already {
            let wanted = request["ReturnValuesOnConditionCheckFailure"] == "ALL_OLD";
            return Err(Failure::Condition(before.filter(|_| wanted)));
        }
        let after = match statement.effect {
            Effect::Delete => None,
            Effect::Update(set, removed) => {
                let mut after = before.unwrap_or_default();
                after.retain(|name, _| !removed.contains(name));
                after.extend(set);
                table.check(&primary, &after)?;
                Some(after)
            }
        };
        Ok((primary, after))
    }
}
