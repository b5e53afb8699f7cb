//! The records of the org, with an index for every field that was ever used as a key.
//! It must not know rules, faults or HTTP; it stores what it is told.

use std::collections::HashMap;
use std::sync::Arc;

use serde_json::Value;

use crate::names::{ExternalId, FieldName, Fields, Millis, ObjectName, SalesforceId, external_id_of};
use crate::org::ids::{IdSeries, Prefix};

/// The place of a row in its table; it stays valid when other rows go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct RowIndex(usize);

/// One record.
#[derive(Debug)]
pub(crate) struct Row {
    pub(crate) id: SalesforceId,
    pub(crate) fields: Arc<Fields>,
    pub(crate) created: Millis,
    pub(crate) modified: Millis,
}

/// The records of one object, in the order of their creation.
#[derive(Debug)]
pub(crate) struct Table {
    ids: IdSeries,
    rows: Vec<Option<Row>>,
    by_id: HashMap<SalesforceId, RowIndex>,
    by_key: HashMap<FieldName, HashMap<ExternalId, Vec<RowIndex>>>,
}

impl Table {
    fn new(prefix: Prefix) -> Self {
        Self { ids: IdSeries::new(prefix), rows: Vec::new(), by_id: HashMap::new(), by_key: HashMap::new() }
    }

    /// The rows, in the order of their creation.
    pub(crate) fn rows(&self) -> impl Iterator<Item = &Row> {
        self.rows.iter().flatten()
    }

    /// The row at a place; `None` once it was deleted.
    pub(crate) fn row(&self, index: RowIndex) -> Option<&Row> {
        self.rows.get(index.0)?.as_ref()
    }

    /// The place of a record; `None` once it was deleted.
    pub(crate) fn by_id(&self, id: &SalesforceId) -> Option<RowIndex> {
        self.by_id.get(id).copied()
    }

    /// The places of the records whose `field` has this value. The first use of a field indexes it.
    pub(crate) fn by_key(&mut self, field: &FieldName, value: &ExternalId) -> &[RowIndex] {
        if !self.by_key.contains_key(field) {
            let index = self.index_of(field);
            self.by_key.insert(field.clone(), index);
        }
        self.by_key.get(field).and_then(|index| index.get(value)).map_or(&[], Vec::as_slice)
    }

    /// Adds a record and returns its id.
    pub(crate) fn insert(&mut self, fields: Arc<Fields>, now: Millis) -> SalesforceId {
        let id = self.ids.next_id();
        let place = RowIndex(self.rows.len());
        for (field, index) in &mut self.by_key {
            if let Some(key) = key_in(&fields, field) {
                index.entry(key).or_default().push(place);
            }
        }
        self.by_id.insert(id.clone(), place);
        self.rows.push(Some(Row { id: id.clone(), fields, created: now, modified: now }));
        id
    }

    /// Writes the changed fields of a record and returns its id; `None` once it was deleted.
    pub(crate) fn update(&mut self, place: RowIndex, changes: &Fields, now: Millis) -> Option<SalesforceId> {
        let row = self.rows.get_mut(place.0)?.as_mut()?;
        for (field, index) in &mut self.by_key {
            if let Some(new) = changes.get(field.as_str()) {
                reindex(index, place, key_in(&row.fields, field), external_id_of(new));
            }
        }
        let fields = Arc::make_mut(&mut row.fields);
        for (name, value) in changes {
            fields.insert(name.clone(), value.clone());
        }
        row.modified = now;
        Some(row.id.clone())
    }

    /// Removes a record; whether it was there.
    pub(crate) fn delete(&mut self, place: RowIndex) -> bool {
        let Some(row) = self.rows.get_mut(place.0).and_then(Option::take) else {
            return false;
        };
        self.by_id.remove(&row.id);
        for (field, index) in &mut self.by_key {
            reindex(index, place, key_in(&row.fields, field), None);
        }
        true
    }

    fn index_of(&self, field: &FieldName) -> HashMap<ExternalId, Vec<RowIndex>> {
        let mut index: HashMap<ExternalId, Vec<RowIndex>> = HashMap::new();
        for (place, row) in self.rows.iter().enumerate() {
            if let Some(key) = row.as_ref().and_then(|row| key_in(&row.fields, field)) {
                index.entry(key).or_default().push(RowIndex(place));
            }
        }
        index
    }
}

fn key_in(fields: &Fields, field: &FieldName) -> Option<ExternalId> {
    fields.get(field.as_str()).and_then(external_id_of)
}

fn reindex(
    index: &mut HashMap<ExternalId, Vec<RowIndex>>,
    place: RowIndex,
    old: Option<ExternalId>,
    new: Option<ExternalId>,
) {
    if old == new {
        return;
    }
    if let Some(places) = old.and_then(|old| index.get_mut(&old)) {
        places.retain(|kept| *kept != place);
    }
    if let Some(new) = new {
        index.entry(new).or_default().push(place);
    }
}

/// The tables of the org. A table appears with its first use.
#[derive(Debug, Default)]
pub(crate) struct Tables(HashMap<ObjectName, Table>);

impl Tables {
    /// The table of an object.
    pub(crate) fn table(&mut self, object: &ObjectName) -> &mut Table {
        if !self.0.contains_key(object) {
            let prefix = Prefix::of(object, self.0.len());
            self.0.insert(object.clone(), Table::new(prefix));
        }
        self.0.get_mut(object).expect("inserted above when it was missing")
    }

    /// The table of an object, if it has ever been used.
    pub(crate) fn existing(&mut self, object: &ObjectName) -> Option<&mut Table> {
        self.0.get_mut(object)
    }
}

/// The JSON value of a field, the system fields included; null when the record has none.
pub(crate) fn value_of(row: &Row, field: &str) -> Value {
    match field {
        "Id" => Value::from(row.id.as_str()),
        "CreatedDate" => super::ids::datetime(row.created),
        "LastModifiedDate" | "SystemModstamp" => super::ids::datetime(row.modified),
        other => row.fields.get(other).cloned().unwrap_or(Value::Null),
    }
}
