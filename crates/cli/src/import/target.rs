//! What the rows of a file are taken in as: their object, the field of their id, their date, their parent.
//!
//! Must not know: how rows are read or sent.

use api::near::{did_you_mean, near};
use imports::FailedRow;
use rules::ids::{FieldName, ObjectName};
use rules::time::Timestamp;
use serde_json::{Value, json};

use super::mapping::Mapping;
use super::source::Source;
use crate::exit::Failure;

/// What all rows of a file have in common.
#[derive(Debug)]
pub(super) struct Target {
    pub(super) object: ObjectName,
    pub(super) external_id: FieldName,
    /// Whether the connection has another field for the object, or none.
    own_field: bool,
    parent: Option<ObjectName>,
    as_of: Timestamp,
    /// The columns of the id, of the parent's and of the version.
    columns: [Option<String>; 3],
}

/// How a route names what a row has in these columns.
const FIELDS: [&str; 3] = ["external_id", "parent.external_id", "source_version"];

/// The objects that an unknown one may have been meant to be: a name in another case is another object.
fn meant(settings: &Value, object: &ObjectName) -> String {
    let set = settings["external_ids"].as_object().into_iter().flat_map(serde_json::Map::keys).map(String::as_str);
    match near(object.as_str(), set).as_slice() {
        [] => ";".to_owned(),
        found => format!("{} If not,", did_you_mean(found)),
    }
}

impl Target {
    /// Decides by the options, the connection's settings and what the file's beginning says. `first_object` is the object
    /// that the file itself names.
    pub(super) fn of(
        mapping: &Mapping,
        settings: &Value,
        source: &Source,
        first_object: Option<ObjectName>,
        as_of: Timestamp,
    ) -> Result<Self, Failure> {
        let named = source.object_of_name()?;
        let object = mapping.object.clone().or(first_object).or(named).ok_or_else(|| {
            Failure::Wrong(
                "the file does not say which object its rows are; name it, such as --object Contact".to_owned(),
            )
        })?;
        let set = settings["external_ids"][object.as_str()].as_str().map(FieldName::new).transpose();
        let set = set.map_err(anyhow::Error::from)?;
        let external_id = mapping.external_id.clone().or_else(|| set.clone()).ok_or_else(|| {
            Failure::Wrong(format!(
                "the connection has no external id for {object}{} name the field by --external-id, or set it for good: \
                 resync connection set {} --external-id {object}=FIELD",
                meant(settings, &object),
                settings["id"].as_str().unwrap_or_default()
            ))
        })?;
        let layout = &mapping.layout;
        let key = layout.fields.iter().find(|mapped| mapped.field.eq_ignore_ascii_case(external_id.as_str()));
        let key = key.map_or(external_id.as_str(), |mapped| &mapped.column).to_owned();
        Ok(Self {
            own_field: set.as_ref() != Some(&external_id),
            parent: mapping.parent.as_ref().map(|parent| parent.object.clone()),
            columns: [Some(key), layout.parent.clone(), layout.version.clone()],
            object,
            external_id,
            as_of,
        })
    }

    /// The same with the columns spelled as the header spells them, which is what a person looks for.
    pub(super) fn spelled_as(mut self, header: &[String]) -> Self {
        for column in self.columns.iter_mut().flatten() {
            if let Some(name) = header.iter().find(|name| name.eq_ignore_ascii_case(column)) {
                column.clone_from(name);
            }
        }
        self
    }

    /// A row as the route takes it.
    pub(super) fn body(&self, row: FailedRow) -> Value {
        let FailedRow { line: _, external_id, object: _, error, fields, parent, version } = row;
        let version = version.map_or_else(|| json!(self.as_of), |version| json!(version));
        let mut body = json!({
            "object": self.object,
            "external_id": external_id,
            "source_version": version,
            "failed_at": self.as_of,
            "error": { "code": error.code, "message": error.message },
        });
        body["payload"] = Value::Object(fields);
        if self.own_field {
            body["external_id_field"] = json!(self.external_id);
        }
        if let (Some(object), Some(id)) = (&self.parent, parent) {
            body["parent"] = json!({ "object": object, "external_id": id });
        }
        body
    }

    /// The column that holds what a route calls `field`.
    pub(super) fn column_of(&self, field: &str) -> Option<String> {
        let index = FIELDS.iter().position(|known| *known == field)?;
        self.columns[index].clone()
    }
}
