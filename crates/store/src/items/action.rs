//! The key of an action: what the action is, and its answer once there is one.
//!
//! Must not know: which actions there are.

use engine::ports::{Attempt, Claimed, KeptAnswer, KeyedAction, PortError};
use rules::time::Timestamp;

use super::fields::{expires, format, number, text};
use super::{Fields, Item, key};

/// What the action is.
pub(crate) const FINGERPRINT: &str = "fp";
/// The attempt that has the key.
pub(crate) const ATTEMPT: &str = "at";
/// Until when that attempt keeps others away, in milliseconds; not there once it has ended.
pub(crate) const LEASED_UNTIL: &str = "lu";
/// Its answer.
pub(crate) const ANSWER: &str = "an";

/// The item of a key that is claimed.
pub(crate) fn write(action: &KeyedAction) -> Item {
    let mut item = key::action(&action.key).item();
    item.extend([
        format(),
        expires(action.expires()),
        (FINGERPRINT.to_owned(), text(&action.fingerprint.0)),
        (ATTEMPT.to_owned(), text(attempt(action.attempt))),
        (LEASED_UNTIL.to_owned(), number(action.leased_until().as_millis())),
    ]);
    item
}

/// An attempt as it is written: it may be too large for a reader's numbers.
pub(crate) fn attempt(attempt: Attempt) -> String {
    format!("{:016x}", attempt.0)
}

/// Whose the key of an item is, for one who would claim it.
pub(crate) fn read(item: &Item, action: &KeyedAction) -> Result<Claimed, PortError> {
    let fields = Fields::of("the action's key", item)?;
    if fields.text(FINGERPRINT)? != action.fingerprint.0 {
        return Ok(Claimed::Taken);
    }
    if let Some(answer) = fields.optional_text(ANSWER) {
        return Ok(Claimed::Answered(KeptAnswer(answer.to_owned())));
    }
    // What is there may be the attempt's own write, whose reply was lost.
    if fields.optional_text(ATTEMPT) == Some(attempt(action.attempt).as_str()) {
        return Ok(Claimed::Own);
    }
    // Without a lease it would have been claimed: the attempt that had it has ended since.
    let until = fields.optional_number(LEASED_UNTIL)?.map_or(action.at, Timestamp::from_millis);
    Ok(Claimed::UnderWay { until })
}

#[cfg(test)]
mod tests {
    use engine::ports::Fingerprint;
    use rules::ids::ActionKey;
    use rules::time::Timestamp;

    use super::super::fields::EXPIRES;
    use super::*;

    fn action(what: &str) -> KeyedAction {
        let at = Timestamp::parse("2026-03-02T09:20:00Z").unwrap();
        let (key, fingerprint) = (ActionKey::new("k-1").unwrap(), Fingerprint(what.to_owned()));
        KeyedAction { key, fingerprint, attempt: Attempt(u64::MAX), at }
    }

    #[test]
    fn a_key_expires_a_day_after_it_was_claimed() {
        let expires = write(&action("pause"))[EXPIRES].as_n().unwrap().parse::<i64>().unwrap();
        assert_eq!(expires, action("pause").at.as_millis() / 1_000 + 24 * 3_600);
    }

    #[test]
    fn a_key_is_read_as_its_attempts_own_under_way_answered_or_taken() {
        let mut item = write(&action("pause"));
        assert_eq!(read(&item, &action("pause")).unwrap(), Claimed::Own);
        let other = KeyedAction { attempt: Attempt(1), ..action("pause") };
        let until = action("pause").leased_until();
        assert_eq!(read(&item, &other).unwrap(), Claimed::UnderWay { until });
        assert_eq!(read(&item, &action("resume")).unwrap(), Claimed::Taken);
        item.insert(ANSWER.to_owned(), text("{}"));
        assert_eq!(read(&item, &action("pause")).unwrap(), Claimed::Answered(KeptAnswer("{}".to_owned())));
        item.remove(FINGERPRINT);
        assert!(read(&item, &action("pause")).is_err());
    }
}
