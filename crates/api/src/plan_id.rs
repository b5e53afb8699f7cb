//! A plan's id: what it said, as an opaque text. Nothing is kept of a plan, so that making one changes nothing.
//!
//! Must not know: what a plan costs.

use std::fmt::Write;

use engine::plan::Plan;
use rules::ids::ConnectionId;
use rules::resync::{Action, Planned, Wanted};
use rules::time::Timestamp;
use serde::{Deserialize, Serialize};

use crate::cursor::hexadecimal;

/// The hexadecimal digits of the check: it tells mistakes, not attacks. Who makes a plan's id up asks for what anybody who may
/// act could ask for without one.
const CHECK: usize = 16;

/// What the id of a plan says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
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

/// The id of `plan`.
pub(crate) fn write(plan: &Plan) -> String {
    let said = Said {
        connection: plan.connection.clone(),
        action: plan.action,
        wanted: plan.wanted.clone(),
        as_of: plan.as_of,
        planned: plan.planned().1,
    };
    let said = serde_json::to_string(&said).expect("what a plan says has no map with keys that are not texts");
    let mut id = check(&said);
    for byte in said.bytes() {
        write!(id, "{byte:02x}").expect("a text takes all that is written into it");
    }
    id
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
    let (given, digits) = id.split_at_checked(CHECK)?;
    let (pairs, []) = digits.as_bytes().as_chunks::<2>() else { return None };
    let byte = |pair: &[u8; 2]| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok();
    let said = String::from_utf8(pairs.iter().map(byte).collect::<Option<Vec<_>>>()?).ok()?;
    let is_ours = given == check(&said);
    is_ours.then(|| serde_json::from_str(&said).ok()).flatten()
}

fn check(said: &str) -> String {
    let mut digits = hexadecimal(said.as_bytes());
    digits.truncate(CHECK);
    digits
}
