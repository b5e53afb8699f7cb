//! The key of an action: what the action is, and its answer once there is one.
//!
//! Must not know: which actions there are.

use engine::ports::{Claimed, KeptAnswer, KeyedAction, PortError};

use super::fields::{expires, format, text};
use super::{Fields, Item, key};

/// What the action is.
pub(crate) const FINGERPRINT: &str = "fp";
/// Its answer.
pub(crate) const ANSWER: &str = "an";

/// The item of a key that is claimed.
pub(crate) fn write(action: &KeyedAction) -> Item {
    let mut item = key::action(&action.key).item();
    item.extend([format(), expires(action.expires()), (FINGERPRINT.to_owned(), text(&action.fingerprint.0))]);
    item
}

/// Whose the key of an item is, for one who would claim it.
pub(crate) fn read(item: &Item, action: &KeyedAction) -> Result<Claimed, PortError> {
    let fields = Fields::of("the action's key", item)?;
    if fields.text(FINGERPRINT)? != action.fingerprint.0 {
        return Ok(Claimed::Taken);
    }
    let answer = fields.optional_text(ANSWER).map(|answer| KeptAnswer(answer.to_owned()));
    Ok(answer.map_or(Claimed::Own, Claimed::Answered))
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
        KeyedAction { key: ActionKey::new("k-1").unwrap(), fingerprint: Fingerprint(what.to_owned()), at }
    }

    #[test]
    fn a_key_expires_a_day_after_it_was_claimed() {
        let expires = write(&action("pause"))[EXPIRES].as_n().unwrap().parse::<i64>().unwrap();
        assert_eq!(expires, action("pause").at.as_millis() / 1_000 + 24 * 3_600);
    }

    #[test]
    fn a_key_is_read_as_its_actions_own_answered_or_taken() {
        let mut item = write(&action("pause"));
        assert_eq!(read(&item, &action("pause")).unwrap(), Claimed::Own);
        assert_eq!(read(&item, &action("resume")).unwrap(), Claimed::Taken);
        item.insert(ANSWER.to_owned(), text("{}"));
        assert_eq!(read(&item, &action("pause")).unwrap(), Claimed::Answered(KeptAnswer("{}".to_owned())));
        item.remove(FINGERPRINT);
        assert!(read(&item, &action("pause")).is_err());
    }
}
