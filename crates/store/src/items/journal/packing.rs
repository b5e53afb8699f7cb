//! The keys and versions of a batch, packed: a slot is written for every batch, and each kilobyte of it is a write unit.
//!
//! One after another, numbers big-endian: a head of 2 bytes, with the bits below; the 16 bytes of an id that is a UUID, or how many
//! bytes it has in common with the one before, and the others, whose number is in the head; the item's version, 8 bytes; and how
//! far the source version is from the one before, 7 bits a byte. Entries of older versions of this program hold the source version
//! in 8 bytes and every id as it is.
//!
//! Must not know: what they are kept for.

use rules::ids::{Fence, RecordId};
use rules::journal::Sent;
use rules::time::Timestamp;
use rules::version::SourceVersion;

/// The source version is a time.
const IS_TIME: u16 = 1 << 15;
/// The source version is a distance.
const IS_SHORT: u16 = 1 << 14;
/// The id is a UUID in small letters.
const IS_UUID: u16 = 1 << 13;

/// Where a UUID has its hyphens.
const HYPHENS: [usize; 4] = [8, 13, 18, 23];

/// Packs them.
pub(super) fn pack(sent: &[Sent]) -> Vec<u8> {
    let mut packed = Vec::with_capacity(sent.len() * 32);
    let (mut before, mut id_before) = (0_i64, "");
    for Sent { id, fence, version } in sent {
        let (kind, value) = match version {
            SourceVersion::Number(number) => (0, *number),
            SourceVersion::Time(time) => (IS_TIME, time.as_millis()),
        };
        if let Some(bytes) = uuid(id.as_str()) {
            packed.extend((kind | IS_SHORT | IS_UUID).to_be_bytes());
            packed.extend(bytes);
        } else {
            let (shared, rest) = shared(id_before.as_bytes(), id.as_str().as_bytes());
            let length = u16::try_from(rest.len()).expect("an id has at most 255 characters, of 4 bytes at most");
            packed.extend((kind | IS_SHORT | length).to_be_bytes());
            packed.push(shared);
            packed.extend(rest);
        }
        id_before = id.as_str();
        packed.extend(fence.0.to_be_bytes());
        pack_distance(&mut packed, value.wrapping_sub(before));
        before = value;
    }
    packed
}

/// Unpacks them; nothing when it is not what [`pack`] makes.
pub(super) fn unpack(mut packed: &[u8]) -> Option<Vec<Sent>> {
    let mut sent = Vec::new();
    let mut before = 0_i64;
    let mut id_before = String::new();
    while !packed.is_empty() {
        let (head, rest) = packed.split_first_chunk::<2>()?;
        let head = u16::from_be_bytes(*head);
        let (id, rest) = unpack_id(head, &id_before, rest)?;
        id_before.replace_range(.., id.as_str());
        let (fence, rest) = rest.split_first_chunk::<8>()?;
        let (value, rest) = if head & IS_SHORT == 0 {
            let (value, rest) = rest.split_first_chunk::<8>()?;
            (i64::from_be_bytes(*value), rest)
        } else {
            let (distance, rest) = unpack_distance(rest)?;
            (before.wrapping_add(distance), rest)
        };
        let version = match head & IS_TIME {
            0 => SourceVersion::Number(value),
            _ => SourceVersion::Time(Timestamp::from_millis(value)),
        };
        sent.push(Sent { id, fence: Fence(u64::from_be_bytes(*fence)), version });
        (before, packed) = (value, rest);
    }
    Some(sent)
}

fn unpack_id<'a>(head: u16, before: &str, packed: &'a [u8]) -> Option<(RecordId, &'a [u8])> {
    let length = usize::from(head & !(IS_TIME | IS_SHORT | IS_UUID));
    let (id, rest) = if head & IS_UUID != 0 {
        let (bytes, rest) = packed.split_first_chunk::<16>()?;
        (uuid_text(*bytes), rest)
    } else if head & IS_SHORT != 0 {
        let (&shared, rest) = packed.split_first()?;
        let (own, rest) = rest.split_at_checked(length)?;
        let bytes = [before.as_bytes().get(..usize::from(shared))?, own].concat();
        (String::from_utf8(bytes).ok()?, rest)
    } else {
        let (id, rest) = packed.split_at_checked(length)?;
        (String::from_utf8(id.to_vec()).ok()?, rest)
    };
    Some((RecordId::new(id).ok()?, rest))
}

/// How many of its first bytes an id has in common with the one before, 255 at most, and the others.
fn shared<'a>(before: &[u8], id: &'a [u8]) -> (u8, &'a [u8]) {
    let alike = before.iter().zip(id).take(255).take_while(|(one, other)| one == other).count();
    (u8::try_from(alike).expect("255 at most"), &id[alike..])
}

/// The bytes of a text that is a UUID exactly as [`uuid_text`] writes it.
fn uuid(text: &str) -> Option<[u8; 16]> {
    if text.len() != 36 {
        return None;
    }
    let mut number = 0_u128;
    for (place, letter) in text.bytes().enumerate() {
        if HYPHENS.contains(&place) {
            (letter == b'-').then_some(())?;
            continue;
        }
        let digit = match letter {
            b'0'..=b'9' => letter - b'0',
            b'a'..=b'f' => letter - b'a' + 10,
            _ => return None,
        };
        number = number << 4 | u128::from(digit);
    }
    Some(number.to_be_bytes())
}

fn uuid_text(bytes: [u8; 16]) -> String {
    let digits = format!("{:032x}", u128::from_be_bytes(bytes));
    [&digits[..8], &digits[8..12], &digits[12..16], &digits[16..20], &digits[20..]].join("-")
}

/// Small distances either way take one byte: the sign goes to the last bit, and each byte but the last has its first bit set.
fn pack_distance(packed: &mut Vec<u8>, distance: i64) {
    let mut left = (distance << 1 ^ distance >> 63).cast_unsigned();
    while left >= 0x80 {
        packed.push(u8::try_from(left & 0x7f).expect("seven bits") | 0x80);
        left >>= 7;
    }
    packed.push(u8::try_from(left).expect("seven bits"));
}

fn unpack_distance(packed: &[u8]) -> Option<(i64, &[u8])> {
    let mut left = 0_u64;
    for (place, &byte) in packed.iter().enumerate().take(10) {
        left |= u64::from(byte & 0x7f).checked_shl(7 * u32::try_from(place).ok()?)?;
        if byte < 0x80 {
            let distance = (left >> 1).cast_signed() ^ -(left & 1).cast_signed();
            return Some((distance, &packed[place + 1..]));
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn any_id() -> impl Strategy<Value = String> {
        prop_oneof![
            any::<u128>().prop_map(|number| uuid_text(number.to_be_bytes())),
            any::<u128>().prop_map(|number| uuid_text(number.to_be_bytes()).to_uppercase()),
            "[a-zA-Z0-9é-]{1,60}",
            "[0-9a-f]{8}-[0-9a-f-]{27}",
        ]
    }

    fn any_version() -> impl Strategy<Value = SourceVersion> {
        prop_oneof![
            any::<i64>().prop_map(SourceVersion::Number),
            any::<i64>().prop_map(|millis| SourceVersion::Time(Timestamp::from_millis(millis))),
        ]
    }

    proptest! {
        #[test]
        fn whatever_is_packed_is_unpacked(sent in prop::collection::vec((any_id(), any::<u64>(), any_version()), 0..20)) {
            let sent: Vec<_> = sent
                .into_iter()
                .map(|(id, fence, version)| Sent { id: RecordId::new(id).unwrap(), fence: Fence(fence), version })
                .collect();
            prop_assert_eq!(unpack(&pack(&sent)), Some(sent));
        }

        #[test]
        fn bytes_that_nobody_packed_make_no_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            unpack(&bytes);
        }
    }

    #[test]
    fn two_hundred_records_named_by_uuid_that_failed_within_an_hour_take_less_than_six_kilobytes() {
        let sent = |number: u64| Sent {
            id: RecordId::new(uuid_text(
                u128::from(number).wrapping_mul(0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835).to_be_bytes(),
            ))
            .unwrap(),
            fence: Fence(number),
            version: SourceVersion::Time(Timestamp::from_millis(
                1_772_451_600_000 + i64::try_from(number * 7_919 % 3_600_000).unwrap(),
            )),
        };
        let packed = pack(&(0..200).map(sent).collect::<Vec<_>>());
        assert!(packed.len() < 6 * 1_024, "{} bytes", packed.len());
    }

    #[test]
    fn a_slot_of_an_older_version_of_this_program_is_read() {
        let mut packed = Vec::new();
        packed.extend((3_u16 | IS_TIME).to_be_bytes());
        packed.extend(b"c-1");
        packed.extend(7_u64.to_be_bytes());
        packed.extend(1_772_451_600_000_i64.to_be_bytes());
        let sent = Sent {
            id: RecordId::new("c-1").unwrap(),
            fence: Fence(7),
            version: SourceVersion::Time(Timestamp::from_millis(1_772_451_600_000)),
        };
        assert_eq!(unpack(&packed), Some(vec![sent]));
    }
}
