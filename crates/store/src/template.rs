//! The table as `template.yaml` defines it, so that the local table is the deployed one.
//!
//! Must not know: anything else that is deployed.

use std::collections::BTreeMap;

use aws_sdk_dynamodb::error::BuildError;
use aws_sdk_dynamodb::types::{
    AttributeDefinition, GlobalSecondaryIndex, KeySchemaElement, KeyType, Projection, ProjectionType,
    ScalarAttributeType,
};
use serde::Deserialize;
use serde_norway::Value;

const TEMPLATE: &str = include_str!("../../../template.yaml");
const TABLE: &str = "AWS::DynamoDB::Table";

/// Why a template gives no table.
#[derive(Debug, thiserror::Error)]
pub enum TemplateError {
    /// It is not YAML, or the table's properties are not as they should be.
    #[error("the template cannot be read")]
    NotReadable(#[from] serde_norway::Error),
    /// It has no table, or several.
    #[error("the template has {0} resources of the type {TABLE}; exactly one is needed")]
    NotOneTable(usize),
    /// A part of the table's definition is missing.
    #[error("the template's table is not complete")]
    NotComplete(#[from] BuildError),
}

/// What a table is made of.
#[derive(Clone, Debug, PartialEq)]
pub struct TableDefinition {
    /// The attributes that keys are made of.
    pub attributes: Vec<AttributeDefinition>,
    /// The table's key.
    pub key: Vec<KeySchemaElement>,
    /// The indexes.
    pub indexes: Vec<GlobalSecondaryIndex>,
    /// The attribute by which items expire.
    pub expires_by: String,
}

/// The table of the project's template.
///
/// # Errors
/// Never, as long as the tests pass; the template is part of the program.
pub fn table() -> Result<TableDefinition, TemplateError> {
    table_in(TEMPLATE)
}

/// The one table that a template's text defines.
///
/// # Errors
/// When the text is no such template.
pub fn table_in(template: &str) -> Result<TableDefinition, TemplateError> {
    let template: Template = serde_norway::from_str(template)?;
    let mut tables: Vec<_> = template.resources.into_values().filter(|resource| resource.kind == TABLE).collect();
    match (tables.pop(), tables.len()) {
        (Some(table), 0) => serde_norway::from_value::<Table>(table.properties)?.definition(),
        (None, _) => Err(TemplateError::NotOneTable(0)),
        (Some(_), more) => Err(TemplateError::NotOneTable(more + 1)),
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Template {
    resources: BTreeMap<String, Resource>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Resource {
    #[serde(rename = "Type")]
    kind: String,
    #[serde(default)]
    properties: Value,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Table {
    attribute_definitions: Vec<Attribute>,
    key_schema: Vec<Key>,
    #[serde(default)]
    global_secondary_indexes: Vec<Index>,
    time_to_live_specification: TimeToLive,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Attribute {
    attribute_name: String,
    attribute_type: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Key {
    attribute_name: String,
    key_type: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Index {
    #[serde(rename = "IndexName")]
    name: String,
    key_schema: Vec<Key>,
    projection: IndexProjection,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct IndexProjection {
    projection_type: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct TimeToLive {
    attribute_name: String,
}

impl Table {
    fn definition(self) -> Result<TableDefinition, TemplateError> {
        Ok(TableDefinition {
            attributes: self.attribute_definitions.into_iter().map(Attribute::definition).collect::<Result<_, _>>()?,
            key: keys(self.key_schema)?,
            indexes: self.global_secondary_indexes.into_iter().map(Index::definition).collect::<Result<_, _>>()?,
            expires_by: self.time_to_live_specification.attribute_name,
        })
    }
}

impl Attribute {
    fn definition(self) -> Result<AttributeDefinition, BuildError> {
        let kind = ScalarAttributeType::from(self.attribute_type.as_str());
        AttributeDefinition::builder().attribute_name(self.attribute_name).attribute_type(kind).build()
    }
}

impl Index {
    fn definition(self) -> Result<GlobalSecondaryIndex, BuildError> {
        let kind = ProjectionType::from(self.projection.projection_type.as_str());
        GlobalSecondaryIndex::builder()
            .index_name(self.name)
            .set_key_schema(Some(keys(self.key_schema)?))
            .projection(Projection::builder().projection_type(kind).build())
            .build()
    }
}

fn keys(schema: Vec<Key>) -> Result<Vec<KeySchemaElement>, BuildError> {
    let element = |key: Key| {
        let kind = KeyType::from(key.key_type.as_str());
        KeySchemaElement::builder().attribute_name(key.attribute_name).key_type(kind).build()
    };
    schema.into_iter().map(element).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::items::fields::{EXPIRES, PK, SK};
    use crate::items::index::{BY_AGE, BY_NEXT_ATTEMPT, FIRST_FAILED, NEXT_ATTEMPT, QUEUE, TYPE};

    fn names(schema: &[KeySchemaElement]) -> Vec<&str> {
        schema.iter().map(KeySchemaElement::attribute_name).collect()
    }

    #[test]
    fn the_deployed_table_has_the_key_the_indexes_and_the_expiry_that_the_items_are_written_for() {
        let table = table().unwrap();
        assert_eq!(names(&table.key), [PK, SK]);
        assert_eq!(table.expires_by, EXPIRES);
        let indexes: Vec<_> =
            table.indexes.iter().map(|index| (index.index_name(), names(index.key_schema()))).collect();
        assert_eq!(indexes, [(BY_NEXT_ATTEMPT, vec![QUEUE, NEXT_ATTEMPT]), (BY_AGE, vec![TYPE, FIRST_FAILED])]);
    }

    #[test]
    fn the_indexes_hold_keys_only_so_that_an_outcome_changes_no_more_of_them_than_it_must() {
        for index in table().unwrap().indexes {
            let kind = index.projection().and_then(Projection::projection_type).cloned();
            assert_eq!(kind, Some(ProjectionType::KeysOnly));
        }
    }

    #[test]
    fn a_template_without_a_table_is_refused() {
        let refused = table_in("Resources: { Bus: { Type: AWS::Events::EventBus } }").unwrap_err();
        assert_eq!(
            refused.to_string(),
            "the template has 0 resources of the type AWS::DynamoDB::Table; exactly one is needed"
        );
    }

    #[test]
    fn functions_of_cloudformation_elsewhere_in_the_template_do_no_harm() {
        let text = r"
Resources:
  Table:
    Type: AWS::DynamoDB::Table
    Properties:
      TableName: !Sub '${AWS::StackName}-table'
      AttributeDefinitions: [{ AttributeName: PK, AttributeType: S }]
      KeySchema: [{ AttributeName: PK, KeyType: HASH }]
      TimeToLiveSpecification: { AttributeName: x, Enabled: !If [A, true, false] }
  Bus: { Type: AWS::Events::EventBus, Properties: { Name: !Ref Name } }
";
        assert_eq!(names(&table_in(text).unwrap().key), ["PK"]);
    }
}
