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

/// An action that its caller named.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyedAction {
    /// Its name.
    pub key: ActionKey,
    /// What it is.
    pub fingerprint: Fingerprint,
    /// When it was asked for.
    pub at: Timestamp,
}

impl KeyedAction {
    /// How long a key stands for its action.
    pub const KEPT: Duration = Duration::from_hours(24);

    /// From when on the key may name another action.
    #[must_use]
    pub fn expires(&self) -> Timestamp {
        self.at + Self::KEPT
    }
}

/// Whose a key is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Claimed {
    /// The action's own, and no answer is known: it is new, or whoever claimed it for the same action has not answered, and
    /// may never do so.
    Own,
    /// The action's own, and it was answered.
    Answered(KeptAnswer),
    /// Another action's.
    Taken,
}

/// The keys of actions, each kept for [`KeyedAction::KEPT`].
pub trait ActionKeys: Send + Sync {
    /// Claims the action's key, before the action is carried out.
    ///
    /// # Errors
    /// When the store fails; the key may then be claimed or not.
    fn claim_key(&self, action: &KeyedAction) -> impl Future<Output = Result<Claimed, PortError>> + Send;

    /// Keeps the action's answer, if the key is still its own.
    ///
    /// # Errors
    /// When the store fails; it may then be kept or not.
    fn keep_answer(
        &self,
        action: &KeyedAction,
        answer: &KeptAnswer,
    ) -> impl Future<Output = Result<(), PortError>> + Send;

    /// Gives the key of an action back that was refused and changed nothing, if it is still its own and has no answer.
    ///
    /// # Errors
    /// When the store fails; it may then be given back or not.
    fn release_key(&self, action: &KeyedAction) -> impl Future<Output = Result<(), PortError>> + Send;
}
