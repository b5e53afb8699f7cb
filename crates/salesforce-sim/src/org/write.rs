//! Writes of one record: a plan, once schema, parents and rules agree, and its carrying out.
//! It must not know HTTP, sessions or limits.

use std::sync::Arc;

use serde_json::{Value, json};

use crate::log::{Outcome, RecordLog};
use crate::names::{ExternalId, FieldName, Fields, Millis, ObjectName, SalesforceId};
use crate::org::answer::Answer;
use crate::org::data::{Data, Performed};
use crate::org::errors::{ApiError, RowError};
use crate::org::operation::{Operation, Sent, Write};
use crate::org::standing::Candidate;
use crate::org::table::RowIndex;
use crate::org::versions::ApiVersion;

/// What will be done with a row.
pub(crate) enum Plan {
    Create(Arc<Fields>),
    Update(RowIndex, Arc<Fields>),
}

/// What was done with a row.
pub(crate) struct Written {
    pub(crate) id: SalesforceId,
    pub(crate) created: bool,
}

impl Data {
    /// Carries out an upsert of one record.
    ///
    /// # Errors
    /// 404 for an unknown object or key field; 400 for a record that is refused.
    pub(crate) fn upsert_one(
        &mut self,
        write: &Write,
        field: &FieldName,
        version: ApiVersion,
        now: Millis,
    ) -> Result<Performed, ApiError> {
        let Write { object, sent } = write;
        self.check_key(object, field)?;
        self.check_poison(object, sent, now)?;
        let Some(external_id) = &sent.external_id else {
            return Err(RowError::external_id_missing(field).into());
        };
        let places = self.places(object, field, external_id);
        if places.len() > 1 {
            let answer = self.several(object, &places, version);
            let outcome = Outcome::Refused { code: "DUPLICATE_EXTERNAL_ID".into() };
            return Ok(Performed { answer, records: vec![sent.logged(object, Some(field), outcome)] });
        }
        let plan = self.plan_upsert(object, field, external_id, sent, now);
        Ok(self.finish_one(write, Some(field), plan, now, |written| {
            let status = if written.created { 201 } else { 200 };
            let Written { id, created } = written;
            Answer::json(status, &json!({"id": id, "success": true, "errors": [], "created": created}))
        }))
    }

    /// Creates a record without an external id.
    ///
    /// # Errors
    /// 404 for an unknown object; 400 for a record that is refused.
    pub(crate) fn create(&mut self, write: &Write, now: Millis) -> Result<Performed, ApiError> {
        self.check_object(&write.object)?;
        self.check_poison(&write.object, &write.sent, now)?;
        let plan = self.plan_fields(&write.object, &write.sent, now).map(Plan::Create);
        Ok(self.finish_one(write, None, plan, now, |Written { id, .. }| {
            Answer::json(201, &json!({"id": id, "success": true, "errors": []}))
        }))
    }

    /// Updates a record by its Salesforce id.
    ///
    /// # Errors
    /// 404 for an unknown object or record; 400 for a record that is refused.
    pub(crate) fn update(&mut self, write: &Write, id: &SalesforceId, now: Millis) -> Result<Performed, ApiError> {
        self.check_object(&write.object)?;
        let place = self.tables.table(&write.object).by_id(id).ok_or_else(ApiError::not_found)?;
        self.check_poison(&write.object, &write.sent, now)?;
        let plan = self.plan_fields(&write.object, &write.sent, now).map(|fields| Plan::Update(place, fields));
        Ok(self.finish_one(write, None, plan, now, |_| Answer::no_content()))
    }

    /// Deletes a record by its Salesforce id.
    ///
    /// # Errors
    /// 404 for an unknown object or record.
    pub(crate) fn delete(&mut self, object: &ObjectName, id: &SalesforceId) -> Result<Performed, ApiError> {
        self.check_object(object)?;
        let table = self.tables.table(object);
        let place = table.by_id(id).ok_or_else(ApiError::not_found)?;
        if table.delete(place) { Ok(Performed::answer(Answer::no_content())) } else { Err(ApiError::not_found()) }
    }

    fn finish_one(
        &mut self,
        write: &Write,
        field: Option<&FieldName>,
        plan: Result<Plan, RowError>,
        now: Millis,
        shape: impl FnOnce(&Written) -> Answer,
    ) -> Performed {
        let (answer, outcome) = match plan.and_then(|plan| self.apply(&write.object, plan, now)) {
            Ok(written) => {
                let answer = shape(&written);
                (answer, Outcome::Committed { id: written.id, created: written.created, at: now })
            }
            Err(error) => {
                let outcome = Outcome::Refused { code: error.code.clone() };
                (Answer::error(&error.into()), outcome)
            }
        };
        Performed { answer, records: vec![write.sent.logged(&write.object, field, outcome)] }
    }

    pub(crate) fn plan_upsert(
        &mut self,
        object: &ObjectName,
        field: &FieldName,
        external_id: &ExternalId,
        sent: &Sent,
        now: Millis,
    ) -> Result<Plan, RowError> {
        let fields = self.plan_fields(object, sent, now)?;
        match self.places(object, field, external_id).as_slice() {
            [] => Ok(Plan::Create(fields)),
            [place] => Ok(Plan::Update(*place, fields)),
            several => Err(RowError::several_matches(field, &self.ids(object, several))),
        }
    }

    /// The fields to store, once the schema, the parents and the rules agree.
    fn plan_fields(&mut self, object: &ObjectName, sent: &Sent, now: Millis) -> Result<Arc<Fields>, RowError> {
        let fields = self.resolve_parents(object, &sent.fields)?;
        match self.rules.failure(&candidate(object, sent), now) {
            Some(error) => Err(error),
            None => Ok(fields),
        }
    }

    pub(crate) fn check_poison(&mut self, object: &ObjectName, sent: &Sent, now: Millis) -> Result<(), ApiError> {
        self.rules.poison(&candidate(object, sent), now).map_or(Ok(()), Err)
    }

    pub(crate) fn apply(&mut self, object: &ObjectName, plan: Plan, now: Millis) -> Result<Written, RowError> {
        let table = self.tables.table(object);
        match plan {
            Plan::Create(fields) => Ok(Written { id: table.insert(fields, now), created: true }),
            Plan::Update(place, fields) => {
                let id = table.update(place, &fields, now).ok_or_else(RowError::deleted)?;
                Ok(Written { id, created: false })
            }
        }
    }

    /// A write by somebody else: it is not judged. `key` finds the record to change; without one, a record is added.
    pub(crate) fn put(
        &mut self,
        object: &ObjectName,
        key: Option<(&FieldName, &ExternalId)>,
        fields: Fields,
        now: Millis,
    ) -> (SalesforceId, RecordLog) {
        let mut sent = Sent { external_id: None, fields: Arc::new(fields) };
        let mut place = None;
        if let Some((field, external_id)) = key {
            Arc::make_mut(&mut sent.fields).insert(field.to_string(), Value::from(external_id.as_str()));
            sent.external_id = Some(external_id.clone());
            place = self.places(object, field, external_id).first().copied();
        }
        let table = self.tables.table(object);
        let updated = place.and_then(|place| table.update(place, &sent.fields, now));
        let created = updated.is_none();
        let id = updated.unwrap_or_else(|| table.insert(Arc::clone(&sent.fields), now));
        let outcome = Outcome::Committed { id: id.clone(), created, at: now };
        (id, sent.logged(object, key.map(|(field, _)| field), outcome))
    }
}

fn candidate<'a>(object: &'a ObjectName, sent: &'a Sent) -> Candidate<'a> {
    Candidate { object, external_id: sent.external_id.as_ref(), fields: &sent.fields }
}

/// What a request comes to that is refused as a whole.
pub(crate) fn refused(operation: &Operation, error: &ApiError) -> Performed {
    Performed { answer: Answer::error(error), records: operation.records(&Outcome::NotProcessed) }
}
