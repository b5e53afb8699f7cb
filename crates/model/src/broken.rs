//! The broken protocols: each is the sound one with exactly one of its rules switched off.
//!
//! Must not know: how a rule is carried out. The steps ask which one is off.

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
}

impl Break {
    /// Every broken protocol.
    pub const ALL: [Self; 10] = [
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
        }
    }
}
