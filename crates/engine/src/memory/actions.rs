//! The keys of actions.
//!
//! Must not know: which actions there are.

use rules::time::Timestamp;

use super::{MemoryStore, Operation};
use crate::ports::{ActionKeys, Claimed, KeptAnswer, KeyedAction, PortError};

/// A claimed key.
pub(super) struct Claim {
    action: KeyedAction,
    /// Until when its attempt keeps others away; none once it has ended.
    leased_until: Option<Timestamp>,
    answer: Option<KeptAnswer>,
}

impl Claim {
    fn of(action: &KeyedAction) -> Self {
        Self { action: action.clone(), leased_until: Some(action.leased_until()), answer: None }
    }

    /// Whether it is this very attempt's.
    fn is_of(&self, action: &KeyedAction) -> bool {
        self.action.fingerprint == action.fingerprint && self.action.attempt == action.attempt
    }

    /// Whose it is for one who would claim it.
    fn for_one_who_wants(&self, action: &KeyedAction) -> Claimed {
        if self.action.fingerprint != action.fingerprint {
            return Claimed::Taken;
        }
        match (&self.answer, self.leased_until) {
            (Some(answer), _) => Claimed::Answered(answer.clone()),
            (None, Some(until)) if until > action.at && !self.is_of(action) => Claimed::UnderWay { until },
            (None, _) => Claimed::Own,
        }
    }
}

impl ActionKeys for MemoryStore {
    async fn claim_key(&self, action: &KeyedAction) -> Result<Claimed, PortError> {
        self.carry_out(Operation::ClaimKey, |state| {
            let claim = state.actions.get(&action.key).filter(|claim| claim.action.expires() > action.at);
            let claimed = claim.map_or(Claimed::Own, |claim| claim.for_one_who_wants(action));
            if claimed == Claimed::Own {
                state.actions.insert(action.key.clone(), Claim::of(action));
            }
            claimed
        })
    }

    async fn keep_answer(&self, action: &KeyedAction, answer: &KeptAnswer) -> Result<(), PortError> {
        self.carry_out(Operation::KeepAnswer, |state| {
            if let Some(claim) = state.actions.get_mut(&action.key).filter(|claim| claim.is_of(action)) {
                claim.answer = Some(answer.clone());
            }
        })
    }

    async fn end_attempt(&self, action: &KeyedAction) -> Result<(), PortError> {
        self.carry_out(Operation::EndAttempt, |state| {
            if let Some(claim) = state.actions.get_mut(&action.key).filter(|claim| claim.is_of(action)) {
                claim.leased_until = None;
            }
        })
    }

    async fn release_key(&self, action: &KeyedAction) -> Result<(), PortError> {
        self.carry_out(Operation::ReleaseKey, |state| {
            let is_free = |claim: &Claim| claim.is_of(action) && claim.answer.is_none();
            if state.actions.get(&action.key).is_some_and(is_free) {
                state.actions.remove(&action.key);
            }
        })
    }
}
