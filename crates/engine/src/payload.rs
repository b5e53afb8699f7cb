//! A record's payload: the fields to write to Salesforce. Its values are never shown by `Debug`.
//!
//! Must not know: how it is stored or sent.

use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;

use serde::de::{DeserializeOwned, DeserializeSeed, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::{Map, Value};

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
    /// When it is not the text of one JSON object whose values can be read.
    pub fn read(text: &str) -> Result<Self, serde_json::Error> {
        look::<Sound>(text, |_| false)?;
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
        look::<IgnoredAny>(&self.0, is_meant).expect("it was an object when it was made or read")
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

/// Reads the text of an object with values of a kind, keeping nothing; whether a name in it is meant.
fn look<V: DeserializeOwned>(text: &str, is_meant: impl FnMut(&str) -> bool) -> Result<bool, serde_json::Error> {
    let mut text = serde_json::Deserializer::from_str(text);
    let found = text.deserialize_map(Object { is_meant, values: PhantomData::<V> })?;
    text.end()?;
    Ok(found)
}

struct Object<F, V> {
    is_meant: F,
    values: PhantomData<V>,
}

impl<'de, F: FnMut(&str) -> bool, V: Deserialize<'de>> Visitor<'de> for Object<F, V> {
    type Value = bool;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut fields: A) -> Result<bool, A::Error> {
        let mut found = false;
        while let Some(is_meant) = fields.next_key_seed(Name(&mut self.is_meant))? {
            found |= is_meant;
            fields.next_value::<V>()?;
        }
        Ok(found)
    }
}

/// A value that can be read, of which nothing is kept. What is merely ignored may be a number that nothing can hold, half a character,
/// or deeper than anybody reads.
struct Sound;

impl<'de> Deserialize<'de> for Sound {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Self)
    }
}

impl<'de> Visitor<'de> for Sound {
    type Value = Self;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value of JSON")
    }

    fn visit_unit<E>(self) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_bool<E>(self, _: bool) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_i64<E>(self, _: i64) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_u64<E>(self, _: u64) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_f64<E>(self, _: f64) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_str<E>(self, _: &str) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut values: A) -> Result<Self, A::Error> {
        while values.next_element::<Self>()?.is_some() {}
        Ok(self)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<Self, A::Error> {
        while fields.next_entry::<IgnoredAny, Self>()?.is_some() {}
        Ok(self)
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
        for unreadable in [r#"{"a": 1e999}"#, r#"{"a": [{"b": "\ud800"}]}"#, r#"{"\ud800": 1}"#] {
            assert!(Payload::read(unreadable).is_err(), "{unreadable}: it would be found out when its fields are read");
        }
        assert_eq!(Payload::read(" {} ").unwrap().text(), "{}");
    }

    #[test]
    fn what_prints_a_payload_shows_its_length_alone() {
        let Value::Object(fields) = json!({ "Name": "secret" }) else { panic!("it is an object") };
        assert_eq!(format!("{:?}", Payload::new(&fields)), "Payload(17 bytes)");
    }
}
