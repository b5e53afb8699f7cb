//! Cells as fields of a record: plain ones, and references to a parent by its external id.
//!
//! Must not know: formats, or which columns there are.

use rules::ids::{FieldName, ObjectName};
use serde_json::{Map, Value, json};

/// What a column's name says that its cells are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Target {
    /// A field.
    Field(String),
    /// The parent's external id: `Account__r.Key__c`.
    Reference {
        /// The relation.
        relation: String,
        /// The parent's object, where the name gives it.
        object: Option<String>,
        /// The parent's external-id field.
        key: String,
    },
}

impl Target {
    /// Reads a column's name: `LastName`, `Account__r.Key__c`, `Contact:Who.Key__c` (Bulk API) or `Who:Contact:Key__c`
    /// (Salesforce Inspector). Nothing when it is none of these.
    pub(crate) fn parse(name: &str) -> Option<Self> {
        let field = |text: &str| FieldName::new(text).is_ok().then(|| text.to_owned());
        let object = |text: &str| ObjectName::new(text).is_ok().then(|| text.to_owned());
        if let Some((relation, rest)) = name.split_once(':') {
            return match (rest.split_once(':'), rest.split_once('.')) {
                (Some((parent, key)), _) => Some(Self::Reference {
                    relation: field(relation)?,
                    object: Some(object(parent)?),
                    key: field(key)?,
                }),
                (None, Some((inner, key))) => {
                    Some(Self::Reference { relation: field(inner)?, object: Some(object(relation)?), key: field(key)? })
                }
                (None, None) => None,
            };
        }
        match name.split_once('.') {
            Some((relation, key)) => {
                Some(Self::Reference { relation: field(relation)?, object: None, key: field(key)? })
            }
            None => field(name).map(Self::Field),
        }
    }

    /// Writes a value to the fields. A plain column named like a relation says less than the reference does.
    pub(crate) fn put(&self, fields: &mut Map<String, Value>, value: Value) {
        match self {
            Self::Field(name) if fields.get(name).is_some_and(Value::is_object) => {}
            Self::Field(name) => drop(fields.insert(name.clone(), value)),
            Self::Reference { .. } if value.is_null() => {}
            Self::Reference { relation, object, key } => {
                let parent = fields.entry(relation.as_str()).or_insert(Value::Null);
                if !parent.is_object() {
                    *parent = json!({});
                }
                if let Value::Object(parent) = parent {
                    if let Some(object) = object {
                        parent.insert("attributes".to_owned(), json!({ "type": object }));
                    }
                    parent.insert(key.clone(), value);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Map, Value, json};

    use super::Target;

    fn fields(cells: &[(&str, Value)]) -> Value {
        let mut fields = Map::new();
        for (name, value) in cells {
            Target::parse(name).expect("a field's name").put(&mut fields, value.clone());
        }
        Value::Object(fields)
    }

    #[test]
    fn several_columns_of_one_relation_are_one_reference() {
        assert_eq!(
            fields(&[("Account__r.Key__c", json!("A-1")), ("Account__r.Region__c", json!("EU"))]),
            json!({ "Account__r": { "Key__c": "A-1", "Region__c": "EU" } })
        );
    }

    #[test]
    fn a_column_named_like_the_relation_never_replaces_the_reference() {
        let reference = json!({ "Account": { "Key__c": "A-1" } });
        assert_eq!(fields(&[("Account", json!("Acme")), ("Account.Key__c", json!("A-1"))]), reference);
        assert_eq!(fields(&[("Account.Key__c", json!("A-1")), ("Account", json!("Acme"))]), reference);
    }

    #[test]
    fn a_reference_that_may_point_to_several_objects_says_to_which() {
        let reference = json!({ "Who": { "attributes": { "type": "Contact" }, "Key__c": "C-1" } });
        assert_eq!(fields(&[("Contact:Who.Key__c", json!("C-1"))]), reference);
        assert_eq!(fields(&[("Who:Contact:Key__c", json!("C-1"))]), reference);
    }

    #[test]
    fn a_reference_without_a_value_is_left_out() {
        assert_eq!(fields(&[("Account__r.Key__c", Value::Null), ("Name", Value::Null)]), json!({ "Name": null }));
    }

    #[test]
    fn a_name_that_no_field_can_have_is_none() {
        for name in ["Last name", "", "1st", "a.b.c", "a:b", "Straße", "x\"y"] {
            assert_eq!(Target::parse(name), None, "{name}");
        }
    }
}
