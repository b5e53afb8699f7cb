//! The store's port for the keys by which callers name what they ask for, so that the same action twice is one.
//!
//! Must not know: which actions there are, what is answered.

use std::time::Duration;

use rules::ids::ActionKey;
use rules::time::Timestamp;

use super::PortError;

/// What an action is, cut down to a text of one length: two that differ in anything differ here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fingerprint(pub String);

/// An answer as whoever gave it wrote it down.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeptAnswer(pub String);

/// One of the times that an action is carried out, drawn by whoever carries it out: two who ask for the same are two attempts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Attempt(pub u64);

/// An action that its caller named.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyedAction {
    /// Its name.
    pub key: ActionKey,
    /// What it is.
    pub fingerprint: Fingerprint,
    /// Which attempt at it this is.
    pub attempt: Attempt,
    /// When it was asked for.
    pub at: Timestamp,
}

impl KeyedAction {
    /// How long a key stands for its action.
    pub const KEPT: Duration = Duration::from_hours(24);

    /// How long an attempt that has not ended keeps others from the action. An attempt that lives longer may be at work beside
    /// the next one: it is longer than any function that carries actions out, by more than two machines' clocks differ.
    pub const LEASE: Duration = Duration::from_mins(3);

    /// From when on the key may name another action.
    #[must_use]
    pub fn expires(&self) -> Timestamp {
        self.at + Self::KEPT
    }

    /// Until when the attempt keeps others from the action, if it does not end before.
    #[must_use]
    pub fn leased_until(&self) -> Timestamp {
        self.at + Self::LEASE
    }
}

/// Whose a key is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Claimed {
    /// The attempt's own, and no answer is known: it is new, or the attempt that had it has ended without one, or is given up.
    Own,
    /// Another attempt's at the same action, which may be at work.
    UnderWay {
        /// When it is given up, if it does not end before.
        until: Timestamp,
    },
    /// The action's own, and it was answered.
    Answered(KeptAnswer),
    /// Another action's.
    Taken,
}

/// The keys of actions, each kept for [`KeyedAction::KEPT`].
pub trait ActionKeys: Send + Sync {
    /// Claims the action's key for the attempt, before the action is carried out. The same attempt may claim it again.
    ///
    /// # Errors
    /// When the store fails; the key may then be claimed or not.
    fn claim_key(&self, action: &KeyedAction) -> impl Future<Output = Result<Claimed, PortError>> + Send;

    /// Keeps the action's answer, if the key is still the attempt's own.
    ///
    /// # Errors
    /// When the store fails; it may then be kept or not.
    fn keep_answer(
        &self,
        action: &KeyedAction,
        answer: &KeptAnswer,
    ) -> impl Future<Output = Result<(), PortError>> + Send;

    /// Ends the attempt without an answer, if the key is still its own: the key stays the action's, and whoever asks for the same
    /// again need not wait.
    ///
    /// # Errors
    /// When the store fails; it may then be ended or not.
    fn end_attempt(&self, action: &KeyedAction) -> impl Future<Output = Result<(), PortError>> + Send;

    /// Gives the key of an action back that was refused and changed nothing, if it is still the attempt's own and has no answer.
    ///
    /// # Errors
    /// When the store fails; it may then be given back or not.
    fn release_key(&self, action: &KeyedAction) -> impl Future<Output = Result<(), PortError>> + Send;
}
