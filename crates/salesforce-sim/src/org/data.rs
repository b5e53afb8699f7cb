//! The org's objects, records and failure rules together. It must not know sessions, limits or faults.

use crate::log::RecordLog;
use crate::names::{ExternalId, FieldName, ObjectName, SalesforceId};
use crate::org::answer::Answer;
use crate::org::errors::ApiError;
use crate::org::operation::Key;
use crate::org::schema::Schema;
use crate::org::standing::Rules;
use crate::org::table::{RowIndex, Tables};

/// The org's objects, records and failure rules.
#[derive(Debug)]
pub(crate) struct Data {
    pub(crate) schema: Schema,
    pub(crate) tables: Tables,
    pub(crate) rules: Rules,
}

/// What processing a request came to.
pub(crate) struct Performed {
    pub(crate) answer: Answer,
    pub(crate) records: Vec<RecordLog>,
}

impl Performed {
    /// An answer to a request that asks to write nothing.
    pub(crate) fn answer(answer: Answer) -> Self {
        Self { answer, records: Vec::new() }
    }
}

impl Data {
    pub(crate) fn new(schema: Schema) -> Self {
        Self { schema, tables: Tables::default(), rules: Rules::default() }
    }

    /// 404 for an object that does not exist.
    pub(crate) fn check_object(&self, object: &ObjectName) -> Result<(), ApiError> {
        if self.schema.has_object(object) { Ok(()) } else { Err(ApiError::not_found()) }
    }

    /// 404 for an object that does not exist, or a field that is no external id.
    pub(crate) fn check_key(&self, object: &ObjectName, field: &FieldName) -> Result<(), ApiError> {
        self.check_object(object)?;
        if self.schema.is_external_id(object, field) { Ok(()) } else { Err(ApiError::no_external_id_field(field)) }
    }

    /// The places of the records with this external id.
    pub(crate) fn places(&mut self, object: &ObjectName, field: &FieldName, value: &ExternalId) -> Vec<RowIndex> {
        self.tables.table(object).by_key(field, value).to_vec()
    }

    /// The places of the records that a key names.
    pub(crate) fn places_of(&mut self, object: &ObjectName, key: &Key) -> Vec<RowIndex> {
        match key {
            Key::Id(id) => self.tables.table(object).by_id(id).into_iter().collect(),
            Key::External(field, value) => self.places(object, field, value),
        }
    }

    /// The ids of the records at these places.
    pub(crate) fn ids(&mut self, object: &ObjectName, places: &[RowIndex]) -> Vec<SalesforceId> {
        let table = self.tables.table(object);
        places.iter().filter_map(|place| table.row(*place)).map(|row| row.id.clone()).collect()
    }
}
