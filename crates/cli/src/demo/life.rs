//! What happens in the three days, as in life: causes come and go, people act, another system writes.
//!
//! Must not know: how the retries react.

use std::time::Duration;

/// What happens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum What {
    /// The source's own sync makes so many API calls that the connection's budget is used up.
    SourceUsesTheBudget,
    /// An administrator raises the connection's API limit.
    LimitRaised,
    /// The source syncs newer versions of some records by itself.
    SyncedElsewhere,
    /// An administrator adds the missing picklist values.
    PicklistMended,
    /// Salesforce goes down, for two hours.
    SalesforceDown,
    /// Salesforce is back.
    SalesforceUp,
    /// A developer mends the triggers.
    TriggersMended,
    /// Somebody changes the integration user's password.
    PasswordChanged,
    /// The new password is put into the secret.
    PasswordPutRight,
    /// The source sends newer versions of some failing records, which fail again.
    NewerFailures,
}

/// One happening.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Happening {
    /// When, counted from the start.
    pub(crate) after: Duration,
    /// What.
    pub(crate) what: What,
    /// In words, where `{first}` and `{last}` stand for connections.
    words: &'static str,
}

impl Happening {
    /// What happens, in words, to these connections.
    pub(crate) fn in_words(&self, first: &str, last: &str) -> String {
        self.words.replace("{first}", first).replace("{last}", last)
    }
}

const fn at(hours: u64, minutes: u64, what: What, words: &'static str) -> Happening {
    Happening { after: Duration::from_secs(hours * 3_600 + minutes * 60), what, words }
}

/// The length of the play.
pub(crate) const LENGTH: Duration = Duration::from_hours(72);

/// For how long Salesforce is down.
pub(crate) const OUTAGE: Duration = Duration::from_hours(2);

/// Everything that happens, in order. The play begins at 06:00 UTC.
pub(crate) const HAPPENINGS: [Happening; 10] = [
    at(2, 30, What::SourceUsesTheBudget, "{first}'s own sync runs a bulk load and reports its API calls"),
    at(4, 50, What::LimitRaised, "an administrator raises {first}'s API limit"),
    at(6, 5, What::SyncedElsewhere, "{first} syncs newer versions of up to 20 stuck records by itself"),
    at(8, 10, What::PicklistMended, "an administrator adds the missing picklist value"),
    at(17, 5, What::SalesforceDown, "Salesforce is down"),
    at(19, 5, What::SalesforceUp, "Salesforce is back"),
    at(21, 0, What::TriggersMended, "a developer mends the triggers"),
    at(38, 30, What::PasswordChanged, "somebody changes {last}'s integration password"),
    at(41, 50, What::PasswordPutRight, "the new password is put into the secret"),
    at(51, 0, What::NewerFailures, "{first} sends newer versions of up to 5 stuck records, which fail once more"),
];
