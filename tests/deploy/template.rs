//! A template as `CloudFormation` is given it: translated by SAM's own translator, its conditions decided.
//!
//! Must not know: what should be in it.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::{LazyLock, Mutex};

use serde_json::{Map, Value};

/// What whoever deploys gives: every optional parameter, or none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Given {
    Nothing,
    Everything,
}

impl Given {
    pub(super) const BOTH: [Self; 2] = [Self::Nothing, Self::Everything];
}

/// A template whose conditions are decided.
#[derive(Clone, Debug)]
pub(super) struct Template {
    pub(super) given: Given,
    whole: Value,
}

/// One resource.
#[derive(Clone, Copy, Debug)]
pub(super) struct Resource<'a> {
    pub(super) name: &'a str,
    pub(super) kind: &'a str,
    /// All of it, its type and policies included.
    pub(super) whole: &'a Value,
    pub(super) properties: &'a Value,
}

/// A file of the project.
pub(super) fn path(file: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(file)
}

/// The text of a file of the project.
pub(super) fn text(file: &str) -> String {
    std::fs::read_to_string(path(file)).unwrap_or_else(|problem| panic!("{file}: {problem}"))
}

/// What `CloudFormation` would be given for each text.
pub(super) fn translated(texts: &[String]) -> Vec<Value> {
    let python = path(".venv/bin/python");
    assert!(python.exists(), "the translator is missing; run tests/run once, which installs it into .venv");
    let mut translator = Command::new(python)
        .arg(path("tests/deploy/translate.py"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    translator.stdin.take().unwrap().write_all(&serde_json::to_vec(texts).unwrap()).unwrap();
    let done = translator.wait_with_output().unwrap();
    assert!(done.status.success(), "the translator failed: {}", String::from_utf8_lossy(&done.stderr));
    serde_json::from_slice(&done.stdout).unwrap()
}

/// The same for a file of the project, which does not change while the tests run.
fn translated_once(file: &str) -> Value {
    static KNOWN: LazyLock<Mutex<BTreeMap<String, Value>>> = LazyLock::new(Mutex::default);
    let mut known = KNOWN.lock().unwrap();
    known.entry(file.to_owned()).or_insert_with(|| translated(&[text(file)]).remove(0)).clone()
}

impl Template {
    /// The project's own.
    pub(super) fn of_the_project(given: Given) -> Self {
        Self::of_file("template.yaml", given)
    }

    /// One of the project's.
    pub(super) fn of_file(file: &str, given: Given) -> Self {
        Self::of(translated_once(file), given)
    }

    /// A translated one.
    pub(super) fn of(mut whole: Value, given: Given) -> Self {
        let resources = decided(whole["Resources"].take(), given).expect("no condition takes all of it away");
        whole["Resources"] = resources;
        Self { given, whole }
    }

    pub(super) fn resources(&self) -> impl Iterator<Item = Resource<'_>> {
        let all = self.whole["Resources"].as_object().unwrap();
        all.iter().map(|(name, whole)| Resource {
            name,
            kind: whole["Type"].as_str().unwrap(),
            whole,
            properties: whole.get("Properties").unwrap_or(&Value::Null),
        })
    }

    pub(super) fn of_kind<'a>(&'a self, kind: &'a str) -> impl Iterator<Item = Resource<'a>> {
        self.resources().filter(move |resource| resource.kind == kind)
    }

    pub(super) fn resource(&self, name: &str) -> Option<Resource<'_>> {
        self.resources().find(|resource| resource.name == name)
    }

    /// The function that this binary is built for, such as `retry-due`.
    pub(super) fn function(&self, binary: &str) -> Option<Resource<'_>> {
        let is_built = |function: &Resource<'_>| function.whole["Metadata"]["BuildProperties"]["Binary"] == binary;
        self.of_kind("AWS::Lambda::Function").find(is_built)
    }

    /// A part of it beside the resources, such as `Outputs`.
    pub(super) fn part(&self, name: &str) -> &Map<String, Value> {
        static NOTHING: LazyLock<Map<String, Value>> = LazyLock::new(Map::new);
        self.whole.get(name).and_then(Value::as_object).unwrap_or(&NOTHING)
    }
}

/// The resource that a value refers to, if it does.
pub(super) fn referred(value: &Value) -> Option<&str> {
    let attribute = || value.get("Fn::GetAtt")?.get(0)?.as_str();
    value.get("Ref").and_then(Value::as_str).or_else(attribute)
}

/// The one or several values of a property that takes both.
pub(super) fn each(value: &Value) -> Vec<&Value> {
    match value {
        Value::Array(values) => values.iter().collect(),
        Value::Null => Vec::new(),
        one => vec![one],
    }
}

/// A value with its conditions decided; none when they leave nothing of it.
fn decided(value: Value, given: Given) -> Option<Value> {
    match value {
        Value::Object(mut map) if map.contains_key("Fn::If") => {
            let place = match given {
                Given::Everything => 1,
                Given::Nothing => 2,
            };
            decided(map["Fn::If"][place].take(), given)
        }
        Value::Object(map) if map.get("Ref").is_some_and(|of| of == "AWS::NoValue") => None,
        Value::Object(map) if map.contains_key("Condition") && map.contains_key("Type") && given == Given::Nothing => {
            None
        }
        Value::Object(map) => {
            let kept = map.into_iter().filter_map(|(name, value)| Some((name, decided(value, given)?)));
            Some(Value::Object(kept.collect()))
        }
        Value::Array(values) => Some(values.into_iter().filter_map(|value| decided(value, given)).collect()),
        other => Some(other),
    }
}
