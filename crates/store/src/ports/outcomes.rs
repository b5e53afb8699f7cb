//! Writes the outcomes of a batch: for each record the attributes that differ, conditional on the version that was read.
//!
//! Must not know: what an outcome means, or how a conflict is settled.

use aws_sdk_dynamodb::types::AttributeValue;
use engine::ports::{Clock, Keeping, OutcomeWrite, PortError, Written};
use rules::ids::RecordKey;
use rules::record::{PayloadPlace, Record, Stored};

use super::DynamoStore;
use super::statements::{Executed, Statement};
use crate::items::fields::{PK, SK, number, text};
use crate::items::index::{NEXT_ATTEMPT, QUEUE};
use crate::items::key::{self, ItemKey};
use crate::items::payload::{PAYLOAD, VERSION};
use crate::items::record::{self, FENCE};
use crate::items::{Item, pointer, version};

const WRITING: &str = "writing outcomes";
const CLEARING: &str = "clearing away what resolved records leave";

impl<C: Clock> DynamoStore<C> {
    pub(super) async fn outcomes(&self, writes: &[OutcomeWrite], keeping: &Keeping) -> Result<Vec<Written>, PortError> {
        let statements: Vec<_> = writes.iter().map(|write| update(&self.table, write, keeping)).collect();
        let executed = self.execute(WRITING, &statements).await?;
        let found = self.found(writes, &executed).await?;
        let judged = writes.iter().zip(executed).map(|(write, executed)| match executed {
            Executed::Done => Ok(Written::Done),
            Executed::Throttled => Ok(Written::Throttled),
            Executed::Refused(Some(item)) => judge(write, Some(&item)),
            Executed::Refused(None) => judge(write, of_key(&found, &write.after.key)),
        });
        self.clear(writes, judged.collect::<Result<_, _>>()?).await
    }

    /// The items of the refused statements that came back without one.
    async fn found(&self, writes: &[OutcomeWrite], executed: &[Executed]) -> Result<Vec<Item>, PortError> {
        let refused = writes.iter().zip(executed).filter(|(_, executed)| **executed == Executed::Refused(None));
        self.items(WRITING, refused.map(|(write, _)| key::record(&write.after.key)).collect()).await
    }

    /// Deletes the payloads and pointers of records that are resolved now, unless they belong to a newer version already.
    /// Where that is throttled, so is the outcome: when it is written again it proves to be there, and this is done again.
    async fn clear(&self, writes: &[OutcomeWrite], mut written: Vec<Written>) -> Result<Vec<Written>, PortError> {
        let settled = |index: &usize| written[*index] == Written::Done && !writes[*index].after.is_failing();
        let left: Vec<_> = (0..writes.len()).filter(settled).flat_map(|index| left_by(index, &writes[index])).collect();
        let statements: Vec<_> =
            left.iter().map(|(index, key)| delete(&self.table, key, &writes[*index].after)).collect();
        for ((index, _), executed) in left.iter().zip(self.execute(CLEARING, &statements).await?) {
            match executed {
                Executed::Done | Executed::Refused(_) => {}
                Executed::Throttled => written[*index] = Written::Throttled,
            }
        }
        Ok(written)
    }
}

/// What a statement that was refused found: our own write, whose reply was lost, or another version.
fn judge(write: &OutcomeWrite, found: Option<&Item>) -> Result<Written, PortError> {
    let Some(item) = found else { return Ok(Written::Conflict(None)) };
    let current = record::read(item)?.stored;
    let ours = Stored::Record(Box::new(write.after.clone()));
    Ok(if record::are_same(&current, &ours) { Written::Done } else { Written::Conflict(Some(Box::new(current))) })
}

fn of_key<'a>(items: &'a [Item], key: &RecordKey) -> Option<&'a Item> {
    let wanted = text(key::record(key).pk);
    items.iter().find(|item| item.get(PK) == Some(&wanted))
}

/// The statement of an outcome. An entry of `by-next-attempt` moves in any case, and so goes to the shard of today; one of
/// `by-age` stays where it is as long as its error type does.
fn update(table: &str, write: &OutcomeWrite, keeping: &Keeping) -> Statement {
    let before = record::attributes_beside(&write.before, &write.after, keeping);
    let mut after = record::attributes_beside(&write.after, &write.before, keeping);
    let moves = value(&before, NEXT_ATTEMPT) != value(&after, NEXT_ATTEMPT);
    let drops_payload = !write.after.is_failing() && write.before.payload == PayloadPlace::Inline;
    let gone = before.iter().map(|&(name, _)| name).filter(|name| value(&after, name).is_none());
    let removed: Vec<_> = gone.chain(drops_payload.then_some(PAYLOAD)).collect();
    after.retain(|(name, now)| value(&before, name) != Some(now) || (moves && *name == QUEUE));
    let mut clauses = String::with_capacity(256);
    for (name, _) in &after {
        clauses.extend([" SET \"", name, "\"=?"]);
    }
    for name in removed {
        clauses.extend([" REMOVE \"", name, "\""]);
    }
    let key = key::record(&write.after.key);
    let named = [text(key.pk), text(key.sk), number(write.before.fence.0)];
    let parameters = after.into_iter().map(|(_, now)| now).chain(named).collect();
    let text = format!("UPDATE \"{table}\"{clauses} WHERE \"{PK}\"=? AND \"{SK}\"=? AND \"{FENCE}\"=?");
    Statement { text, parameters }
}

/// How many parameters an outcome's statement has.
#[cfg(feature = "local")]
pub(crate) fn statement_parameters(write: &OutcomeWrite, keeping: &Keeping) -> usize {
    update("resync", write, keeping).parameters.len()
}

fn value<'a>(attributes: &'a [(&'static str, AttributeValue)], name: &str) -> Option<&'a AttributeValue> {
    attributes.iter().find(|(other, _)| *other == name).map(|(_, value)| value)
}

/// The items besides its own that the record of the write at `index` may have.
fn left_by(index: usize, write: &OutcomeWrite) -> impl Iterator<Item = (usize, ItemKey)> {
    let record = &write.after;
    let payload = match record.payload {
        PayloadPlace::Apart { .. } => Some(key::payload(&record.key)),
        PayloadPlace::Inline => None,
    };
    payload.into_iter().chain(pointer::key(record)).map(move |key| (index, key))
}

fn delete(table: &str, key: &ItemKey, record: &Record) -> Statement {
    let text_of_version = version::write(record.source_version);
    Statement {
        text: format!("DELETE FROM \"{table}\" WHERE \"{PK}\"=? AND \"{SK}\"=? AND \"{VERSION}\"=?"),
        parameters: vec![text(&key.pk), text(&key.sk), text(text_of_version)],
    }
}

#[cfg(test)]
#[path = "outcomes_tests.rs"]
mod tests;
