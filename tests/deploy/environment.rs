//! The environment of each function: exactly the variables that its binary asks for, by the binary's own reading, each with what it is
//! about.
//!
//! Must not know: what a variable is for.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;

use functions::{ApiConfig, Config};
use serde_json::{Value, json};

use super::template::{Given, Template};
use super::triggers::BINARIES;

/// The variables that a binary asks for, whatever their values.
pub(crate) fn asked_by(binary: &str) -> BTreeSet<&'static str> {
    let asked = RefCell::new(BTreeSet::new());
    let look_up = |name: &'static str| {
        asked.borrow_mut().insert(name);
        Some(OsString::from("info"))
    };
    let read = match binary {
        "api" => ApiConfig::read(look_up).map(drop),
        _ => Config::read(look_up).map(drop),
    };
    let asked = asked.into_inner();
    // What was asked for was answered, with values that may be wrong for it; nothing was left out because of that.
    assert!(read.is_ok() || binary == "api", "{binary} takes info for any setting");
    asked
}

/// The variables that the template sets for a binary's function. `known` has what its references come to; a parameter that is not
/// among them has its default.
pub(crate) fn set_for(binary: &str, known: &BTreeMap<&str, &str>) -> BTreeMap<String, String> {
    let template = Template::of_the_project(Given::Nothing);
    let function = template.function(binary).unwrap_or_else(|| panic!("no function is built from {binary}"));
    let variables = function.properties["Environment"]["Variables"].as_object().unwrap();
    let come_to = |value: &Value| match value {
        Value::String(text) => text.clone(),
        reference => {
            // A list is given to CloudFormation as one text with commas, which is what joining it by commas makes of it.
            let joined = &reference["Fn::Join"];
            let reference = if joined[0] == "," { &joined[1] } else { reference };
            let name = reference["Ref"].as_str().unwrap_or_else(|| panic!("{value} is no reference"));
            let default = || template.part("Parameters")[name]["Default"].as_str().unwrap();
            known.get(name).copied().unwrap_or_else(default).to_owned()
        }
    };
    variables.iter().map(|(name, value)| (name.clone(), come_to(value))).collect()
}

/// What is wrong with the environments.
pub(super) fn problems(template: &Template) -> Vec<String> {
    BINARIES.iter().flat_map(|binary| of_binary(template, binary)).collect()
}

fn of_binary(template: &Template, binary: &str) -> Vec<String> {
    let Some(function) = template.function(binary) else {
        return vec![format!("no function is built from the binary {binary}")];
    };
    let variables = &function.properties["Environment"]["Variables"];
    let set: BTreeSet<&str> = variables.as_object().into_iter().flatten().map(|(name, _)| name.as_str()).collect();
    let asked = asked_by(binary);
    let missing =
        asked.difference(&set).map(|name| format!("{} is not told {name}, which its binary asks for", function.name));
    let idle =
        set.difference(&asked).map(|name| format!("{} is told {name}, which its binary never asks for", function.name));
    let told_wrong = set
        .intersection(&asked)
        .filter(|name| variables[**name] != value_of(name))
        .map(|name| format!("{} is told {} as {name}", function.name, variables[*name]));
    missing.chain(idle).chain(told_wrong).collect()
}

/// What a variable is to be.
fn value_of(name: &str) -> Value {
    match name {
        "RESYNC_TABLE" => json!({"Ref": "Table"}),
        "RESYNC_EVENT_BUS" => json!({"Ref": "EventBus"}),
        "RUST_LOG" => json!({"Ref": "LogLevel"}),
        "RESYNC_OPERATORS" => json!({"Fn::Join": [",", {"Ref": "Operators"}]}),
        "RESYNC_VIEWERS" => json!({"Fn::Join": [",", {"Ref": "Viewers"}]}),
        _ => Value::Null,
    }
}

#[test]
fn a_function_that_is_told_of_another_table_is_found_out() {
    let text =
        super::template::text("template.yaml").replace("RESYNC_TABLE: !Ref Table", "RESYNC_TABLE: !Ref EventBus");
    let whole = super::template::translated(&[text]).remove(0);
    let said = problems(&Template::of(whole, Given::Nothing));
    assert_eq!(said.len(), BINARIES.len(), "{said:?}");
    assert!(said.iter().all(|one| one.ends_with("as RESYNC_TABLE")), "{said:?}");
}
