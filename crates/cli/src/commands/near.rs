//! Names near to one that is not there, for "did you mean".
//!
//! Must not know: what the names are of.

/// The most names that are suggested.
const MOST: usize = 3;

/// The names that `wanted` may have been meant to be, nearest first.
pub(super) fn near<'a>(wanted: &str, names: impl IntoIterator<Item = &'a str>) -> Vec<&'a str> {
    let folded = wanted.to_lowercase();
    let tolerance = (folded.chars().count() / 3).max(1);
    let mut found: Vec<(usize, &str)> = names
        .into_iter()
        .map(|name| (strsim::damerau_levenshtein(&folded, &name.to_lowercase()), name))
        .filter(|(distance, name)| *distance <= tolerance || name.to_lowercase().starts_with(&folded))
        .collect();
    found.sort_unstable();
    found.into_iter().map(|(_, name)| name).take(MOST).collect()
}

/// "; did you mean …?" with the names that are near, or nothing.
pub(super) fn did_you_mean(names: &[&str]) -> String {
    match names {
        [] => String::new(),
        [names @ .., last] => {
            let before = names.join(", ");
            let or = if names.is_empty() { "" } else { " or " };
            format!("; did you mean {before}{or}{last}?")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{did_you_mean, near};

    #[test]
    fn a_slip_of_the_finger_finds_the_name() {
        let names = ["marketing", "billing", "billing-eu", "acme"];
        assert_eq!(near("marketnig", names), ["marketing"]);
        assert_eq!(near("BILLING", names), ["billing", "billing-eu"]);
        assert_eq!(near("zuora", names), Vec::<&str>::new());
    }

    #[test]
    fn suggestions_read_like_a_sentence() {
        assert_eq!(did_you_mean(&[]), "");
        assert_eq!(did_you_mean(&["a"]), "; did you mean a?");
        assert_eq!(did_you_mean(&["a", "b", "c"]), "; did you mean a, b or c?");
    }
}
