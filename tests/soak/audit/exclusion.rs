//! Exclusion: what may still be committed is not sent again before it cannot; nothing is sent by two runs at once, nor again in the same
//! life when Salesforce has looked at it, unless a person asked; and no child goes before a parent that goes for the first time with it.
//!
//! Must not know: quarantines, leases.

use std::collections::BTreeMap;

use rules::counts::TryKind;
use rules::ids::RecordKey;
use rules::record::Stored;
use rules::time::Timestamp;
use rules::tries::REMEMBERED;
use salesforce_sim::{LogEntry, Outcome};

use super::Evidence;
use crate::kill::evidence::{LATE, Sent};
use crate::soak::notes::Stretch;

/// So many records are read and packed together, at the least.
const TOGETHER: usize = 250;

/// In so many lives after one that left something in doubt it may be in doubt yet.
const DOUBTED_FOR: usize = 4;

pub(super) fn check(evidence: &Evidence<'_>, wrong: &mut Vec<String>) {
    let stretches: Vec<&Stretch> = {
        let all = evidence.play.notes.stretches.iter();
        all.filter(|stretch| stretch.connection == evidence.org.id).collect()
    };
    let life = |sent: &Sent| stretches.partition_point(|stretch| stretch.last < sent.sequence);
    for (key, sends) in &evidence.sends {
        for pair in sends.windows(2) {
            let [before, after] = pair else { continue };
            let free_from = free_from(evidence, key, before);
            if after.at < free_from {
                wrong
                    .push(format!("exclusion: {key} was sent at {} and again before {free_from}: {pair:?}", before.at));
            }
            let same = life(before) == life(after) && before.version == after.version && before.is_processed();
            if same && !may_be_forced(evidence, key) {
                wrong.push(format!("exclusion: {key} was sent twice in one life: {pair:?}"));
            }
        }
    }
    for (number, stretch) in stretches.iter().enumerate() {
        let sends: Vec<&Sent> = {
            let begin = evidence.sent.partition_point(|sent| sent.sequence <= stretch.after);
            let end = evidence.sent.partition_point(|sent| sent.sequence <= stretch.last);
            evidence.sent[begin..end].iter().collect()
        };
        // What is in doubt since then is read and passed over, so that parents may be read later than their children.
        let since = &stretches[number.saturating_sub(DOUBTED_FOR)..=number];
        if sends.len() <= TOGETHER && since.iter().all(|stretch| is_whole(evidence, stretch)) {
            parents_first(evidence, &sends, number, wrong);
        }
    }
}

/// Whether a life sent all that it had read, as far as its calls say.
fn is_whole(evidence: &Evidence<'_>, stretch: &Stretch) -> bool {
    let of_it = |entry: &&LogEntry| stretch.after < entry.sequence && entry.sequence <= stretch.last;
    let is_answered = |entry: &LogEntry| entry.records.is_empty() || matches!(entry.status, Some(200 | 400));
    !stretch.killed && stretch.done && evidence.calls.iter().filter(of_it).all(is_answered)
}

/// From when on another send cannot meet this one.
fn free_from(evidence: &Evidence<'_>, key: &RecordKey, sent: &Sent) -> Timestamp {
    let in_doubt = evidence.play.notes.doubts.contains(&(key.clone(), sent.sequence));
    match sent.outcome {
        Outcome::Pending { due } => Timestamp::from_millis(due.0),
        Outcome::Committed { .. } | Outcome::Refused { .. } | Outcome::NotProcessed if in_doubt => sent.at + LATE,
        Outcome::Committed { .. } | Outcome::Refused { .. } | Outcome::NotProcessed => sent.at,
    }
}

fn may_be_forced(evidence: &Evidence<'_>, key: &RecordKey) -> bool {
    match evidence.stored.get(key) {
        Some(Stored::Record(record)) => {
            record.tries.iter().count() == REMEMBERED || record.tries.iter().any(|tried| tried.kind == TryKind::Forced)
        }
        Some(Stored::Success(_)) | None => false,
    }
}

/// Records that go to Salesforce for the first time ever, together: parents before children.
fn parents_first(evidence: &Evidence<'_>, sends: &[&Sent], life: usize, wrong: &mut Vec<String>) {
    let is_first =
        |sent: &&&Sent| evidence.sends_of(&sent.key).first().is_some_and(|first| first.sequence == sent.sequence);
    let first: BTreeMap<&RecordKey, &&Sent> = sends.iter().filter(is_first).map(|sent| (&sent.key, sent)).collect();
    for (key, sent) in &first {
        let parent = evidence.histories.get(*key).and_then(|history| history.parent.as_ref());
        let later = parent.and_then(|parent| first.get(parent)).filter(|parent| parent.sequence >= sent.sequence);
        if let Some(parent) = later.filter(|_| !may_be_forced(evidence, key)) {
            wrong.push(format!("parents: in life {life} {key} went before {}", parent.key));
        }
    }
}
