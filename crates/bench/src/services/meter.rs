//! The meter: requests, bytes and capacity units of a run, and the write units that each index key got in each second.
//!
//! Must not know: how a request is carried out.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::index_keys::IndexKeys;

/// What is counted.
#[derive(Default)]
pub(super) struct Meter {
    requests: BTreeMap<String, usize>,
    write_units: BTreeMap<String, f64>,
    read_units: BTreeMap<String, f64>,
    bytes: usize,
    pub(super) put_events_calls: usize,
    pub(super) events: usize,
    pub(super) event_pieces: usize,
    pub(super) keys: IndexKeys,
}

impl Meter {
    /// One request of this many bytes, and what its answer says that it took.
    pub(super) fn count(&mut self, operation: &str, bytes: usize, consumed: &Value) {
        *self.requests.entry(operation.to_owned()).or_default() += 1;
        self.bytes += bytes;
        let units = if is_read(operation) { &mut self.read_units } else { &mut self.write_units };
        *units.entry(operation.to_owned()).or_default() += units_of(consumed);
    }

    /// What was counted, and nothing from now on. Where records stand in the indexes is kept.
    pub(super) fn take(&mut self) -> Value {
        let keys = self.keys.without_writes();
        let taken = std::mem::replace(self, Self { keys, ..Self::default() });
        let hottest = taken.keys.hottest();
        json!({
            "write_units": sum(&taken.write_units),
            "read_units": sum(&taken.read_units),
            "dynamodb_requests": taken.requests.values().sum::<usize>(),
            "put_events_calls": taken.put_events_calls,
            "event_pieces": taken.event_pieces,
            "bytes_to_dynamodb": taken.bytes,
            "hottest_key": hottest,
            "by_operation": {
                "requests": taken.requests, "write_units": taken.write_units, "read_units": taken.read_units,
            },
        })
    }
}

/// The sum; that of nothing is not below it.
fn sum(units: &BTreeMap<String, f64>) -> f64 {
    units.values().fold(0.0, |sum, units| sum + units)
}

fn is_read(operation: &str) -> bool {
    matches!(operation, "BatchGetItem" | "GetItem" | "Query" | "Scan")
}

/// One figure, or one for each table. Nothing when nothing is told: every statement of a batch failed.
fn units_of(consumed: &Value) -> f64 {
    match consumed {
        Value::Array(tables) => tables.iter().map(units_of).sum(),
        one => one["CapacityUnits"].as_f64().unwrap_or_default(),
    }
}
