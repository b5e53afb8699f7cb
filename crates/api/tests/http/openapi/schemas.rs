//! Checks values against the document's schemas. What the document does not tell of is a mistake here, although clients are to
//! pass over it: else a new field would never find its way into the document.
//!
//! Must not know: requests.

use std::collections::{BTreeMap, HashMap};

use jsonschema::{Draft, Validator};
use serde_json::{Map, Value, json};

use super::document::{DOCUMENT, operations};

/// The checks of all schemas of answers, each made once.
pub(super) struct Schemas(HashMap<String, Validator>);

impl Schemas {
    /// Those of every answer.
    pub(super) fn new() -> Self {
        let mut components = DOCUMENT["components"].clone();
        close(&mut components["schemas"]);
        let mut made = HashMap::new();
        for operation in operations() {
            for (status, _) in operation.spec["responses"].as_object().into_iter().flatten() {
                let status = status.parse().expect("a status is a number");
                for schema in operation.answers(status).into_iter().flat_map(BTreeMap::into_values) {
                    made.entry(schema.to_string()).or_insert_with(|| validator(schema, &components));
                }
            }
        }
        Self(made)
    }

    /// What is wrong with a value; nothing when it fits.
    pub(super) fn mistakes(&self, schema: &Value, value: &Value) -> Vec<String> {
        let validator = self.0.get(&schema.to_string()).expect("every schema of an answer was made");
        validator.iter_errors(value).map(|error| format!("{} {error}", error.instance_path())).collect()
    }
}

fn validator(schema: &Value, components: &Value) -> Validator {
    let mut whole = schema.as_object().cloned().unwrap_or_default();
    whole.insert("components".to_owned(), components.clone());
    let made = jsonschema::options().with_draft(Draft::Draft202012).build(&Value::Object(whole));
    made.unwrap_or_else(|wrong| panic!("{schema} is no schema: {wrong}"))
}

/// Lets objects have no other fields than those that they tell of.
fn close(schema: &mut Value) {
    match schema {
        Value::Object(parts) => {
            let is_open = parts.contains_key("properties") && !parts.contains_key("additionalProperties");
            if is_open && parts.get("type") == Some(&json!("object")) {
                parts.insert("unevaluatedProperties".to_owned(), json!(false));
            }
            close_parts(parts);
        }
        Value::Array(parts) => parts.iter_mut().for_each(close),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// Parts of an `allOf` describe one object together, so that none of them may close it.
fn close_parts(parts: &mut Map<String, Value>) {
    for (_, part) in parts.iter_mut().filter(|(name, _)| *name != "allOf") {
        close(part);
    }
}
