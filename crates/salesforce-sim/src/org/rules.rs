//! Failure rules as they are stated: which records fail, how, and for how long.
//! It must not know which rules stand, nor how a record is stored or sent.

use std::collections::HashSet;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::names::{ExternalId, FieldName, Millis, ObjectName, RuleName, SalesforceId, StatusCode};
use crate::org::standing::Candidate;

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

    pub(crate) fn meets(&self, candidate: &Candidate<'_>) -> bool {
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

    /// A validation rule that refuses the records with these external ids, of any object, until it is mended.
    pub fn refusing<I: Into<ExternalId>>(ids: impl IntoIterator<Item = I>) -> Self {
        Self {
            name: "refused".into(),
            object: None,
            selector: Selector::external_ids(ids),
            failure: Failure::Validation { message: "not like this".to_owned(), fields: Vec::new() },
            activity: Activity::UntilMended,
        }
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
