//! Faults on demand: what goes wrong with a call as a whole, and with which calls.
//! It must not know HTTP's machinery: it says what should be seen, not how.

use serde::{Deserialize, Serialize};

use crate::names::Millis;

/// Which calls a fault is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Calls {
    /// Logins.
    Token,
    /// Everything else.
    Data,
    /// Both.
    All,
}

/// Whether the work of a call that gets no proper answer is done.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Commit {
    /// It is not.
    #[default]
    Never,
    /// It is, before the answer is lost.
    First,
    /// It will be, this many milliseconds later on the simulator's clock.
    Late(u64),
}

/// An answer that is not the call's own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Canned {
    /// 401 `INVALID_SESSION_ID`.
    ExpiredSession,
    /// 403 `REQUEST_LIMIT_EXCEEDED`: the org's calls of 24 hours are spent.
    TotalLimit,
    /// 403 `REQUEST_LIMIT_EXCEEDED`: too many long calls at once.
    ConcurrentLimit,
    /// 403 `API_DISABLED_FOR_ORG`.
    ApiDisabled,
    /// 503 `SERVER_UNAVAILABLE`, as JSON.
    ServerUnavailable,
    /// 400 `invalid_grant`, as a login is refused.
    LoginRefused,
    /// This status with a page of HTML.
    Html(u16),
    /// This status with nothing.
    Empty(u16),
    /// This status with an object where an array belongs.
    ErrorObject(u16),
    /// 200 with a body that is not JSON.
    Garbage,
}

/// What goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Effect {
    /// The call waits this many real milliseconds before it is processed, even if the client gives up.
    Latency(u64),
    /// The answer is another.
    Answer(Canned, Commit),
    /// No answer comes until the client gives up, or [`Settings::hang`](crate::Settings::hang) is over.
    TimeOut(Commit),
    /// The connection is reset.
    Reset(Commit),
}

impl Effect {
    /// Whether the call gets as far as the org, where it is counted. Refusals at the door are not.
    pub(crate) fn reaches_the_org(self) -> bool {
        match self {
            Self::Answer(canned, Commit::Never) => match canned {
                Canned::ExpiredSession
                | Canned::TotalLimit
                | Canned::ConcurrentLimit
                | Canned::ApiDisabled
                | Canned::ServerUnavailable
                | Canned::Html(503)
                | Canned::Empty(503) => false,
                Canned::LoginRefused
                | Canned::Html(_)
                | Canned::Empty(_)
                | Canned::ErrorObject(_)
                | Canned::Garbage => true,
            },
            Self::Latency(_) | Self::Answer(..) | Self::TimeOut(_) | Self::Reset(_) => true,
        }
    }
}

/// When a fault strikes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Window {
    /// At each of the next calls it is for.
    Next(u32),
    /// At every call that arrives at `from` or later and before `until`.
    Between {
        /// The first instant.
        from: Millis,
        /// The instant after the last.
        until: Millis,
    },
}

/// A fault: an effect, the calls it is for, and when.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fault {
    /// What goes wrong.
    pub effect: Effect,
    /// For which calls.
    pub calls: Calls,
    /// When.
    pub window: Window,
}

impl Fault {
    /// The effect, at the next data call.
    #[must_use]
    pub const fn new(effect: Effect) -> Self {
        Self { effect, calls: Calls::Data, window: Window::Next(1) }
    }

    /// Another answer, and nothing committed, at the next data call.
    #[must_use]
    pub const fn answer(canned: Canned) -> Self {
        Self::new(Effect::Answer(canned, Commit::Never))
    }

    /// No answer to the next data call.
    #[must_use]
    pub const fn time_out(commit: Commit) -> Self {
        Self::new(Effect::TimeOut(commit))
    }

    /// A reset connection at the next data call.
    #[must_use]
    pub const fn reset(commit: Commit) -> Self {
        Self::new(Effect::Reset(commit))
    }

    /// A wait, in real milliseconds, before the next data call is processed.
    #[must_use]
    pub const fn latency(millis: u64) -> Self {
        Self::new(Effect::Latency(millis))
    }

    /// A refused login at the next token call.
    #[must_use]
    pub const fn login_refused() -> Self {
        Self::answer(Canned::LoginRefused).on(Calls::Token)
    }

    /// The fault, for these calls.
    #[must_use]
    pub const fn on(self, calls: Calls) -> Self {
        Self { calls, ..self }
    }

    /// The fault, at each of the next `calls`.
    #[must_use]
    pub const fn times(self, calls: u32) -> Self {
        Self { window: Window::Next(calls), ..self }
    }

    /// The fault, at every call between two instants of the simulator's clock.
    #[must_use]
    pub const fn between(self, from: Millis, until: Millis) -> Self {
        Self { window: Window::Between { from, until }, ..self }
    }

    fn is_for(&self, token: bool, now: Millis) -> bool {
        let right_calls = match self.calls {
            Calls::Token => token,
            Calls::Data => !token,
            Calls::All => true,
        };
        right_calls
            && match self.window {
                Window::Next(left) => left > 0,
                Window::Between { from, until } => from <= now && now < until,
            }
    }

    fn strike(&mut self) {
        if let Window::Next(left) = &mut self.window {
            *left -= 1;
        }
    }
}

/// What strikes one call.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Strike {
    /// Real milliseconds to wait before processing; 0 for none.
    pub(crate) latency: u64,
    /// The effect besides latency.
    pub(crate) effect: Option<Effect>,
}

impl Strike {
    /// The effect to log: the one besides latency, else the latency.
    pub(crate) fn logged(self) -> Option<Effect> {
        self.effect.or_else(|| (self.latency > 0).then_some(Effect::Latency(self.latency)))
    }
}

/// The faults that wait, in the order in which they were queued.
#[derive(Debug, Default)]
pub(crate) struct Faults(Vec<Fault>);

impl Faults {
    pub(crate) fn queue(&mut self, fault: Fault) {
        self.0.push(fault);
    }

    pub(crate) fn clear(&mut self) {
        self.0.clear();
    }

    pub(crate) fn list(&self) -> Vec<Fault> {
        self.0.clone()
    }

    /// What strikes a call that arrives now: the first latency and the first other effect that are for it.
    pub(crate) fn strike(&mut self, token: bool, now: Millis) -> Strike {
        let mut strike = Strike::default();
        for fault in self.0.iter_mut().filter(|fault| fault.is_for(token, now)) {
            match fault.effect {
                Effect::Latency(millis) if strike.latency == 0 => {
                    strike.latency = millis;
                    fault.strike();
                }
                Effect::Answer(..) | Effect::TimeOut(_) | Effect::Reset(_) if strike.effect.is_none() => {
                    strike.effect = Some(fault.effect);
                    fault.strike();
                }
                Effect::Latency(_) | Effect::Answer(..) | Effect::TimeOut(_) | Effect::Reset(_) => {}
            }
        }
        self.0.retain(|fault| !is_spent(fault, now));
        strike
    }
}

fn is_spent(fault: &Fault, now: Millis) -> bool {
    match fault.window {
        Window::Next(left) => left == 0,
        Window::Between { until, .. } => until <= now,
    }
}
