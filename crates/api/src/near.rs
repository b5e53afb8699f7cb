//! Names near to one that is not there, for "did you mean": a slip of the finger looks like a description that means no record.
//!
//! Must not know: who asks, or where the names that there are come from.

use std::collections::BTreeSet;

use rules::catalogue::Catalogue;

/// The most names that are suggested.
const MOST: usize = 3;

/// The names that a connection knows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Names {
    /// Error types: those of the catalogue, of the connection's own rules and of its records.
    types: BTreeSet<String>,
    /// Objects: those of its records and of its external ids. One that is none of them may be right, and only has no record yet.
    objects: BTreeSet<String>,
}

impl Names {
    /// Those of the built-in catalogue and these.
    #[must_use]
    pub fn of(types: impl IntoIterator<Item = String>, objects: impl IntoIterator<Item = String>) -> Self {
        let builtin = Catalogue::builtin().rules().map(|rule| rule.id.as_str());
        let types = types.into_iter().chain(builtin.chain(["unknown"]).map(str::to_owned)).collect();
        Self { types, objects: objects.into_iter().collect() }
    }

    /// What is wrong with a name that is none of these, and those that it may have been meant to be. `listed` says where the types
    /// that there are can be seen.
    #[must_use]
    pub fn misspelt(&self, error_type: Option<&str>, object: Option<&str>, listed: &str) -> Option<String> {
        error_type
            .and_then(|name| self.unknown_type(name, listed))
            .or_else(|| object.and_then(|name| self.unlike(name)))
    }

    fn unknown_type(&self, name: &str, listed: &str) -> Option<String> {
        if self.types.contains(name) {
            return None;
        }
        let hint = match near(name, self.types.iter().map(String::as_str)).as_slice() {
            // A code that no rule knows, and no record has.
            [] if name.starts_with("unknown:") => return None,
            [] => format!("; {listed}"),
            found => did_you_mean(found),
        };
        Some(format!("there is no error type {name}{hint}"))
    }

    fn unlike(&self, name: &str) -> Option<String> {
        if self.objects.contains(name) {
            return None;
        }
        let found = near(name, self.objects.iter().map(String::as_str));
        (!found.is_empty()).then(|| format!("no record of an object {name} is known{}", did_you_mean(&found)))
    }
}

/// The names that `wanted` may have been meant to be, nearest first.
#[must_use]
pub fn near<'a>(wanted: &str, names: impl IntoIterator<Item = &'a str>) -> Vec<&'a str> {
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
#[must_use]
pub fn did_you_mean(names: &[&str]) -> String {
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
    use super::{Names, did_you_mean, near};

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

    #[test]
    fn an_unknown_type_is_told_and_an_object_only_when_another_is_near() {
        let names = Names::of(["own-rule".to_owned()], ["Contact".to_owned()]);
        let misspelt = |error_type, object| names.misspelt(error_type, object, "look at the list");
        assert_eq!(misspelt(Some("own-rule"), Some("Contact")), None);
        assert_eq!(
            misspelt(Some("own-ruel"), None).as_deref(),
            Some("there is no error type own-ruel; did you mean own-rule?")
        );
        assert_eq!(
            misspelt(Some("zzzzzzzz"), None).as_deref(),
            Some("there is no error type zzzzzzzz; look at the list")
        );
        assert_eq!(misspelt(Some("unknown:QQQQQQQQQQQQQQQQ"), None), None);
        let object = misspelt(Some("row-lock"), Some("contact"));
        assert_eq!(object.as_deref(), Some("no record of an object contact is known; did you mean Contact?"));
        assert_eq!(misspelt(None, Some("Invoice__c")), None);
    }
}
