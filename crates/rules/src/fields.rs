//! Reading an object of JSON so that all its mistakes are reported together, each with its field, problem and mend.
//!
//! Must not know: which objects there are.

use std::fmt;

use serde::Serialize;
use serde_json::{Map, Value};

use crate::time::Timestamp;

/// One mistake in an input.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Mistake {
    /// The path to the field, such as `target.login_url`.
    pub field: String,
    /// What is wrong with it. Never quotes a payload or a secret.
    pub problem: String,
    /// How to put it right.
    pub mend: String,
}

impl fmt::Display for Mistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}; {}", self.field, self.problem, self.mend)
    }
}

/// All mistakes of one input.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, thiserror::Error)]
#[error("{}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))]
pub struct Mistakes(pub Vec<Mistake>);

/// Reads the fields of one object and gathers mistakes instead of stopping at the first.
#[derive(Debug)]
pub struct Fields<'a> {
    path: String,
    object: Option<&'a Map<String, Value>>,
    known: Vec<&'static str>,
    mistakes: Vec<Mistake>,
}

impl<'a> Fields<'a> {
    /// Reads `value`, which is found at `path` (empty for the input itself).
    #[must_use]
    pub fn of(path: &str, value: &'a Value) -> Self {
        let mut fields =
            Self { path: path.to_owned(), object: value.as_object(), known: Vec::new(), mistakes: Vec::new() };
        if fields.object.is_none() {
            fields.mistakes.push(Mistake {
                field: if path.is_empty() { "(input)".to_owned() } else { path.to_owned() },
                problem: format!("is {}, not an object", kind(value)),
                mend: "write it as { \"field\": value, … }".to_owned(),
            });
        }
        fields
    }

    /// Notes a mistake in the field `name`.
    pub fn wrong(&mut self, name: &str, problem: impl Into<String>, mend: impl Into<String>) {
        let field = if self.path.is_empty() { name.to_owned() } else { format!("{}.{name}", self.path) };
        self.mistakes.push(Mistake { field, problem: problem.into(), mend: mend.into() });
    }

    /// Takes over the mistakes of an object inside this one.
    pub fn gather(&mut self, mistakes: Vec<Mistake>) {
        self.mistakes.extend(mistakes);
    }

    /// The field's value, unless it is absent or null.
    pub fn value(&mut self, name: &'static str) -> Option<&'a Value> {
        self.known.push(name);
        self.object?.get(name).filter(|value| !value.is_null())
    }

    /// The field's value; its absence is a mistake.
    pub fn required(&mut self, name: &'static str) -> Option<&'a Value> {
        let value = self.value(name);
        if value.is_none() && self.object.is_some() {
            self.wrong(name, "is missing", "add it");
        }
        value
    }

    /// An optional text, made into a `T` that checks it.
    pub fn optional_text<T>(&mut self, name: &'static str) -> Option<T>
    where
        T: TryFrom<String>,
        T::Error: fmt::Display,
    {
        let value = self.value(name)?;
        self.as_text(name, value)
    }

    /// A text that must be there, made into a `T` that checks it.
    pub fn text<T>(&mut self, name: &'static str) -> Option<T>
    where
        T: TryFrom<String>,
        T::Error: fmt::Display,
    {
        let value = self.required(name)?;
        self.as_text(name, value)
    }

    fn as_text<T>(&mut self, name: &str, value: &Value) -> Option<T>
    where
        T: TryFrom<String>,
        T::Error: fmt::Display,
    {
        let Some(text) = value.as_str() else {
            self.wrong(name, format!("is {}, not a text", kind(value)), "write it in quotes");
            return None;
        };
        match T::try_from(text.to_owned()) {
            Ok(read) => Some(read),
            Err(error) => {
                let said = error.to_string();
                let (problem, mend) = said.split_once("; ").unwrap_or((&said, "correct it"));
                self.wrong(name, problem, mend);
                None
            }
        }
    }

    /// An optional whole number within `range`.
    pub fn number(&mut self, name: &'static str, range: std::ops::RangeInclusive<u64>) -> Option<u64> {
        let value = self.value(name)?;
        let number = value.as_u64().filter(|number| range.contains(number));
        if number.is_none() {
            let mend = format!("write a whole number from {} to {}", range.start(), range.end());
            self.wrong(name, "is not a number that fits here", mend);
        }
        number
    }

    /// An optional `true` or `false`.
    pub fn flag(&mut self, name: &'static str) -> Option<bool> {
        let value = self.value(name)?;
        let flag = value.as_bool();
        if flag.is_none() {
            self.wrong(name, format!("is {}", kind(value)), "write true or false");
        }
        flag
    }

    /// An optional RFC 3339 time.
    pub fn time(&mut self, name: &'static str) -> Option<Timestamp> {
        let value = self.value(name)?;
        let time = value.as_str().and_then(|text| Timestamp::parse(text).ok());
        if time.is_none() {
            self.wrong(name, "is not a time", "write an RFC 3339 time such as 2026-03-01T09:30:00Z");
        }
        time
    }

    /// Ends the reading: notes every field that nobody asked for, and hands over the mistakes.
    #[must_use]
    pub fn strict(mut self) -> Vec<Mistake> {
        let unknown: Vec<&String> = self.object.iter().flat_map(|object| object.keys()).collect();
        for name in unknown {
            if !self.known.contains(&name.as_str()) {
                let mend = format!("remove it; known are {}", self.known.join(", "));
                self.wrong(name, "is not a known field", mend);
            }
        }
        self.mistakes
    }

    /// Ends the reading: hands over the mistakes; fields that nobody asked for are left to later versions.
    #[must_use]
    pub fn lenient(self) -> Vec<Mistake> {
        self.mistakes
    }
}

/// What a value is, in words.
#[must_use]
pub fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "true or false",
        Value::Number(_) => "a number",
        Value::String(_) => "a text",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}
