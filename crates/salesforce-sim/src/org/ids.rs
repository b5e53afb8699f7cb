//! Record ids and date-times in Salesforce's spelling. It must not use chance: ids are counters.

use jiff::Timestamp;
use serde_json::Value;

use crate::names::{Millis, ObjectName, SalesforceId};

const BASE_62: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
const CHECKSUM: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ012345";

/// The first three characters of the ids of one object.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Prefix([u8; 3]);

impl Prefix {
    /// The well-known prefix of a standard object, else one that depends on how many objects came before.
    pub(crate) fn of(object: &ObjectName, objects_before: usize) -> Self {
        Self(match object.as_str() {
            "Account" => *b"001",
            "Contact" => *b"003",
            "Opportunity" => *b"006",
            "Lead" => *b"00Q",
            "Case" => *b"500",
            _ => [b'a', BASE_62[objects_before / 62 % 62], BASE_62[objects_before % 62]],
        })
    }
}

/// The ids of one object, counted from 1.
#[derive(Debug)]
pub(crate) struct IdSeries {
    prefix: Prefix,
    last: u64,
}

impl IdSeries {
    /// A series that has given no id yet.
    pub(crate) const fn new(prefix: Prefix) -> Self {
        Self { prefix, last: 0 }
    }

    /// The next id: prefix, twelve digits in base 62, three characters of checksum.
    pub(crate) fn next_id(&mut self) -> SalesforceId {
        self.last += 1;
        let mut id = [b'0'; 18];
        id[..3].copy_from_slice(&self.prefix.0);
        let mut rest = self.last;
        for digit in id[3..15].iter_mut().rev() {
            *digit = BASE_62[usize::try_from(rest % 62).expect("a remainder of 62 fits")];
            rest /= 62;
        }
        for group in 0..3 {
            id[15 + group] = checksum(&id[group * 5..group * 5 + 5]);
        }
        SalesforceId::from(String::from_utf8_lossy(&id).into_owned())
    }
}

/// One checksum character: the bits say which of five characters are capitals.
fn checksum(five: &[u8]) -> u8 {
    let bits = five.iter().enumerate().filter(|(_, byte)| byte.is_ascii_uppercase()).map(|(at, _)| 1 << at);
    CHECKSUM[bits.sum::<usize>()]
}

/// An 18-character id from 15 or 18 characters: clients may send either.
pub(crate) fn normal_id(id: &str) -> SalesforceId {
    let bytes = id.as_bytes();
    if bytes.len() != 15 || !id.is_ascii() {
        return SalesforceId::from(id);
    }
    let suffix = bytes.chunks(5).map(|five| char::from(checksum(five)));
    SalesforceId::from(id.chars().chain(suffix).collect::<String>())
}

/// A date-time as Salesforce writes it, such as `2026-01-01T00:00:00.000+0000`.
pub(crate) fn datetime(at: Millis) -> Value {
    match Timestamp::from_millisecond(at.0) {
        Ok(timestamp) => Value::from(timestamp.strftime("%Y-%m-%dT%H:%M:%S.%3f+0000").to_string()),
        Err(_) => Value::Null,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_of_15_characters_gets_the_checksum_of_its_capitals() {
        assert_eq!(normal_id("00130000000xEft").as_str(), "00130000000xEftAAE");
        assert_eq!(normal_id("0030000000000az").as_str(), "0030000000000azAAA");
    }

    #[test]
    fn ids_are_counters_of_18_characters() {
        let mut ids = IdSeries::new(Prefix::of(&ObjectName::from("Contact"), 0));
        assert_eq!(ids.next_id().as_str(), "003000000000001AAA");
        assert_eq!(ids.next_id().as_str(), "003000000000002AAA");
    }

    #[test]
    fn a_date_time_has_milliseconds_and_a_numeric_zone() {
        assert_eq!(datetime(Millis(1_767_225_600_007)), Value::from("2026-01-01T00:00:00.007+0000"));
    }
}
