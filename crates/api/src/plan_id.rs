//! A plan's id: what it said, as an opaque text. Nothing is kept of a plan, so that making one changes nothing.
//!
//! Must not know: what a plan costs.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use engine::plan::Plan;
use rules::ids::{ConnectionId, Epoch};
use rules::resync::{Action, Count, Planned, Wanted};
use rules::time::Timestamp;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// The bytes of the check: it tells mistakes, not attacks. Who makes a plan's id up asks for what anybody who may act could ask
/// for without one.
const CHECK: usize = 8;

/// What an id holds, as short as it goes: a person copies it from a line into a command.
#[derive(Serialize, Deserialize)]
struct Held(ConnectionId, Action, Wanted, i64, u64, bool, Epoch);

/// What the id of a plan says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Said {
    pub(crate) connection: ConnectionId,
    pub(crate) action: Action,
    pub(crate) wanted: Wanted,
    pub(crate) as_of: Timestamp,
    pub(crate) planned: Planned,
}

/// Why a text is not the id of a plan that is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NotThat {
    /// It is none.
    MadeUp,
    /// It is of another connection.
    OtherConnection,
    /// It plans something else.
    OtherAction,
}

/// The id of `plan`. What it says comes before its check: so it always begins as a list of JSON does, with a letter, and never
/// with a hyphen, which a command would take for an option.
pub(crate) fn write(plan: &Plan) -> String {
    let Planned { records: Count { number, exact }, epoch } = plan.planned().1;
    let at = plan.as_of.as_millis();
    let held = Held(plan.connection.clone(), plan.action, plan.wanted.clone(), at, number, exact, epoch);
    let held = serde_json::to_vec(&held).expect("what a plan says has no map with keys that are not texts");
    URL_SAFE_NO_PAD.encode([held.as_slice(), &check(&held)].concat())
}

/// What an id says, when it is of a plan for `action` in `connection`.
pub(crate) fn read(id: &str, connection: &ConnectionId, action: Action) -> Result<Said, NotThat> {
    let said = decode(id).ok_or(NotThat::MadeUp)?;
    if said.connection != *connection {
        return Err(NotThat::OtherConnection);
    }
    if said.action != action {
        return Err(NotThat::OtherAction);
    }
    Ok(said)
}

fn decode(id: &str) -> Option<Said> {
    let bytes = URL_SAFE_NO_PAD.decode(id).ok()?;
    let (held, given) = bytes.split_at_checked(bytes.len().checked_sub(CHECK)?)?;
    let Held(connection, action, wanted, as_of, number, exact, epoch) =
        (given == check(held)).then(|| serde_json::from_slice(held).ok()).flatten()?;
    let planned = Planned { records: Count { number, exact }, epoch };
    Some(Said { connection, action, wanted, as_of: Timestamp::from_millis(as_of), planned })
}

fn check(held: &[u8]) -> [u8; CHECK] {
    let mut check = [0; CHECK];
    check.copy_from_slice(&Sha256::digest(held)[..CHECK]);
    check
}
