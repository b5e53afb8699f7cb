//! The rules that stand, and the tries they have seen. It must not know how a record is stored or sent.

use std::collections::{HashMap, HashSet};

use crate::names::{ExternalId, Fields, Millis, ObjectName, RuleId};
use crate::org::errors::{ApiError, RowError};
use crate::org::rules::{Activity, Failure, Rule};

/// A record as a rule sees it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Candidate<'a> {
    pub(crate) object: &'a ObjectName,
    pub(crate) external_id: Option<&'a ExternalId>,
    pub(crate) fields: &'a Fields,
}

#[derive(Debug)]
struct Standing {
    id: RuleId,
    rule: Rule,
    mended_records: HashSet<ExternalId>,
    tries: HashMap<Option<ExternalId>, u32>,
}

impl Standing {
    fn meets(&self, candidate: &Candidate<'_>, now: Millis) -> bool {
        let in_time = match self.rule.activity {
            Activity::Until(instant) => now < instant,
            Activity::UntilMended | Activity::FirstTries(_) => true,
        };
        in_time
            && self.rule.object.as_ref().is_none_or(|object| object == candidate.object)
            && !candidate.external_id.is_some_and(|id| self.mended_records.contains(id))
            && self.rule.selector.meets(candidate)
    }

    /// Counts a try where tries count; whether the rule still applies.
    fn applies_to_this_try(&mut self, candidate: &Candidate<'_>) -> bool {
        let Activity::FirstTries(limit) = self.rule.activity else {
            return true;
        };
        let tries = self.tries.entry(candidate.external_id.cloned()).or_default();
        *tries = tries.saturating_add(1);
        *tries <= limit
    }
}

/// The rules that stand, in the order in which they were added: the first that meets a record decides.
#[derive(Debug, Default)]
pub(crate) struct Rules {
    last_id: u64,
    standing: Vec<Standing>,
}

impl Rules {
    pub(crate) fn add(&mut self, rule: Rule) -> RuleId {
        self.last_id += 1;
        let id = RuleId(self.last_id);
        self.standing.push(Standing { id, rule, mended_records: HashSet::new(), tries: HashMap::new() });
        id
    }

    /// Ends a rule; whether it stood.
    pub(crate) fn mend(&mut self, id: RuleId) -> bool {
        let before = self.standing.len();
        self.standing.retain(|standing| standing.id != id);
        self.standing.len() < before
    }

    /// Ends a rule for some records; whether it stood.
    pub(crate) fn mend_records(&mut self, id: RuleId, records: impl IntoIterator<Item = ExternalId>) -> bool {
        let Some(standing) = self.standing.iter_mut().find(|standing| standing.id == id) else {
            return false;
        };
        standing.mended_records.extend(records);
        true
    }

    pub(crate) fn list(&self) -> Vec<(RuleId, Rule)> {
        self.standing.iter().map(|standing| (standing.id, standing.rule.clone())).collect()
    }

    /// The error of a request that contains a poisonous record.
    pub(crate) fn poison(&mut self, candidate: &Candidate<'_>, now: Millis) -> Option<ApiError> {
        self.standing.iter_mut().find_map(|standing| {
            let Failure::Poison { code, message } = &standing.rule.failure else {
                return None;
            };
            let error = ApiError::bad_request(code.as_str(), message.clone());
            (standing.meets(candidate, now) && standing.applies_to_this_try(candidate)).then_some(error)
        })
    }

    /// The error of a record that a rule makes fail.
    pub(crate) fn failure(&mut self, candidate: &Candidate<'_>, now: Millis) -> Option<RowError> {
        self.standing.iter_mut().find_map(|standing| {
            if !standing.meets(candidate, now) {
                return None;
            }
            let error = RowError::of(&standing.rule.failure, candidate.fields)?;
            standing.applies_to_this_try(candidate).then_some(error)
        })
    }
}
