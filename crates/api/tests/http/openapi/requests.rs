//! Requests made from the document: what fits its schemas, and the same with something wrong in it.
//!
//! Must not know: the router.

use axum::body::Body;
use axum::http::{Method, Request, header};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use proptest::prelude::*;
use proptest::sample::select;
use proptest::string::string_regex;
use serde_json::{Value, json};

use super::document::{Operation, operations, resolved};

/// One request, as it is sent.
#[derive(Clone, Debug)]
pub(super) struct Asked {
    pub(super) operation: Operation,
    address: String,
    headers: Vec<(String, String)>,
    body: Option<Value>,
}

impl Asked {
    /// The request.
    pub(super) fn request(&self) -> Request<Body> {
        let method = Method::from_bytes(self.operation.method.to_ascii_uppercase().as_bytes()).expect("a method");
        let mut request = Request::builder().method(method).uri(&self.address);
        for (name, value) in &self.headers {
            request = request.header(name, value);
        }
        let body = match &self.body {
            Some(body) => {
                request = request.header(header::CONTENT_TYPE, "application/json");
                Body::from(body.to_string())
            }
            None => Body::empty(),
        };
        request.body(body).expect("a request")
    }
}

/// Requests for any operation, with every part as the document says.
pub(super) fn valid() -> impl Strategy<Value = Asked> {
    select(operations()).prop_flat_map(|operation| {
        let body = match operation.body() {
            Some(schema) => value(schema).prop_map(Some).boxed(),
            None => Just(None).boxed(),
        };
        asked(operation, body)
    })
}

/// The same, with something in a body or an address that nobody asked for.
pub(super) fn mutated() -> impl Strategy<Value = Asked> {
    select(operations()).prop_flat_map(|operation| {
        let body = match operation.body() {
            Some(schema) => (value(schema), wrong(), any::<prop::sample::Index>(), 0..4_u8)
                .prop_map(|(body, wrong, at, how)| Some(broken(body, &wrong, at, how)))
                .boxed(),
            None => prop::option::of(wrong()).boxed(),
        };
        (asked(operation, body), wrong(), select(vec!["limit", "cursor", "state", "type", "colour"])).prop_map(
            |(mut asked, wrong, parameter)| {
                let sign = if asked.address.contains('?') { '&' } else { '?' };
                asked.address = format!("{}{sign}{parameter}={}", asked.address, encoded(&text(&wrong)));
                asked
            },
        )
    })
}

fn asked(operation: Operation, body: BoxedStrategy<Option<Value>>) -> BoxedStrategy<Asked> {
    let parameters: Vec<_> = operation.parameters().into_iter().map(parameter).collect();
    (Just(operation), parameters, body)
        .prop_map(|(operation, given, body)| {
            let (mut address, mut query, mut headers) = (operation.path.clone(), Vec::new(), Vec::new());
            for (place, name, value) in given.into_iter().flatten() {
                match place {
                    "path" => address = address.replace(&format!("{{{name}}}"), &encoded(&value)),
                    "query" => query.push(format!("{name}={}", encoded(&value))),
                    _ => headers.push((name.to_owned(), value)),
                }
            }
            if !query.is_empty() {
                address = format!("{address}?{}", query.join("&"));
            }
            Asked { operation, address, headers, body }
        })
        .boxed()
}

type Given = Option<(&'static str, &'static str, String)>;

/// A parameter with a value, or without one where it may be left out.
fn parameter(spec: &'static Value) -> BoxedStrategy<Given> {
    let word = |name: &str| spec[name].as_str().expect("a parameter has a name and a place");
    let (place, name) = (word("in"), word("name"));
    let given = known(name, value(&spec["schema"]).prop_map(|value| text(&value)).boxed());
    let given = given.prop_map(move |value| Some((place, name, value)));
    if spec["required"] == true { given.boxed() } else { prop_oneof![Just(None), given].boxed() }
}

/// Names of what is really there come up often, so that requests get past "unknown".
fn known(name: &str, other: BoxedStrategy<String>) -> BoxedStrategy<String> {
    let there: &'static [&'static str] = match name {
        "connection" => &["acme", "globex"],
        "object" => &["Contact"],
        "id" => &["a", "2026/08/<b>", "r-1"],
        "type" => &["daco-10", "unable-to-lock-row"],
        "Idempotency-Key" => &["k-1", "k-2"],
        _ => return other,
    };
    prop_oneof![4 => select(there).prop_map(str::to_owned), 1 => other].boxed()
}

fn text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

fn encoded(text: &str) -> String {
    utf8_percent_encode(text, NON_ALPHANUMERIC).to_string()
}

/// Values that fit a schema.
fn value(schema: &'static Value) -> BoxedStrategy<Value> {
    let schema = resolved(schema);
    if let Some(value) = schema.get("const") {
        return Just(value.clone()).boxed();
    }
    if let Some(values) = schema["enum"].as_array() {
        return select(values.clone()).boxed();
    }
    if let Some(choices) = schema["oneOf"].as_array().or(schema["anyOf"].as_array()) {
        return proptest::strategy::Union::new(choices.iter().map(value)).boxed();
    }
    match &schema["type"] {
        Value::Array(kinds) => {
            let kinds = kinds.iter().map(|kind| of_kind(kind.as_str().expect("a kind"), schema));
            proptest::strategy::Union::new(kinds).boxed()
        }
        kind => of_kind(kind.as_str().unwrap_or("object"), schema),
    }
}

fn of_kind(kind: &str, schema: &'static Value) -> BoxedStrategy<Value> {
    match kind {
        "null" => Just(Value::Null).boxed(),
        "boolean" => any::<bool>().prop_map(Value::from).boxed(),
        "integer" => {
            let bound = |name: &str, other: i64| schema[name].as_i64().unwrap_or(other);
            let (least, most) = (bound("minimum", -1_000), bound("maximum", 1_000_000));
            prop_oneof![Just(least), Just(most), least..=most].prop_map(Value::from).boxed()
        }
        "string" => string(schema),
        "array" => {
            let bound = |name: &str| schema[name].as_u64().and_then(|bound| usize::try_from(bound).ok());
            let least = bound("minItems").unwrap_or(0);
            let most = bound("maxItems").unwrap_or(usize::MAX).min(least + 3);
            prop::collection::vec(value(&schema["items"]), least..=most).prop_map(Value::from).boxed()
        }
        "object" => object(schema),
        other => panic!("the document has a schema of the kind {other}, which no request is made from"),
    }
}

/// Instants around those that the tests live in, and far from them.
const INSTANTS: [&str; 4] =
    ["2026-03-02T09:15:00Z", "2026-03-02T09:30:00.5+01:00", "1970-01-01T00:00:00Z", "9999-12-31T23:59:59Z"];

/// Texts that something might stumble over.
const AWKWARD: [&str; 6] = ["<script>alert(1)</script>", "=1+1", "ü\u{202e}\"'\\", "../../etc/passwd", "a b", "%00"];

fn string(schema: &'static Value) -> BoxedStrategy<Value> {
    if schema["format"] == "date-time" {
        return select(&INSTANTS[..]).prop_map(Value::from).boxed();
    }
    if let Some(pattern) = schema["pattern"].as_str() {
        let inner = pattern.trim_start_matches('^').trim_end_matches('$');
        return string_regex(inner).expect("a pattern that can be made from").prop_map(Value::from).boxed();
    }
    let any = "[ -~äß漢]{1,30}".prop_map(Value::from);
    prop_oneof![2 => any, 1 => select(&AWKWARD[..]).prop_map(Value::from)].boxed()
}

fn object(schema: &'static Value) -> BoxedStrategy<Value> {
    let Some(properties) = schema["properties"].as_object() else { return free(schema) };
    let required: Vec<&str> = schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    let fields: Vec<_> = properties
        .iter()
        .map(|(name, schema)| {
            let given = value(schema).prop_map(move |value| Some((name.clone(), value)));
            if required.contains(&name.as_str()) { given.boxed() } else { prop_oneof![Just(None), given].boxed() }
        })
        .collect();
    fields.prop_map(|fields| Value::Object(fields.into_iter().flatten().collect())).boxed()
}

/// An object whose fields may have any name, or one that a pattern tells.
fn free(schema: &'static Value) -> BoxedStrategy<Value> {
    let name = schema.pointer("/propertyNames/pattern").and_then(Value::as_str).unwrap_or("[A-Za-z_]{1,12}");
    let name = string_regex(name.trim_start_matches('^').trim_end_matches('$')).expect("a pattern");
    let value = match schema.get("additionalProperties").filter(|more| more.is_object()) {
        Some(schema) => value(schema),
        None => wrong(),
    };
    prop::collection::vec((name, value), 0..3).prop_map(|fields| Value::Object(fields.into_iter().collect())).boxed()
}

/// Anything, of any kind.
fn wrong() -> BoxedStrategy<Value> {
    let odd = vec![
        json!(null),
        json!(true),
        json!(-1),
        json!(0),
        json!(u64::MAX),
        json!(1e300),
        json!(0.5),
        json!(""),
        json!("<img src=x onerror=alert(1)>"),
        json!("\u{0}\u{7}"),
        json!("x".repeat(300)),
        json!([]),
        json!({}),
        json!([[[[[[[[]]]]]]]]),
        json!({ "a": { "b": { "c": null } } }),
    ];
    select(odd).boxed()
}

/// A body with one thing wrong.
fn broken(body: Value, wrong: &Value, at: prop::sample::Index, how: u8) -> Value {
    let Value::Object(mut fields) = body else { return wrong.clone() };
    let name = (!fields.is_empty()).then(|| fields.keys().nth(at.index(fields.len())).cloned()).flatten();
    match (how, name) {
        (0, _) => return wrong.clone(),
        (1, Some(name)) => drop(fields.shift_remove(&name)),
        (2, Some(name)) => drop(fields.insert(name, wrong.clone())),
        (_, _) => drop(fields.insert("colour".to_owned(), wrong.clone())),
    }
    Value::Object(fields)
}
