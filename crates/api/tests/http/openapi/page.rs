//! docs/api.md is written from the document. `RESYNC_WRITE_DOCS=1 cargo test -p api --test http openapi::page` writes it anew.
//!
//! Must not know: what the routes do.

use std::fmt::Write;
use std::fs;

use serde_json::Value;

use super::document::{DOCUMENT, Operation, operations, resolved};

const PAGE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/api.md");

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

fn page() -> String {
    let mut page = String::from(
        "<!-- Written from crates/api/openapi.json by a test; see crates/api/tests/http/openapi/page.rs. -->\n\n# HTTP interface\n\n",
    );
    write!(page, "{}\n\n", text(&DOCUMENT["info"]["description"])).expect("a text takes all");
    page += "The same as an OpenAPI 3.1 document: [crates/api/openapi.json](../crates/api/openapi.json), served at `GET /v1/openapi.json`.\n\n";
    for tag in DOCUMENT["tags"].as_array().expect("tags") {
        write!(page, "## {}\n\n{}\n\n", text(&tag["name"]), text(&tag["description"])).expect("a text takes all");
        for operation in operations().into_iter().filter(|operation| operation.spec["tags"][0] == tag["name"]) {
            page += &section(&operation);
        }
    }
    page += "## Objects\n\n";
    for (name, schema) in DOCUMENT["components"]["schemas"].as_object().expect("schemas") {
        page += &described(name, schema);
    }
    page.trim_end().to_owned() + "\n"
}

fn section(operation: &Operation) -> String {
    let mut text_of = format!("### {}\n\n", text(&operation.spec["summary"]));
    write!(text_of, "`{} {}`\n\n", operation.method.to_ascii_uppercase(), operation.path).expect("a text takes all");
    let description = text(&operation.spec["description"]);
    if !description.is_empty() {
        write!(text_of, "{description}\n\n").expect("a text takes all");
    }
    let parameters = operation.parameters();
    let shown = parameters.iter().filter(|parameter| parameter["in"] != "path" && parameter["in"] != "header");
    let rows: Vec<String> = shown
        .map(|parameter| row(text(&parameter["name"]), &parameter["schema"], text(&parameter["description"])))
        .collect();
    if !rows.is_empty() {
        write!(text_of, "| Parameter | Is | |\n|---|---|---|\n{}\n\n", rows.join("\n")).expect("a text takes all");
    }
    if parameters.iter().any(|parameter| parameter["name"] == "Idempotency-Key") {
        text_of += "Operators only; takes an `Idempotency-Key`.\n\n";
    }
    text_of += &body(operation);
    text_of += &answers(operation);
    text_of
}

fn body(operation: &Operation) -> String {
    let Some(schema) = operation.body() else { return String::new() };
    let limit = text(&operation.spec["requestBody"]["description"]);
    let mut said = format!("Body: {}. {limit}\n\n", kind(schema));
    if let Some(example) = operation.spec.pointer("/requestBody/content/application~1json/example") {
        write!(said, "```json\n{}\n```\n\n", pretty(example)).expect("a text takes all");
    }
    said
}

fn answers(operation: &Operation) -> String {
    let mut said = String::from("Answers:\n\n");
    for (status, answer) in operation.spec["responses"].as_object().expect("responses") {
        let kinds: Vec<String> = answer["content"]
            .as_object()
            .into_iter()
            .flatten()
            .map(
                |(media, content)| {
                    if media.ends_with("json") { kind(&content["schema"]) } else { format!("`{media}`") }
                },
            )
            .collect();
        let is_problem = answer["content"].get("application/problem+json").is_some();
        let what = if is_problem { text(&answer["description"]).to_owned() } else { kinds.join(" or ") };
        let what = if what.is_empty() { "no body".to_owned() } else { what };
        writeln!(said, "- {status}: {what}").expect("a text takes all");
    }
    said + "\n"
}

fn pretty(value: &Value) -> String {
    serde_json::to_string_pretty(value).expect("a value can be written")
}

fn described(name: &str, schema: &'static Value) -> String {
    let mut said = format!("### {name}\n\n");
    let description = text(&schema["description"]);
    if !description.is_empty() {
        write!(said, "{description}\n\n").expect("a text takes all");
    }
    let rows = rows(schema);
    if rows.is_empty() {
        write!(said, "{}\n\n", of(schema)).expect("a text takes all");
    } else {
        write!(said, "| Field | Is | |\n|---|---|---|\n{}\n\n", rows.join("\n")).expect("a text takes all");
    }
    said
}

fn rows(schema: &'static Value) -> Vec<String> {
    let parts = schema["allOf"].as_array().into_iter().flatten().flat_map(|part| rows(resolved(part)));
    let required: Vec<&str> = schema["required"].as_array().into_iter().flatten().map(text).collect();
    let own = schema["properties"].as_object().into_iter().flatten().map(|(name, field)| {
        let optional = if required.contains(&name.as_str()) { "" } else { " (may be left out)" };
        let description = format!("{}{optional}", text(&field["description"]));
        row(name, field, description.trim_start())
    });
    parts.chain(own).collect()
}

fn row(name: &str, schema: &Value, description: &str) -> String {
    format!("| `{name}` | {} | {} |", kind(schema).replace('|', "\\|"), description.replace('|', "\\|"))
}

/// A schema in a few words; one with a name by that name.
fn kind(schema: &Value) -> String {
    if let Some(place) = schema["$ref"].as_str() {
        let name = place.rsplit('/').next().unwrap_or_default();
        return format!("[{name}](#{})", name.to_ascii_lowercase());
    }
    of(schema)
}

fn of(schema: &Value) -> String {
    if let Some(value) = schema.get("const") {
        return format!("`{value}`");
    }
    if let Some(values) = schema["enum"].as_array() {
        return values.iter().map(|value| format!("`{}`", text(value))).collect::<Vec<_>>().join(", ");
    }
    if let Some(choices) = schema["oneOf"].as_array().or(schema["anyOf"].as_array()) {
        return choices.iter().map(kind).collect::<Vec<_>>().join(" or ");
    }
    match &schema["type"] {
        Value::Array(kinds) => kinds.iter().map(|one| word(text(one), schema)).collect::<Vec<_>>().join(" or "),
        one => word(text(one), schema),
    }
}

fn word(kind_of: &str, schema: &Value) -> String {
    match kind_of {
        "null" => "null".to_owned(),
        "boolean" => "true or false".to_owned(),
        "integer" => match (schema["minimum"].as_i64(), schema["maximum"].as_i64()) {
            (Some(least), Some(most)) => format!("{least} to {most}"),
            (_, _) => "number".to_owned(),
        },
        "string" => match schema["pattern"].as_str() {
            Some(pattern) => format!("text, `{pattern}`"),
            None if schema["format"] == "date-time" => "time".to_owned(),
            None => "text".to_owned(),
        },
        "array" => format!("list of {}", kind(&schema["items"])),
        _ => "object".to_owned(),
    }
}

#[test]
fn the_page_says_what_the_document_says() {
    let page = page();
    if std::env::var_os("RESYNC_WRITE_DOCS").is_some() {
        fs::write(PAGE, &page).expect("the page is written");
        return;
    }
    let shown = fs::read_to_string(PAGE).unwrap_or_default();
    assert!(
        shown == page,
        "docs/api.md is stale; RESYNC_WRITE_DOCS=1 cargo test -p api --test http openapi::page writes it anew"
    );
}
