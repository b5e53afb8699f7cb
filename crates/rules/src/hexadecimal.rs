//! Random numbers of 64 bits as text of 16 hexadecimal digits: many readers of JSON have numbers of 53 bits only.
//!
//! Must not know: what the numbers are for.

use serde::de::{Deserialize, Deserializer, Error};
use serde::ser::Serializer;

/// Writes the digits, for `#[serde(with = "…")]`.
///
/// # Errors
/// When the serializer fails.
pub fn serialize<S: Serializer>(number: &u64, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(&format_args!("{number:016x}"))
}

/// Reads them.
///
/// # Errors
/// When the text is not hexadecimal digits of at most 64 bits.
pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u64, D::Error> {
    let digits = String::deserialize(deserializer)?;
    u64::from_str_radix(&digits, 16).map_err(|_| D::Error::custom("it is not 16 hexadecimal digits"))
}
