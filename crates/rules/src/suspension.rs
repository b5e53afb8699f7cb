//! Suspension: a whole connection stands still because of a cause that no record can be blamed for.
//!
//! Must not know: a person's pause, which is no suspension; how a probe is sent.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use crate::schedule::{TICK, next_tick_after};
use crate::time::Timestamp;

/// Why a connection is suspended.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(tag = "cause", rename_all = "snake_case")]
pub enum Cause {
    /// Salesforce refused the login. Asking again with the same credentials cannot help and may lock the user.
    LoginRefused {
        /// The version of the secret that was refused.
        secret: String,
    },
    /// The credentials cannot be read, so that no login can be sent. Looking again costs Salesforce nothing.
    SecretUnreadable {
        /// The name of the secret.
        name: String,
        /// Why; never what it holds.
        problem: String,
    },
    /// A fresh token was refused.
    SessionRefused,
    /// The API user may not do this: API access off, org locked.
    AccessRefused,
    /// The org's own API limit is reached.
    OrgLimit,
    /// The org's storage is full.
    Storage,
    /// Salesforce says that it is unavailable.
    Down,
    /// No connection, or no answer that could be understood, several times in a row.
    Unreachable,
}

impl Cause {
    /// The cause in words, for a person.
    #[must_use]
    pub fn words(&self) -> Cow<'static, str> {
        let words = match self {
            Self::SecretUnreadable { name, problem } => {
                return Cow::Owned(format!(
                    "the secret {name} cannot be read ({problem}): check its name, what it holds, and that whoever runs the \
                     retries may read it"
                ));
            }
            Self::LoginRefused { .. } => "Salesforce refused the login: check the integration user and its credentials",
            Self::SessionRefused => {
                "Salesforce refused a fresh token: check the connected app and the user's session policies"
            }
            Self::AccessRefused => "Salesforce refuses this user API access: check its permissions and the org's state",
            Self::OrgLimit => "the org's own API limit is reached",
            Self::Storage => "the org's storage is full",
            Self::Down => "Salesforce is unavailable",
            Self::Unreachable => "Salesforce could not be reached, or its answers could not be understood",
        };
        Cow::Borrowed(words)
    }

    /// What ends the suspension when no time does; nothing when a probe will.
    #[must_use]
    pub fn goes_on(&self) -> Option<&'static str> {
        match self {
            Self::LoginRefused { .. } => Some("when the secret changes or a person clears it"),
            Self::SecretUnreadable { .. } => Some("when the secret can be read, at which every tick looks"),
            Self::SessionRefused
            | Self::AccessRefused
            | Self::OrgLimit
            | Self::Storage
            | Self::Down
            | Self::Unreachable => None,
        }
    }

    /// Whether only what the secret holds tells if a probe may be sent.
    #[must_use]
    pub fn is_of_the_secret(&self) -> bool {
        self.goes_on().is_some()
    }
}

/// How a run may find out that the cause is gone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Probe {
    /// One harmless request.
    Call,
    /// One real record: only a write shows that storage is free.
    Record,
}

/// A connection's suspension.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Suspension {
    /// Why.
    #[serde(flatten)]
    pub cause: Cause,
    /// Since when.
    pub since: Timestamp,
    /// How many probes have failed.
    pub failed_probes: u32,
    /// When the next probe may be sent; none when only a person or a new secret can help.
    pub next_probe: Option<Timestamp>,
}

impl Suspension {
    /// A suspension that begins `now`.
    #[must_use]
    pub fn begin(cause: Cause, now: Timestamp) -> Self {
        let next_probe = probe_after(&cause, 0, now);
        Self { cause, since: now, failed_probes: 0, next_probe }
    }

    /// The suspension after a probe that failed at `now`, perhaps with another cause.
    #[must_use]
    pub fn probe_failed(self, cause: Cause, now: Timestamp) -> Self {
        let failed_probes = self.failed_probes.saturating_add(1);
        let next_probe = probe_after(&cause, failed_probes, now);
        Self { cause, failed_probes, next_probe, ..self }
    }

    /// Whether a probe may be sent at `now`, with the secret in this version, which could be read.
    #[must_use]
    pub fn probe_due(&self, now: Timestamp, secret: &str) -> Option<Probe> {
        match &self.cause {
            Cause::LoginRefused { secret: refused } => (refused != secret).then_some(Probe::Call),
            Cause::SecretUnreadable { .. } => Some(Probe::Call),
            Cause::Storage => self.time_reached(now).then_some(Probe::Record),
            Cause::SessionRefused | Cause::AccessRefused | Cause::OrgLimit | Cause::Down | Cause::Unreachable => {
                self.time_reached(now).then_some(Probe::Call)
            }
        }
    }

    /// Whether a run is worth starting to look: a probe's time has come, or only the secret can tell.
    #[must_use]
    pub fn worth_a_look(&self, now: Timestamp) -> bool {
        self.cause.is_of_the_secret() || self.time_reached(now)
    }

    fn time_reached(&self, now: Timestamp) -> bool {
        self.next_probe.is_some_and(|due| due <= now)
    }
}

/// Probes come after 1, then 2, then every 4 ticks.
fn probe_after(cause: &Cause, failed: u32, now: Timestamp) -> Option<Timestamp> {
    let ticks_more = match failed {
        0 => 0,
        1 => 1,
        _ => 3,
    };
    match cause {
        Cause::LoginRefused { .. } | Cause::SecretUnreadable { .. } => None,
        Cause::SessionRefused
        | Cause::AccessRefused
        | Cause::OrgLimit
        | Cause::Storage
        | Cause::Down
        | Cause::Unreachable => Some(next_tick_after(now, TICK) + TICK * ticks_more),
    }
}
