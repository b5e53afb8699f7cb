//! The bus: takes every event, and counts calls, events, and the pieces of 64 KB that events are charged by.
//!
//! Must not know: what events say.

use serde_json::{Value, json};

use super::meter::Meter;

/// What an event is charged by (`EventBridge`'s price list).
const PIECE: usize = 64 * 1024;

/// One call.
pub(super) fn put_events(meter: &mut Meter, body: &[u8]) -> (u16, String) {
    let Ok(asked) = serde_json::from_slice::<Value>(body) else { return (400, String::new()) };
    let entries = asked["Entries"].as_array().map_or(&[][..], Vec::as_slice);
    meter.put_events_calls += 1;
    meter.events += entries.len();
    meter.event_pieces += entries.iter().map(|entry| entry.to_string().len().div_ceil(PIECE)).sum::<usize>();
    let accepted: Vec<_> = (0..entries.len()).map(|number| json!({ "EventId": format!("event-{number}") })).collect();
    (200, json!({ "FailedEntryCount": 0, "Entries": accepted }).to_string())
}
