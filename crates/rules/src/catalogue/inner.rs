//! Finds the code that a message names, as in `sync failed: UNABLE_TO_LOCK_ROW: unable to obtain exclusive access`.
//! It must not know: which codes there are; it asks.

use super::Code;

/// The first known code in `message`: a word in capitals that has an underscore or is followed by a colon, so that
/// an ordinary word in capitals (CONFLICT, MODIFIED) is not taken for one.
pub(super) fn find(message: &str, is_known: impl Fn(&Code) -> bool) -> Option<Code> {
    words(message)
        .filter(|(word, next)| looks_like_code(word, *next))
        .filter_map(|(word, _)| Code::new(word))
        .find(is_known)
}

/// Each word, with the character after it.
fn words(message: &str) -> impl Iterator<Item = (&str, Option<char>)> {
    let is_boundary = |c: char| !(c.is_alphanumeric() || c == '_');
    message.split_inclusive(is_boundary).map(move |piece| {
        let word = piece.trim_end_matches(is_boundary);
        (word, piece[word.len()..].chars().next())
    })
}

fn looks_like_code(word: &str, next: Option<char>) -> bool {
    let in_capitals = word.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_');
    in_capitals && (word.contains('_') || next == Some(':'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn any(message: &str) -> Option<String> {
        find(message, |_| true).map(String::from)
    }

    #[test]
    fn a_code_at_the_start_or_in_the_middle_is_found() {
        assert_eq!(any("ROW_LOCK: busy").as_deref(), Some("ROW_LOCK"));
        assert_eq!(any("it failed (ROW_LOCK), busy").as_deref(), Some("ROW_LOCK"));
        assert_eq!(any("it failed with NOTFOUND: no such thing").as_deref(), Some("NOTFOUND"));
    }

    #[test]
    fn ordinary_words_and_field_names_are_not_codes() {
        assert_eq!(any("The record was MODIFIED by Ext_Id__c"), None);
        assert_eq!(any(""), None);
    }

    #[test]
    fn codes_that_nobody_knows_are_passed_over() {
        let only_b = |code: &Code| code.as_str() == "B_B";
        assert_eq!(find("A_A: then B_B", only_b).map(String::from).as_deref(), Some("B_B"));
    }
}
