//! Every route and method of the code is in the document, and every one of the document is in the code.
//!
//! Must not know: what a route does.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use axum::body::Body;
use axum::http::Request;
use serde_json::{Value, json};

use super::document::{DOCUMENT, METHODS, operations};
use crate::support::Api;

/// What stands in the sources: each `.route("/v1/…", …)` with the methods that are named behind it.
fn routes_of_the_code() -> BTreeSet<(String, String)> {
    let mut routes = BTreeSet::new();
    read_all(Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/src")), &mut routes);
    routes
}

fn read_all(directory: &Path, routes: &mut BTreeSet<(String, String)>) {
    for entry in fs::read_dir(directory).expect("the sources are there") {
        let path = entry.expect("the sources can be listed").path();
        if path.is_dir() {
            read_all(&path, routes);
        } else {
            let text = fs::read_to_string(&path).expect("a source is a text");
            read(text.split("#[cfg(test)]").next().unwrap_or_default(), routes);
        }
    }
}

fn read(source: &str, routes: &mut BTreeSet<(String, String)>) {
    for call in source.split(".route(").skip(1) {
        let Some(("", call)) = call.trim_start().split_once('"') else { continue };
        let Some((path, call)) = call.split_once('"') else { continue };
        let handlers = up_to_its_end(call);
        for method in METHODS {
            let names = [format!("{method}("), format!(".{method}(")];
            let is_named = handlers.split([' ', ',', '\n']).any(|word| word.starts_with(&names[0]))
                || handlers.contains(&names[1]);
            if path.starts_with("/v1/") && is_named {
                routes.insert((path.to_owned(), method.to_owned()));
            }
        }
    }
}

/// The rest of a call's arguments.
fn up_to_its_end(call: &str) -> &str {
    let mut depth = 1;
    let end = call.find(|character: char| {
        depth += i32::from(character == '(') - i32::from(character == ')');
        depth == 0
    });
    &call[..end.unwrap_or(call.len())]
}

fn routes_of_the_document() -> BTreeSet<(String, String)> {
    operations().into_iter().map(|operation| (operation.path, operation.method)).collect()
}

#[test]
fn every_route_of_the_code_is_in_the_document_and_every_one_of_the_document_in_the_code() {
    let (code, document) = (routes_of_the_code(), routes_of_the_document());
    assert!(code.len() > 20, "the sources were not read: {code:?}");
    let missing: Vec<_> = code.difference(&document).collect();
    let surplus: Vec<_> = document.difference(&code).collect();
    assert!(missing.is_empty() && surplus.is_empty(), "not in the document: {missing:?}; not in the code: {surplus:?}");
}

#[tokio::test(start_paused = true)]
async fn the_router_knows_the_documents_paths_with_their_methods_and_with_no_others() {
    let api = Api::acme().await;
    let documented = routes_of_the_document();
    for path in documented.iter().map(|(path, _)| path).collect::<BTreeSet<_>>() {
        let address = path.replace("{connection}", "nobody").replace("{object}", "Contact").replace("{id}", "a");
        for method in METHODS {
            let request = Request::builder().method(method.to_ascii_uppercase().as_str()).uri(&address);
            let status = api.raw(request.body(Body::empty()).expect("a request")).await.status().as_u16();
            let is_known = documented.contains(&(path.clone(), method.to_owned()));
            assert_eq!(status != 405, is_known, "{method} {path}: {status}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn the_document_is_served() {
    let api = Api::acme().await;
    assert_eq!(api.get("/v1/openapi.json").await.ok(), *DOCUMENT);
}

#[test]
fn every_operation_is_described_and_has_a_name_of_its_own() {
    let mut names = BTreeSet::new();
    for operation in operations() {
        let text = |name: &str| operation.spec[name].as_str().unwrap_or_default();
        assert!(!text("summary").is_empty(), "{operation:?}");
        assert!(names.insert(text("operationId")), "{operation:?}");
        let changes = operation.method != "get" && !operation.path.ends_with("/plans");
        let has = |name: &str| operation.parameters().iter().any(|parameter| parameter["name"] == name);
        assert_eq!(has("Idempotency-Key"), changes, "every action takes a key: {operation:?}");
        assert_eq!(operation.answers(403).is_some(), changes, "every action is refused to viewers: {operation:?}");
    }
}

#[test]
fn every_part_of_the_document_is_used() {
    let text = DOCUMENT.to_string();
    for kind in ["schemas", "parameters"] {
        for name in DOCUMENT["components"][kind].as_object().expect("components").keys() {
            let used = text.contains(&format!("\"#/components/{kind}/{name}\""));
            assert!(used, "{kind}/{name} is named nowhere");
        }
    }
    assert_eq!(DOCUMENT["openapi"], json!("3.1.0"));
    assert_ne!(DOCUMENT["info"]["description"], Value::Null);
}
