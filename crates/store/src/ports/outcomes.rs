//! Writes the outcomes of a batch: for each record the attributes that differ, conditional on the version that was read.
//!
//! Must not know: what an outcome means, or how a conflict is settled.

use engine::ports::{Clock, OutcomeWrite, PortError, Written};
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
    pub(super) async fn outcomes(&self, writes: &[OutcomeWrite], shards: u16) -> Result<Vec<Written>, PortError> {
        let statements: Vec<_> = writes.iter().map(|write| update(&self.table, write, shards)).collect();
        let executed = self.execute(WRITING, &statements).await?;
        let found = self.found(writes, &executed).await?;
        let judged = writes.iter().zip(executed).map(|(write, executed)| match executed {
            Executed::Done => Ok(Written::Done),
            Executed::Throttled => Ok(Written::Throttled),
            Executed::Refused(Some(item)) => judge(write, Some(&item)),
            Executed::Refused(None) => judge(write, of_key(&found, &write.after.key)),
        });
        let written = judged.collect::<Result<Vec<_>, _>>()?;
        self.clear(writes, &written).await?;
        Ok(written)
    }

    /// The items of the refused statements that came back without one.
    async fn found(&self, writes: &[OutcomeWrite], executed: &[Executed]) -> Result<Vec<Item>, PortError> {
        let refused = writes.iter().zip(executed).filter(|(_, executed)| **executed == Executed::Refused(None));
        self.items(WRITING, refused.map(|(write, _)| key::record(&write.after.key)).collect()).await
    }

    /// Deletes the payloads and pointers of records that are resolved now, unless they belong to a newer version already.
    async fn clear(&self, writes: &[OutcomeWrite], written: &[Written]) -> Result<(), PortError> {
        let done = writes.iter().zip(written).filter(|(_, written)| **written == Written::Done);
        let resolved = done.map(|(write, _)| &write.after).filter(|record| !record.is_failing());
        let statements: Vec<_> =
            resolved.flat_map(|record| left_by(record).map(|key| delete(&self.table, &key, record))).collect();
        self.execute(CLEARING, &statements).await.map(drop)
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
fn update(table: &str, write: &OutcomeWrite, shards: u16) -> Statement {
    let before = record::write_record(&write.before, shards);
    let after = record::write_record(&write.after, shards);
    let moves = before.get(NEXT_ATTEMPT) != after.get(NEXT_ATTEMPT);
    let differs = |name: &str| before.get(name) != after.get(name) || (moves && name == QUEUE);
    let mut clauses = String::new();
    let mut parameters = Vec::new();
    for name in record::ALL.into_iter().filter(|name| differs(name)) {
        match after.get(name) {
            Some(value) => {
                clauses += &format!(" SET \"{name}\"=?");
                parameters.push(value.clone());
            }
            None => clauses += &format!(" REMOVE \"{name}\""),
        }
    }
    if !write.after.is_failing() && write.before.payload == PayloadPlace::Inline {
        clauses += &format!(" REMOVE \"{PAYLOAD}\"");
    }
    let key = key::record(&write.after.key);
    parameters.extend([text(key.pk), text(key.sk), number(write.before.fence.0)]);
    let text = format!("UPDATE \"{table}\"{clauses} WHERE \"{PK}\"=? AND \"{SK}\"=? AND \"{FENCE}\"=?");
    Statement { text, parameters }
}

/// The items besides its own that a record may have.
fn left_by(record: &Record) -> impl Iterator<Item = ItemKey> {
    let payload = match record.payload {
        PayloadPlace::Apart { .. } => Some(key::payload(&record.key)),
        PayloadPlace::Inline => None,
    };
    payload.into_iter().chain(pointer::key(record))
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
