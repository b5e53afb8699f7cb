//! The org's objects: which fields they have, which are external ids, which look up a parent.
//! It must not know any record.

use std::collections::{HashMap, HashSet};

use crate::names::{FieldName, ObjectName, RelationName};

/// Fields that every object has.
const SYSTEM_FIELDS: [&str; 4] = ["Id", "CreatedDate", "LastModifiedDate", "SystemModstamp"];

/// The objects of an org.
#[derive(Clone, Debug)]
pub struct Schema {
    open: bool,
    objects: HashMap<ObjectName, ObjectSchema>,
}

impl Schema {
    /// Any object exists, with any field; a field ending in `__c` may be an external id; a nested object is a lookup.
    #[must_use]
    pub fn open() -> Self {
        Self { open: true, objects: HashMap::new() }
    }

    /// Exactly these objects exist, with exactly their fields.
    pub fn of(objects: impl IntoIterator<Item = ObjectSchema>) -> Self {
        let objects = objects.into_iter().map(|object| (object.name.clone(), object)).collect();
        Self { open: false, objects }
    }

    /// Whether the object exists.
    pub(crate) fn has_object(&self, object: &ObjectName) -> bool {
        self.open || self.objects.contains_key(object)
    }

    /// Whether the field exists.
    pub(crate) fn has_field(&self, object: &ObjectName, field: &str) -> bool {
        self.open
            || SYSTEM_FIELDS.contains(&field)
            || self.objects.get(object).is_some_and(|object| object.fields.contains(field))
    }

    /// Whether the field can be the key of an upsert.
    pub(crate) fn is_external_id(&self, object: &ObjectName, field: &FieldName) -> bool {
        if self.open {
            return field.as_str().ends_with("__c");
        }
        self.objects.get(object).is_some_and(|object| object.external_ids.contains(field))
    }

    /// What a nested object of this name looks up; `None` when the object has no such relation.
    pub(crate) fn lookup(&self, object: &ObjectName, relation: &str) -> Option<Lookup> {
        if self.open {
            return Some(Lookup::by_convention(relation));
        }
        self.objects.get(object)?.lookups.get(relation).cloned()
    }
}

/// One object and its fields.
#[derive(Clone, Debug)]
pub struct ObjectSchema {
    name: ObjectName,
    fields: HashSet<FieldName>,
    external_ids: HashSet<FieldName>,
    lookups: HashMap<RelationName, Lookup>,
}

impl ObjectSchema {
    /// An object with the system fields only.
    pub fn new(name: impl Into<ObjectName>) -> Self {
        Self { name: name.into(), fields: HashSet::new(), external_ids: HashSet::new(), lookups: HashMap::new() }
    }

    /// Adds a field.
    #[must_use]
    pub fn field(mut self, field: impl Into<FieldName>) -> Self {
        self.fields.insert(field.into());
        self
    }

    /// Adds a field that can be the key of an upsert.
    #[must_use]
    pub fn external_id(mut self, field: impl Into<FieldName>) -> Self {
        let field = field.into();
        self.external_ids.insert(field.clone());
        self.field(field)
    }

    /// Adds a lookup: a payload nests `relation`, the parent's id is stored in `field`.
    #[must_use]
    pub fn lookup(
        mut self,
        relation: impl Into<RelationName>,
        field: impl Into<FieldName>,
        parent: impl Into<ObjectName>,
    ) -> Self {
        let field = field.into();
        let lookup = Lookup { field: field.clone(), parents: vec![parent.into()] };
        self.lookups.insert(relation.into(), lookup);
        self.field(field)
    }
}

/// Where a nested object points.
#[derive(Clone, Debug)]
pub(crate) struct Lookup {
    /// The field that stores the parent's id.
    pub(crate) field: FieldName,
    /// The objects it may be, the likeliest last; never empty.
    pub(crate) parents: Vec<ObjectName>,
}

impl Lookup {
    /// `Invoice__r` is stored in `Invoice__c` and means `Invoice__c` or `Invoice`; `Account` is stored in `AccountId`.
    fn by_convention(relation: &str) -> Self {
        match relation.strip_suffix("__r") {
            Some(stem) => {
                let custom = format!("{stem}__c");
                Self { field: custom.clone().into(), parents: vec![custom.into(), stem.into()] }
            }
            None => Self { field: format!("{relation}Id").into(), parents: vec![relation.into()] },
        }
    }
}
