//! The keys of actions.
//!
//! Must not know: which actions there are.

use super::{MemoryStore, Operation};
use crate::ports::{ActionKeys, Claimed, KeptAnswer, KeyedAction, PortError};

/// A claimed key.
pub(super) struct Claim {
    action: KeyedAction,
    answer: Option<KeptAnswer>,
}

impl Claim {
    fn is_of(&self, action: &KeyedAction) -> bool {
        self.action.fingerprint == action.fingerprint
    }
}

impl ActionKeys for MemoryStore {
    async fn claim_key(&self, action: &KeyedAction) -> Result<Claimed, PortError> {
        self.carry_out(Operation::ClaimKey, |state| match state.actions.get(&action.key) {
            Some(claim) if claim.action.expires() > action.at => match &claim.answer {
                _ if !claim.is_of(action) => Claimed::Taken,
                Some(answer) => Claimed::Answered(answer.clone()),
                None => Claimed::Own,
            },
            Some(_) | None => {
                state.actions.insert(action.key.clone(), Claim { action: action.clone(), answer: None });
                Claimed::Own
            }
        })
    }

    async fn keep_answer(&self, action: &KeyedAction, answer: &KeptAnswer) -> Result<(), PortError> {
        self.carry_out(Operation::KeepAnswer, |state| {
            if let Some(claim) = state.actions.get_mut(&action.key).filter(|claim| claim.is_of(action)) {
                claim.answer = Some(answer.clone());
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
