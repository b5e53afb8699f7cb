//! Failure rules: which records fail, how, and for how long. It must not know how a record is stored or sent.

use std::collections::{HashMap, HashSet};

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::names::{ExternalId, FieldName, Fields, Millis, ObjectName, RuleId, RuleName, SalesforceId, StatusCode};
use crate::org::errors::{ApiError, RowError};

/// Which records of an object a rule meets.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Selector {
    /// All of them.
    Every,
    /// Those with one of these external ids.
    ExternalIds(HashSet<ExternalId>),
    /// Those whose payload has this value in this field.
    FieldEquals {
        /// The field.
        field: FieldName,
        /// Its value.
        value: Value,
    },
    /// Those whose payload has the field, other than null.
    FieldPresent(FieldName),
    /// Those whose payload lacks the field, or has null in it.
    FieldMissing(FieldName),
}

impl Selector {
    /// Selects by external id.
    pub fn external_ids<I: Into<ExternalId>>(ids: impl IntoIterator<Item = I>) -> Self {
        Self::ExternalIds(ids.into_iter().map(Into::into).collect())
    }

    fn meets(&self, candidate: &Candidate<'_>) -> bool {
        let field_value = |field: &FieldName| candidate.fields.get(field.as_str()).filter(|value| !value.is_null());
        match self {
            Self::Every => true,
            Self::ExternalIds(ids) => candidate.external_id.is_some_and(|id| ids.contains(id)),
            Self::FieldEquals { field, value } => candidate.fields.get(field.as_str()) == Some(value),
            Self::FieldPresent(field) => field_value(field).is_some(),
            Self::FieldMissing(field) => field_value(field).is_none(),
        }
    }
}

/// How long a rule is active.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Activity {
    /// Until it is mended.
    UntilMended,
    /// Until an instant on the simulator's clock, or until it is mended.
    Until(Millis),
    /// For the first tries of each record (one that has no external id shares a count with the others that have none).
    FirstTries(u32),
}

/// How a record fails.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Failure {
    /// `REQUIRED_FIELD_MISSING`.
    RequiredFieldMissing(Vec<FieldName>),
    /// `INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST`.
    BadPicklist(FieldName),
    /// `DUPLICATES_DETECTED`: a duplicate rule of the org.
    DuplicatesDetected,
    /// `DUPLICATE_VALUE`: another record has the unique field's value.
    DuplicateValue {
        /// The unique field.
        field: FieldName,
        /// The record that has its value, named in the message.
        other: SalesforceId,
    },
    /// `UNABLE_TO_LOCK_ROW`.
    RowLock,
    /// `INVALID_FIELD`: a foreign key's external id was not found.
    ParentMissing {
        /// The parent's object.
        parent: ObjectName,
        /// The parent's external-id field.
        field: FieldName,
        /// The id that was not found.
        external_id: ExternalId,
    },
    /// `CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY`, with a message that names the trigger.
    Trigger {
        /// The trigger's name.
        trigger: String,
        /// What it threw.
        cause: String,
    },
    /// `FIELD_CUSTOM_VALIDATION_EXCEPTION`.
    Validation {
        /// The validation rule's message.
        message: String,
        /// The fields it is shown at.
        fields: Vec<FieldName>,
    },
    /// `STORAGE_LIMIT_EXCEEDED`.
    StorageFull,
    /// `ENTITY_IS_DELETED`.
    EntityDeleted,
    /// Any other code.
    Other {
        /// The code.
        code: StatusCode,
        /// The message.
        message: String,
        /// The fields named.
        fields: Vec<FieldName>,
    },
    /// A request that contains the record is refused as a whole with 400 and this error.
    Poison {
        /// The code.
        code: StatusCode,
        /// The message.
        message: String,
    },
}

/// A failure rule.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Rule {
    /// Its name, for people.
    pub name: RuleName,
    /// The object it is about; `None` for any.
    pub object: Option<ObjectName>,
    /// The records it meets.
    pub selector: Selector,
    /// How they fail.
    pub failure: Failure,
    /// For how long.
    pub activity: Activity,
}

impl Rule {
    /// A rule about one object that stays until it is mended.
    pub fn new(name: impl Into<RuleName>, object: impl Into<ObjectName>, selector: Selector, failure: Failure) -> Self {
        let activity = Activity::UntilMended;
        Self { name: name.into(), object: Some(object.into()), selector, failure, activity }
    }

    /// The rule, active only until `instant`.
    #[must_use]
    pub fn until(self, instant: Millis) -> Self {
        Self { activity: Activity::Until(instant), ..self }
    }

    /// The rule, active only for the first `tries` of each record.
    #[must_use]
    pub fn for_first_tries(self, tries: u32) -> Self {
        Self { activity: Activity::FirstTries(tries), ..self }
    }
}

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
