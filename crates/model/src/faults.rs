//! The faults: each can happen once in a history, where the bounds let it.
//!
//! Must not know: what a fault does.

use std::fmt;

/// One kind of fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Fault {
    /// A run dies between any two of its steps.
    Crash,
    /// A trigger is delivered a second time.
    Duplicate,
    /// The reply to a write, or the answer to a request, is lost.
    LostReply,
    /// An index lists what was, or does not list what is.
    StaleIndex,
    /// A run's clock is 5 seconds ahead or behind.
    Skew,
    /// Salesforce commits a request up to 10 minutes after its sender gave up.
    LateCommit,
    /// A run goes on after its invocation's end, as on a machine that slept.
    Stall,
}

impl Fault {
    /// Every kind.
    pub const ALL: [Self; 7] =
        [Self::Crash, Self::Duplicate, Self::LostReply, Self::StaleIndex, Self::Skew, Self::LateCommit, Self::Stall];

    const fn bit(self) -> u8 {
        match self {
            Self::Crash => 1,
            Self::Duplicate => 2,
            Self::LostReply => 4,
            Self::StaleIndex => 8,
            Self::Skew => 16,
            Self::LateCommit => 32,
            Self::Stall => 64,
        }
    }

    /// Its name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Crash => "crash",
            Self::Duplicate => "duplicate",
            Self::LostReply => "lost-reply",
            Self::StaleIndex => "stale-index",
            Self::Skew => "skew",
            Self::LateCommit => "late-commit",
            Self::Stall => "stall",
        }
    }
}

/// A set of faults.
#[derive(Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct Faults(u8);

impl Faults {
    /// None.
    pub const NONE: Self = Self(0);

    /// All.
    pub const ALL: Self = Self(127);

    /// These.
    #[must_use]
    pub fn of(faults: &[Fault]) -> Self {
        faults.iter().fold(Self::NONE, |set, fault| Self(set.0 | fault.bit()))
    }

    /// Whether it is among them.
    #[must_use]
    pub const fn has(self, fault: Fault) -> bool {
        self.0 & fault.bit() != 0
    }

    /// These without it.
    #[must_use]
    pub const fn without(self, fault: Fault) -> Self {
        Self(self.0 & !fault.bit())
    }
}

impl fmt::Debug for Faults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl fmt::Display for Faults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<_> = Fault::ALL.into_iter().filter(|fault| self.has(*fault)).map(Fault::as_str).collect();
        f.pad(&if names.is_empty() { "none".to_owned() } else { names.join("+") })
    }
}
