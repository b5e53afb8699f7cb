//! The update of a record's item: what is set, what goes, and the version it is conditional on.
//!
//! Must not know: whether it is sent alone or in a transaction.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::Update;
use engine::ports::{Keeping, PayloadChange, Put};
use rules::record::{PayloadPlace, Stored};

use super::ALL_OLD;
use crate::items::fields::{number, text};
use crate::items::key::{self, ItemKey};
use crate::items::payload::{self, PAYLOAD};
use crate::items::{Item, record};

/// The update of a record's item.
pub(super) struct Change {
    pub(super) key: ItemKey,
    pub(super) payload_key: ItemKey,
    pub(super) keeps_apart: bool,
    pub(super) expression: String,
    pub(super) condition: &'static str,
    names: Vec<&'static str>,
    pub(super) values: Item,
}

impl Change {
    /// The update that makes the item what `put` says, wherever its attributes stood before.
    pub(super) fn of(put: &Put, keeping: &Keeping) -> Self {
        let mut attributes = record::write(&put.stored, keeping);
        let touched = record::ALL.into_iter().chain((put.payload != PayloadChange::Keep).then_some(PAYLOAD));
        if let (PayloadChange::Set(payload), Some(PayloadPlace::Inline)) = (&put.payload, place(&put.stored)) {
            attributes.insert(PAYLOAD.to_owned(), text(payload::json(payload)));
        }
        let names: Vec<&'static str> = touched.collect();
        let (set, removed): (Vec<&str>, Vec<&str>) = names.iter().partition(|&&name| attributes.contains_key(name));
        let set = set.iter().map(|name| format!("#{name} = :{name}")).collect::<Vec<_>>().join(", ");
        let removed = removed.iter().map(|name| format!("#{name}")).collect::<Vec<_>>().join(", ");
        let mut values: Item = attributes.into_iter().map(|(name, value)| (format!(":{name}"), value)).collect();
        let condition = match put.expected {
            None => "attribute_not_exists(#v)",
            Some(fence) => {
                values.insert(":expected".to_owned(), number(fence.0));
                "#v = :expected"
            }
        };
        Self {
            key: key::record(put.stored.key()),
            payload_key: key::payload(put.stored.key()),
            keeps_apart: put.payload == PayloadChange::Keep,
            expression: format!("SET {set} REMOVE {removed}"),
            condition,
            names,
            values,
        }
    }

    /// The placeholders of attributes' names: several are words that expressions reserve.
    pub(super) fn names(&self) -> HashMap<String, String> {
        self.names.iter().map(|&name| (format!("#{name}"), name.to_owned())).collect()
    }

    /// As a part of a transaction.
    pub(super) fn update(&self, table: &str) -> Update {
        Update::builder()
            .table_name(table)
            .set_key(Some(self.key.item()))
            .update_expression(&self.expression)
            .condition_expression(self.condition)
            .set_expression_attribute_names(Some(self.names()))
            .set_expression_attribute_values(Some(self.values.clone()))
            .return_values_on_condition_check_failure(ALL_OLD)
            .build()
            .expect("the table, the key and the expression are set")
    }
}

fn place(stored: &Stored) -> Option<PayloadPlace> {
    match stored {
        Stored::Record(record) => Some(record.payload),
        Stored::Success(_) => None,
    }
}
