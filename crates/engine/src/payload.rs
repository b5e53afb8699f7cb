//! A record's payload: the fields to write to Salesforce. Its values are never shown by `Debug`.
//!
//! Must not know: how it is stored or sent.

use std::fmt;
use std::sync::Arc;

use serde::Deserializer;
use serde::de::{DeserializeSeed, Error, IgnoredAny, MapAccess, Visitor};
use serde_json::{Map, Value};

/// So deep may values stand in one another, as `serde_json` reads them.
const DEEPEST: usize = 127;

/// The fields to write, by API name, as the text of a JSON object: a run passes it on and makes nothing of it. Whatever prints it
/// shows its length only. A clone is the same text: a batch may be sent more than once.
#[derive(Clone, PartialEq, Eq)]
pub struct Payload(Arc<str>);

impl Payload {
    /// A payload of these fields.
    ///
    /// # Panics
    /// Never: an object with text for keys can be written.
    #[must_use]
    pub fn new(fields: &Map<String, Value>) -> Self {
        Self(serde_json::to_string(fields).expect("an object with text for keys can be written").into())
    }

    /// A payload as [`text`](Self::text) gives it.
    ///
    /// # Errors
    /// When it is not the text of one JSON object.
    pub fn read(text: &str) -> Result<Self, serde_json::Error> {
        look(text, |_| false)?;
        if text.bytes().filter(|byte| matches!(byte, b'{' | b'[')).count() > DEEPEST {
            serde_json::from_str::<Map<String, Value>>(text)?;
        }
        Ok(Self(text.trim().into()))
    }

    /// The text.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.0
    }

    /// The fields; it is read for that.
    ///
    /// # Panics
    /// Never: it was an object when it was made or read.
    #[must_use]
    pub fn fields(&self) -> Map<String, Value> {
        serde_json::from_str(&self.0).expect("it was an object when it was made or read")
    }

    /// Whether a field's name is meant.
    ///
    /// # Panics
    /// Never: it was an object when it was made or read.
    pub fn has(&self, is_meant: impl FnMut(&str) -> bool) -> bool {
        look(&self.0, is_meant).expect("it was an object when it was made or read")
    }

    /// Its length as JSON, in bytes.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.0.len()
    }
}

impl Default for Payload {
    fn default() -> Self {
        Self("{}".into())
    }
}

impl fmt::Debug for Payload {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Payload({} bytes)", self.bytes())
    }
}

/// Reads the text of an object, keeping nothing; whether a name in it is meant.
fn look(text: &str, is_meant: impl FnMut(&str) -> bool) -> Result<bool, serde_json::Error> {
    let mut text = serde_json::Deserializer::from_str(text);
    let found = text.deserialize_map(Object(is_meant))?;
    text.end()?;
    Ok(found)
}

struct Object<F>(F);

impl<'de, F: FnMut(&str) -> bool> Visitor<'de> for Object<F> {
    type Value = bool;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut fields: A) -> Result<bool, A::Error> {
        let mut found = false;
        while let Some(is_meant) = fields.next_key_seed(Name(&mut self.0))? {
            found |= is_meant;
            fields.next_value::<IgnoredAny>()?;
        }
        Ok(found)
    }
}

struct Name<'f, F>(&'f mut F);

impl<'de, F: FnMut(&str) -> bool> DeserializeSeed<'de> for Name<'_, F> {
    type Value = bool;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<bool, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl<F: FnMut(&str) -> bool> Visitor<'_> for Name<'_, F> {
    type Value = bool;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a name")
    }

    fn visit_str<E: Error>(self, name: &str) -> Result<bool, E> {
        Ok((self.0)(name))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_payload_is_read_as_it_was_written_and_knows_the_names_of_its_own_fields_only() {
        let fields = json!({ "Name": "Bo", "Account": { "Ext__c": "a\"b" }, "N\u{e4}me": [1, { "Deep": null }] });
        let Value::Object(fields) = fields else { panic!("it is an object") };
        let payload = Payload::new(&fields);
        assert_eq!(Payload::read(payload.text()).unwrap(), payload);
        assert_eq!(payload.fields(), fields);
        assert_eq!(payload.bytes(), payload.text().len());
        for (name, is_there) in [("Name", true), ("N\u{e4}me", true), ("Ext__c", false), ("Deep", false)] {
            assert_eq!(payload.has(|field| field == name), is_there, "{name}");
        }
        assert!(Payload::read(r#"{"\u0041": 1}"#).unwrap().has(|field| field == "A"), "however it is written");
    }

    #[test]
    fn what_is_not_the_text_of_one_object_is_no_payload() {
        for wrong in ["", "[]", "null", "\"a\"", "{", "{}{}", "{\"a\":}", "{\"a\":1,}", "{} x"] {
            assert!(Payload::read(wrong).is_err(), "{wrong}");
        }
        let deep = |levels: usize| format!("{{\"a\":{}{}}}", "[".repeat(levels), "]".repeat(levels));
        assert_eq!(Payload::read(&deep(100)).unwrap().fields().len(), 1);
        assert!(Payload::read(&deep(200)).is_err(), "nobody could read its fields");
        assert_eq!(Payload::read(" {} ").unwrap().text(), "{}");
    }

    #[test]
    fn what_prints_a_payload_shows_its_length_alone() {
        let Value::Object(fields) = json!({ "Name": "secret" }) else { panic!("it is an object") };
        assert_eq!(format!("{:?}", Payload::new(&fields)), "Payload(17 bytes)");
    }
}
