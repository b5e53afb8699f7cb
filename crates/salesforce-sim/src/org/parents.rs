//! Lookups: a parent named by its external id becomes the parent's Salesforce id.
//! It must not know what is written with it.

use std::sync::Arc;

use serde_json::Value;

use crate::names::{FieldName, Fields, ObjectName, external_id_of};
use crate::org::data::Data;
use crate::org::errors::RowError;
use crate::org::schema::Lookup;

impl Data {
    /// The fields with every nested parent replaced by its id, once all of them exist.
    ///
    /// # Errors
    /// `INVALID_FIELD` for a field that does not exist, or a parent that does not.
    pub(crate) fn resolve_parents(&mut self, object: &ObjectName, sent: &Arc<Fields>) -> Result<Arc<Fields>, RowError> {
        let plain = sent.iter().all(|(name, value)| !value.is_object() && self.schema.has_field(object, name));
        if plain {
            return Ok(Arc::clone(sent));
        }
        let mut resolved = Fields::with_capacity(sent.len());
        for (name, value) in sent.as_ref() {
            let (field, value) = self.resolve(object, name, value)?;
            resolved.insert(field, value);
        }
        Ok(Arc::new(resolved))
    }

    fn resolve(&mut self, object: &ObjectName, name: &str, value: &Value) -> Result<(String, Value), RowError> {
        if !value.is_object() && self.schema.has_field(object, name) {
            return Ok((name.to_owned(), value.clone()));
        }
        let unknown = || RowError::no_such_column(object, name);
        let lookup = self.schema.lookup(object, name).ok_or_else(unknown)?;
        match value {
            Value::Null => Ok((lookup.field.to_string(), Value::Null)),
            Value::Object(nested) => Ok((lookup.field.to_string(), self.parent_id(&lookup, nested)?)),
            Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) => Err(unknown()),
        }
    }

    fn parent_id(&mut self, lookup: &Lookup, nested: &Fields) -> Result<Value, RowError> {
        let parent = self.parent_object(lookup, nested);
        let mut keys = nested.iter().filter(|(name, _)| *name != "attributes");
        let (Some((name, value)), None) = (keys.next(), keys.next()) else {
            let text = format!("a reference to {parent} must name exactly one external id");
            return Err(RowError::new("INVALID_FIELD", text));
        };
        let field = FieldName::from(name.as_str());
        if !self.schema.is_external_id(&parent, &field) {
            return Err(RowError::no_such_column(&parent, name));
        }
        let Some(external_id) = external_id_of(value) else {
            return Err(RowError::external_id_missing(&field));
        };
        match self.places(&parent, &field, &external_id).as_slice() {
            [] => Err(RowError::parent_missing(&parent, &field, &external_id)),
            places => match self.ids(&parent, places).as_slice() {
                [only] => Ok(Value::from(only.as_str())),
                several => Err(RowError::several_matches(&field, several)),
            },
        }
    }

    /// The type that the payload names, else the first possible parent that has records, else the likeliest.
    fn parent_object(&mut self, lookup: &Lookup, nested: &Fields) -> ObjectName {
        if let Some(named) = nested.get("attributes").and_then(|attributes| attributes["type"].as_str()) {
            return ObjectName::from(named);
        }
        let used = lookup.parents.iter().find(|parent| self.tables.existing(parent).is_some());
        used.or(lookup.parents.last()).cloned().expect("a lookup has at least one parent")
    }
}
