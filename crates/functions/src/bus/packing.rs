//! Packs events into calls: at most ten each, and together no larger than `EventBridge` takes.
//!
//! Must not know: how a call is made.

use aws_sdk_eventbridge::types::PutEventsRequestEntry;
use rules::events::Outbound;

use crate::config::BusName;

/// The source that all our events name.
pub(super) const SOURCE: &str = "resync";

/// Entries that one call takes.
pub(super) const MOST_ENTRIES: usize = 10;

/// The largest call, in bytes as `EventBridge` counts them: source, detail-type and detail of all entries.
/// <https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-putevents.html>
pub(super) const LARGEST_CALL: usize = 256 * 1024;

/// An event that no call can carry.
#[derive(Debug, thiserror::Error)]
pub(super) enum NotPacked {
    /// It is larger than a call.
    #[error("an event {detail_type} has {bytes} bytes, and {LARGEST_CALL} are the most")]
    TooLarge {
        /// The kind of event.
        detail_type: &'static str,
        /// Its size.
        bytes: usize,
    },
    /// It is not JSON.
    #[error("an event cannot be written as JSON")]
    NotJson(#[source] serde_json::Error),
}

/// The entries of each call, in the order of the events.
pub(super) fn calls(bus: &BusName, events: &[Outbound]) -> Result<Vec<Vec<PutEventsRequestEntry>>, NotPacked> {
    let mut calls: Vec<Vec<PutEventsRequestEntry>> = Vec::new();
    let mut room = 0;
    for event in events {
        let detail = serde_json::to_string(event).map_err(NotPacked::NotJson)?;
        let (detail_type, bytes) = (event.detail_type(), SOURCE.len() + event.detail_type().len() + detail.len());
        if bytes > LARGEST_CALL {
            return Err(NotPacked::TooLarge { detail_type, bytes });
        }
        let entry = PutEventsRequestEntry::builder().event_bus_name(&bus.0).source(SOURCE);
        let entry = entry.detail_type(detail_type).detail(detail).build();
        match calls.last_mut() {
            Some(call) if call.len() < MOST_ENTRIES && bytes <= room => {
                room -= bytes;
                call.push(entry);
            }
            Some(_) | None => {
                room = LARGEST_CALL - bytes;
                calls.push(vec![entry]);
            }
        }
    }
    Ok(calls)
}

#[cfg(test)]
mod tests {
    use engine::fakes::sample;
    use rules::events::{RecordsRetried, RetryResult};
    use rules::ids::{BatchId, Epoch};
    use rules::tries::TryOutcome;

    use super::*;

    fn event(ids: usize) -> Outbound {
        let result = |number: usize| RetryResult {
            id: sample::record_id(&format!("{number:0>200}")),
            outcome: TryOutcome::Saved,
            error_type: None,
        };
        let batch = BatchId { epoch: Epoch(1), sequence: 1 };
        let (connection, object) = (sample::connection_id("acme"), sample::object("Contact"));
        let results = (0..ids).map(result).collect();
        Outbound::RecordsRetried(RecordsRetried::of(
            connection,
            object,
            batch,
            rules::counts::TryKind::Interval,
            results,
        ))
    }

    fn packed(events: &[Outbound]) -> Vec<Vec<usize>> {
        let calls = calls(&BusName("bus".to_owned()), events).expect("each event fits a call");
        let bytes = |entry: &PutEventsRequestEntry| entry.detail().unwrap_or_default().len();
        calls.iter().map(|call| call.iter().map(bytes).collect()).collect()
    }

    #[test]
    fn twenty_three_small_events_take_calls_of_ten_ten_and_three() {
        let sizes: Vec<usize> = packed(&vec![event(1); 23]).iter().map(Vec::len).collect();
        assert_eq!(sizes, [10, 10, 3]);
        assert!(packed(&[]).is_empty());
    }

    #[test]
    fn no_call_is_larger_than_eventbridge_takes() {
        let calls = packed(&vec![event(400); 7]);
        assert!(calls.len() > 1);
        for call in &calls {
            assert!(call.iter().sum::<usize>() < LARGEST_CALL, "{call:?}");
        }
        assert_eq!(calls.iter().map(Vec::len).sum::<usize>(), 7);
    }

    #[test]
    fn an_event_larger_than_a_call_is_an_error_that_does_not_show_it() {
        let said = calls(&BusName("bus".to_owned()), &[event(2_000)]).expect_err("it is too large").to_string();
        assert!(said.starts_with("an event Records Retried has "), "{said}");
        assert!(said.len() < 100, "{said}");
    }
}
