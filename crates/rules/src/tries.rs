//! The ring of a record's last ten tries: how a run recognises its own write, and an operator the history.
//!
//! Must not know: what a try changes; that is the verdict's.

use serde::{Deserialize, Serialize};

use crate::counts::TryKind;
use crate::ids::{BatchId, Epoch};
use crate::time::Timestamp;

/// How many tries a record remembers.
pub const REMEMBERED: usize = 10;

const BYTES: usize = 12;
const MINUTE: i64 = 60_000;

/// What a try came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TryOutcome {
    /// Salesforce saved the record.
    Saved,
    /// Salesforce says that nothing is left to do: the record is gone.
    Gone,
    /// Refused; the record will be tried again by the same schedule.
    Failed,
    /// Refused for the last time that the 20-minute schedule tries, or again by the nightly run: the timeout queue.
    TimedOut,
    /// Refused with an excluded error type: no schedule will try it.
    Held,
    /// Nobody knows whether Salesforce saved it.
    Unknown,
}

/// One counted try of a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Try {
    /// The request that carried it.
    pub batch: BatchId,
    /// When, to the minute.
    pub at: Timestamp,
    /// Who asked.
    pub kind: TryKind,
    /// What it came to.
    pub outcome: TryOutcome,
}

/// The last ten tries, oldest first; at most 120 bytes when packed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Tries(Vec<Try>);

/// Packed tries that this version cannot read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the ring of tries is not in a form that this version reads")]
pub struct UnreadableTries;

impl Tries {
    /// These with `latest` added and, past ten, the oldest dropped.
    #[must_use]
    pub fn with(mut self, latest: Try) -> Self {
        let at = latest.at.floor(std::time::Duration::from_mins(1));
        self.0.push(Try { at, ..latest });
        let surplus = self.0.len().saturating_sub(REMEMBERED);
        self.0.drain(..surplus);
        self
    }

    /// The try that `batch` carried, if it is remembered.
    #[must_use]
    pub fn of_batch(&self, batch: BatchId) -> Option<&Try> {
        self.0.iter().find(|tried| tried.batch == batch)
    }

    /// Whether a batch later than `batch` left an outcome.
    #[must_use]
    pub fn later_than(&self, batch: BatchId) -> bool {
        self.0.iter().any(|tried| tried.batch > batch)
    }

    /// The latest try.
    #[must_use]
    pub fn last(&self) -> Option<&Try> {
        self.0.last()
    }

    /// All remembered tries, oldest first.
    pub fn iter(&self) -> impl Iterator<Item = &Try> {
        self.0.iter()
    }

    /// 12 bytes a try: epoch (4), sequence (3), kind and outcome (1), minutes since 1970 (4), big-endian.
    #[must_use]
    pub fn pack(&self) -> Vec<u8> {
        self.0.iter().flat_map(pack).collect()
    }

    /// Reads what [`Tries::pack`] wrote.
    ///
    /// # Errors
    /// When the bytes are not whole tries or name a kind or outcome that this version does not know.
    pub fn unpack(bytes: &[u8]) -> Result<Self, UnreadableTries> {
        let (tries, rest) = bytes.as_chunks::<BYTES>();
        if !rest.is_empty() {
            return Err(UnreadableTries);
        }
        tries.iter().map(unpack).collect::<Result<Vec<_>, _>>().map(Self)
    }
}

fn pack(tried: &Try) -> [u8; BYTES] {
    let minutes = u32::try_from(tried.at.as_millis().div_euclid(MINUTE)).unwrap_or(0);
    let mut bytes = [0; BYTES];
    bytes[..4].copy_from_slice(&tried.batch.epoch.0.to_be_bytes());
    bytes[4..7].copy_from_slice(&tried.batch.sequence.to_be_bytes()[1..]);
    bytes[7] = kind_code(tried.kind) << 4 | outcome_code(tried.outcome);
    bytes[8..].copy_from_slice(&minutes.to_be_bytes());
    bytes
}

fn unpack(bytes: &[u8; BYTES]) -> Result<Try, UnreadableTries> {
    let [e0, e1, e2, e3, s0, s1, s2, code, m0, m1, m2, m3] = *bytes;
    Ok(Try {
        batch: BatchId {
            epoch: Epoch(u32::from_be_bytes([e0, e1, e2, e3])),
            sequence: u32::from_be_bytes([0, s0, s1, s2]),
        },
        at: Timestamp::from_millis(i64::from(u32::from_be_bytes([m0, m1, m2, m3])) * MINUTE),
        kind: [TryKind::Interval, TryKind::Nightly, TryKind::Recent, TryKind::Forced]
            .into_iter()
            .find(|&kind| kind_code(kind) == code >> 4)
            .ok_or(UnreadableTries)?,
        outcome: [
            TryOutcome::Saved,
            TryOutcome::Gone,
            TryOutcome::Failed,
            TryOutcome::TimedOut,
            TryOutcome::Held,
            TryOutcome::Unknown,
        ]
        .into_iter()
        .find(|&outcome| outcome_code(outcome) == code & 0x0f)
        .ok_or(UnreadableTries)?,
    })
}

fn kind_code(kind: TryKind) -> u8 {
    match kind {
        TryKind::Interval => 0,
        TryKind::Nightly => 1,
        TryKind::Recent => 2,
        TryKind::Forced => 3,
    }
}

fn outcome_code(outcome: TryOutcome) -> u8 {
    match outcome {
        TryOutcome::Saved => 0,
        TryOutcome::Gone => 1,
        TryOutcome::Failed => 2,
        TryOutcome::TimedOut => 3,
        TryOutcome::Held => 4,
        TryOutcome::Unknown => 5,
    }
}
