//! Reads: one record, or a query. It must not change a record.

use serde_json::{Map, Value, json};

use crate::names::{ExternalId, FieldName, ObjectName, SalesforceId, external_id_of};
use crate::org::answer::Answer;
use crate::org::data::{Data, Performed};
use crate::org::errors::ApiError;
use crate::org::operation::{Get, Key};
use crate::org::soql::{self, Condition, Query, Selection};
use crate::org::table::{Row, RowIndex, value_of};
use crate::org::versions::ApiVersion;

impl Data {
    /// Reads one record.
    ///
    /// # Errors
    /// 404 when it, its object or its key field does not exist; 400 for an unknown field.
    pub(crate) fn get(&mut self, get: &Get) -> Result<Performed, ApiError> {
        match &get.key {
            Key::Id(_) => self.check_object(&get.object)?,
            Key::External(field, _) => self.check_key(&get.object, field)?,
        }
        for field in get.fields.iter().flatten() {
            self.check_column(&get.object, field)?;
        }
        let answer = match self.places_of(&get.object, &get.key).as_slice() {
            [] => return Err(ApiError::not_found()),
            [place] => {
                let row = self.tables.table(&get.object).row(*place).ok_or_else(ApiError::not_found)?;
                Answer::json(200, &shown(row, &get.object, get.fields.as_deref(), get.version))
            }
            several => self.several(&get.object, several, get.version),
        };
        Ok(Performed::answer(answer))
    }

    /// 300 with the addresses of the records that match.
    pub(crate) fn several(&mut self, object: &ObjectName, places: &[RowIndex], version: ApiVersion) -> Answer {
        let ids = self.ids(object, places);
        let paths: Vec<String> = ids.iter().map(|id| version.record_path(object, id)).collect();
        Answer::json(300, &paths)
    }

    /// Answers a query, all of its rows at once.
    ///
    /// # Errors
    /// 400 for a query that cannot be read, or names an unknown object or field.
    pub(crate) fn query(&mut self, text: &str, version: ApiVersion) -> Result<Performed, ApiError> {
        let query = soql::parse(text)?;
        self.check_query(&query)?;
        let rows = self.matching(&query);
        let records: Vec<Value> = match &query.selection {
            Selection::Count => Vec::new(),
            Selection::Fields(fields) => {
                rows.iter().map(|row| shown(row, &query.object, Some(fields.as_slice()), version)).collect()
            }
        };
        let body = json!({"totalSize": rows.len(), "done": true, "records": records});
        Ok(Performed::answer(Answer::json(200, &body)))
    }

    fn check_query(&self, query: &Query) -> Result<(), ApiError> {
        if !self.schema.has_object(&query.object) {
            let text = format!("sObject type '{}' is not supported.", query.object);
            return Err(ApiError::bad_request("INVALID_TYPE", text));
        }
        let selected = match &query.selection {
            Selection::Count => &[],
            Selection::Fields(fields) => fields.as_slice(),
        };
        let asked = query.conditions.iter().map(|condition| &condition.field);
        asked.chain(selected).try_for_each(|field| self.check_column(&query.object, field))
    }

    fn check_column(&self, object: &ObjectName, field: &FieldName) -> Result<(), ApiError> {
        if self.schema.has_field(object, field.as_str()) {
            return Ok(());
        }
        let text = format!("No such column '{field}' on entity '{object}'.");
        Err(ApiError::bad_request("INVALID_FIELD", text))
    }

    fn matching(&mut self, query: &Query) -> Vec<&Row> {
        let key = self.indexed_condition(query);
        let table = self.tables.table(&query.object);
        let meets = |row: &&Row| query.conditions.iter().all(|condition| condition.meets(row));
        match key {
            None => table.rows().filter(meets).take(query.limit).collect(),
            Some((field, value)) => {
                let places = table.by_key(&field, &value).to_vec();
                places.iter().filter_map(|place| table.row(*place)).filter(meets).take(query.limit).collect()
            }
        }
    }

    /// A condition that an index answers, so that a query by external id reads no other record.
    fn indexed_condition(&self, query: &Query) -> Option<(FieldName, ExternalId)> {
        let indexed = |condition: &&Condition| self.schema.is_external_id(&query.object, &condition.field);
        let condition = query.conditions.iter().find(indexed)?;
        Some((condition.field.clone(), external_id_of(&condition.value)?))
    }

    /// The record with this external id, with its system fields; the oldest one when there are several.
    pub(crate) fn record(&mut self, object: &ObjectName, field: &FieldName, value: &ExternalId) -> Option<Value> {
        let place = self.places(object, field, value).first().copied()?;
        let row = self.tables.table(object).row(place)?;
        Some(Value::Object(all_fields(row)))
    }

    /// The number of records of an object.
    pub(crate) fn count(&mut self, object: &ObjectName) -> usize {
        self.tables.existing(object).map_or(0, |table| table.rows().count())
    }

    /// Deletes the records with this external id and returns their ids.
    pub(crate) fn remove(&mut self, object: &ObjectName, field: &FieldName, value: &ExternalId) -> Vec<SalesforceId> {
        let places = self.places(object, field, value);
        let ids = self.ids(object, &places);
        let table = self.tables.table(object);
        ids.into_iter().zip(places).filter(|(_, place)| table.delete(*place)).map(|(id, _)| id).collect()
    }
}

impl Condition {
    fn meets(&self, row: &Row) -> bool {
        let value = value_of(row, self.field.as_str());
        match (&self.value, &value) {
            (Value::Number(asked), Value::Number(found)) => asked.as_f64() == found.as_f64(),
            (asked, found) => asked == found,
        }
    }
}

fn all_fields(row: &Row) -> Map<String, Value> {
    let system = ["Id", "CreatedDate", "LastModifiedDate", "SystemModstamp"];
    let mut fields: Map<String, Value> =
        system.into_iter().map(|name| (name.to_owned(), value_of(row, name))).collect();
    fields.extend(row.fields.iter().map(|(name, value)| (name.clone(), value.clone())));
    fields
}

fn shown(row: &Row, object: &ObjectName, fields: Option<&[FieldName]>, version: ApiVersion) -> Value {
    let attributes = json!({"type": object, "url": version.record_path(object, &row.id)});
    let mut record = Map::from_iter([("attributes".to_owned(), attributes)]);
    match fields {
        None => record.extend(all_fields(row)),
        Some(fields) => {
            record.extend(fields.iter().map(|field| (field.to_string(), value_of(row, field.as_str()))));
        }
    }
    Value::Object(record)
}
