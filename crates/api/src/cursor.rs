//! A page's place as an opaque text, good for the listing that it comes from and for no other.
//!
//! Must not know: what a place is made of.

use std::fmt::Write;

use engine::overview::{Filter, Place};
use sha2::{Digest, Sha256};

/// The hexadecimal digits of the check: it tells mistakes, not attacks, which gain nothing here.
const CHECK: usize = 16;

/// The place as a text.
pub(crate) fn write(place: &Place, connection: &str, filter: &Filter) -> String {
    let place = serde_json::to_string(place).expect("a place has no map with keys that are not texts");
    let mut text = check(&place, connection, filter);
    for byte in place.bytes() {
        write!(text, "{byte:02x}").expect("a text takes all that is written into it");
    }
    text
}

/// The place of a text, unless it is of another listing, or of none.
pub(crate) fn read(text: &str, connection: &str, filter: &Filter) -> Option<Place> {
    let (given, digits) = text.split_at_checked(CHECK)?;
    let (pairs, []) = digits.as_bytes().as_chunks::<2>() else { return None };
    let byte = |pair: &[u8; 2]| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok();
    let place = String::from_utf8(pairs.iter().map(byte).collect::<Option<Vec<_>>>()?).ok()?;
    let is_ours = given == check(&place, connection, filter);
    is_ours.then(|| serde_json::from_str(&place).ok()).flatten()
}

fn check(place: &str, connection: &str, filter: &Filter) -> String {
    let filter = serde_json::to_string(filter).expect("a filter has no map with keys that are not texts");
    let mut digits = hexadecimal(format!("{connection}\n{filter}\n{place}").as_bytes());
    digits.truncate(CHECK);
    digits
}

/// The SHA-256 of some bytes, in hexadecimal digits.
pub(crate) fn hexadecimal(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().fold(String::with_capacity(64), |mut digits, byte| {
        write!(digits, "{byte:02x}").expect("a text takes all that is written into it");
        digits
    })
}

#[cfg(test)]
mod tests {
    use engine::ports::PageToken;
    use rules::catalogue::ErrorType;
    use rules::resync::FailingState;

    use super::*;

    fn place() -> Place {
        let error_type = ErrorType::parse("daco-10").expect("a valid type");
        Place { error_type, token: Some(PageToken("{\"é\":1}".to_owned())), searched: 7 }
    }

    #[test]
    fn a_place_is_read_back_by_the_listing_that_wrote_it() {
        let text = write(&place(), "acme", &Filter::default());
        assert_eq!(read(&text, "acme", &Filter::default()), Some(place()));
    }

    #[test]
    fn a_place_of_another_connection_or_filter_or_of_nobody_is_refused() {
        let held = Filter { state: Some(FailingState::Held), ..Filter::default() };
        let text = write(&place(), "acme", &held);
        assert_eq!(read(&text, "globex", &held), None);
        assert_eq!(read(&text, "acme", &Filter::default()), None);
        for made_up in ["", "é", "0123456789abcdef", "0123456789abcdef7", &text[..text.len() - 2], &format!("{text}zz")]
        {
            assert_eq!(read(made_up, "acme", &held), None, "{made_up}");
        }
    }

    #[test]
    fn a_fingerprint_is_the_sha_256_as_nist_publishes_it() {
        let published = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert_eq!(hexadecimal(b"abc"), published);
    }
}
