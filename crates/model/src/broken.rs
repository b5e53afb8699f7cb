//! The broken protocols: each is the sound one with exactly one of its rules switched off.
//!
//! Must not know: how a rule is carried out. The steps ask which one is off.

use rules::counts::ApiCalls;

use crate::bounds::Bounds;
use crate::faults::{Fault, Faults};
use crate::invariants::{
    BUDGET, CONSERVATION, COUNTED, COUNTED_ONCE, EXCLUSION, FENCING, FORCED_OPEN, NOT_PROCESSED, ORDER, OWED,
};

/// The rule that is switched off.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Break {
    /// Outcomes are written whatever the record has become.
    NoFence,
    /// Records are read with eventual consistency before they are sent.
    EventualRead,
    /// A call is reserved after it was made.
    ReserveAfterSending,
    /// The journal entry is written after the batch was sent.
    JournalAfterSending,
    /// The journal entry is closed before its outcomes are written.
    CloseEarly,
    /// Keys of open and unknown entries may be sent.
    NoQuarantine,
    /// Taking the lease does not raise the epoch.
    LeaseWithoutEpoch,
    /// The lease is released without looking at what is owed.
    BlindRelease,
    /// What was reserved in one bucket is used in the next.
    StaleReservation,
    /// A newer failure lifts the quarantine of its record.
    IngestLiftsQuarantine,
    /// A run that slept longer than its lease recovers what a later one has in flight.
    RecoverLaterRuns,
}

impl Break {
    /// Every broken protocol.
    pub const ALL: [Self; 11] = [
        Self::NoFence,
        Self::EventualRead,
        Self::ReserveAfterSending,
        Self::JournalAfterSending,
        Self::CloseEarly,
        Self::NoQuarantine,
        Self::LeaseWithoutEpoch,
        Self::BlindRelease,
        Self::StaleReservation,
        Self::IngestLiftsQuarantine,
        Self::RecoverLaterRuns,
    ];

    /// Its name on the command line.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::NoFence => "no-fence",
            Self::EventualRead => "eventual-read",
            Self::ReserveAfterSending => "reserve-after-sending",
            Self::JournalAfterSending => "journal-after-sending",
            Self::CloseEarly => "close-early",
            Self::NoQuarantine => "no-quarantine",
            Self::LeaseWithoutEpoch => "lease-without-epoch",
            Self::BlindRelease => "blind-release",
            Self::StaleReservation => "stale-reservation",
            Self::IngestLiftsQuarantine => "ingest-lifts-quarantine",
            Self::RecoverLaterRuns => "recover-later-runs",
        }
    }

    /// The invariants that it breaks, each with bounds that hold what it takes and little more.
    #[must_use]
    pub fn breaks(self) -> Vec<(&'static str, Bounds)> {
        let with = |faults: &[Fault]| Bounds::two_ticks(Faults::of(faults)).without(self);
        let late = || with(&[Fault::LateCommit]);
        match self {
            Self::NoFence => {
                vec![(CONSERVATION, Bounds { fails: true, ..with(&[]) }), (FENCING, with(&[Fault::Stall]))]
            }
            Self::EventualRead => vec![(ORDER, Bounds { succeeds: true, ..with(&[Fault::StaleIndex]) })],
            Self::ReserveAfterSending => {
                vec![(BUDGET, Bounds { apart: true, cap: ApiCalls(1), block: ApiCalls(1), ..with(&[]) })]
            }
            Self::JournalAfterSending => {
                vec![(COUNTED, with(&[Fault::Crash])), (EXCLUSION, with(&[Fault::Crash, Fault::LateCommit]))]
            }
            Self::CloseEarly => vec![(COUNTED, with(&[Fault::Crash])), (EXCLUSION, late())],
            Self::NoQuarantine => vec![(EXCLUSION, late())],
            Self::LeaseWithoutEpoch => vec![(COUNTED_ONCE, with(&[Fault::Crash])), (FENCING, with(&[Fault::Stall]))],
            Self::BlindRelease => vec![(OWED, with(&[])), (FORCED_OPEN, Bounds { asks: true, ..with(&[]) })],
            Self::StaleReservation => vec![(BUDGET, Bounds { asks: false, ..Bounds::day(Faults::NONE).without(self) })],
            Self::IngestLiftsQuarantine => vec![(EXCLUSION, Bounds { fails: true, ..late() })],
            Self::RecoverLaterRuns => vec![(NOT_PROCESSED, with(&[Fault::Stall]))],
        }
    }
}
