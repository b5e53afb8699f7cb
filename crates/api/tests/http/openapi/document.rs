//! The document as it is served, and ways to look things up in it.
//!
//! Must not know: what it says.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde_json::Value;

/// The methods that a path may have.
pub(super) const METHODS: [&str; 5] = ["get", "post", "put", "patch", "delete"];

/// The document.
pub(super) static DOCUMENT: LazyLock<Value> =
    LazyLock::new(|| serde_json::from_str(include_str!("../../../openapi.json")).expect("the document is JSON"));

/// One operation of it.
#[derive(Clone, Debug)]
pub(super) struct Operation {
    pub(super) path: String,
    pub(super) method: String,
    pub(super) spec: &'static Value,
}

/// All operations, in the document's order.
pub(super) fn operations() -> Vec<Operation> {
    let of = |(path, methods): (&String, &'static Value)| {
        let methods = methods.as_object().expect("a path has methods");
        let one =
            |(method, spec): (&String, &'static Value)| Operation { path: path.clone(), method: method.clone(), spec };
        methods.iter().map(one).collect::<Vec<_>>()
    };
    DOCUMENT["paths"].as_object().expect("the document has paths").iter().flat_map(of).collect()
}

/// What a `$ref` names, or the value itself.
pub(super) fn resolved(value: &'static Value) -> &'static Value {
    match value["$ref"].as_str() {
        Some(place) => {
            let pointer = place.strip_prefix('#').expect("references stay in the document");
            DOCUMENT.pointer(pointer).unwrap_or_else(|| panic!("{place} is not in the document"))
        }
        None => value,
    }
}

impl Operation {
    /// Its parameters.
    pub(super) fn parameters(&self) -> Vec<&'static Value> {
        self.spec["parameters"].as_array().into_iter().flatten().map(resolved).collect()
    }

    /// The schema of its body, if it takes one.
    pub(super) fn body(&self) -> Option<&'static Value> {
        self.spec.pointer("/requestBody/content/application~1json/schema")
    }

    /// The kinds of body that it answers with under a status, or nothing when it is not one of its.
    pub(super) fn answers(&self, status: u16) -> Option<BTreeMap<String, &'static Value>> {
        let answer = self.spec["responses"].get(status.to_string())?;
        let kinds = answer["content"].as_object().into_iter().flatten();
        Some(kinds.map(|(kind, content)| (kind.clone(), &content["schema"])).collect())
    }
}
