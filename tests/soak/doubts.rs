//! What is in doubt when a life is over: records that it sent and whose outcome nobody knows.
//!
//! Must not know: how the system finds out, or what it does about it.

use std::time::Duration;

use engine::ports::Records;
use rules::ids::RecordKey;
use rules::record::Stored;
use rules::tries::TryOutcome;
use salesforce_sim::{CallKind, Effect, LogEntry};

use super::notes::Stretch;
use super::play::Play;
use crate::kill::evidence::sent;

impl Play {
    /// Notes which of the records that a life sent have no outcome that anybody knows.
    pub(super) async fn note_doubts(&mut self, stretch: &Stretch) {
        let org = self.orgs.iter().find(|org| org.id == stretch.connection).unwrap();
        let is_of_it = |entry: &LogEntry| {
            entry.sequence <= stretch.last && !matches!(entry.kind, CallKind::External | CallKind::LateCommit)
        };
        let entries: Vec<LogEntry> = org.salesforce.log_after(stretch.after).into_iter().filter(is_of_it).collect();
        let (clear, unclear): (Vec<_>, Vec<_>) = entries.into_iter().partition(is_clear);
        let clear = sent(&org.id, &clear);
        let open = if stretch.killed { self.unsettled(clear.iter().map(|sent| &sent.key)).await } else { Vec::new() };
        // What was refused at the door cannot be committed any more, whether that was heard or not.
        let unheard = clear.into_iter().filter(|sent| sent.is_processed() && open.contains(&sent.key));
        let doubtful = unheard.chain(sent(&org.id, &unclear));
        self.notes.doubts.extend(doubtful.map(|sent| (sent.key, sent.sequence)));
    }

    /// Those of these records, sent by a life that is over, whose outcome is not written.
    async fn unsettled(&self, keys: impl Iterator<Item = &RecordKey>) -> Vec<RecordKey> {
        let mut keys: Vec<RecordKey> = keys.cloned().collect();
        keys.sort();
        keys.dedup();
        let minute = self.now.floor(Duration::from_mins(1));
        let read = self.ground.store.read(&keys).await.unwrap();
        let is_settled = |stored: &Stored| match stored {
            Stored::Record(record) => {
                record.tries.last().is_some_and(|last| last.at >= minute && last.outcome != TryOutcome::Unknown)
            }
            Stored::Success(_) => false,
        };
        read.into_iter().filter(|read| !is_settled(&read.stored)).map(|read| read.stored.key().clone()).collect()
    }
}

/// Whether the answer, if it was heard, leaves no doubt.
fn is_clear(entry: &LogEntry) -> bool {
    match entry.fault {
        None | Some(Effect::Latency(_)) => true,
        // A refusal at the door, as the sender understands it.
        Some(Effect::Answer(..)) => entry.status.is_some_and(|status| status / 100 == 4 || status == 503),
        Some(Effect::TimeOut(_) | Effect::Reset(_)) => false,
    }
}
