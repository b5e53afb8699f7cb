//! What one invocation measured, and the line for the log that says it.
//!
//! Must not know: what a metric means.

use rules::time::Timestamp;
use serde_json::{Map, Value, json};

use super::{EVENT_BUS, Metric, NAMESPACE, SCHEDULE};
use crate::config::BusName;

/// What one invocation measured, and what it was about.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Measured {
    values: Vec<(Metric, u64)>,
    schedule: Option<&'static str>,
    about: Map<String, Value>,
}

impl Measured {
    /// Notes a number of things; none is not worth a metric.
    #[must_use]
    pub fn count(self, metric: Metric, number: u64) -> Self {
        if number == 0 { self } else { self.value(metric, number) }
    }

    /// Notes a value, which may be nought.
    #[must_use]
    pub fn value(mut self, metric: Metric, value: u64) -> Self {
        self.values.push((metric, value));
        self
    }

    /// Notes a tick of `schedule`.
    #[must_use]
    pub fn tick(mut self, schedule: &'static str) -> Self {
        self.schedule = Some(schedule);
        self.value(Metric::Ticks, 1)
    }

    /// Says what it is about, for searches.
    #[must_use]
    pub fn about(mut self, name: &str, value: Value) -> Self {
        self.about.insert(name.to_owned(), value);
        self
    }

    /// What was measured.
    #[must_use]
    pub fn values(&self) -> &[(Metric, u64)] {
        &self.values
    }

    /// The line for the log; none when nothing was measured.
    #[must_use]
    pub fn line(&self, bus: &BusName, at: Timestamp) -> Option<String> {
        if self.values.is_empty() {
            return None;
        }
        let (ticks, others): (Vec<_>, Vec<_>) = self.values.iter().partition(|(metric, _)| *metric == Metric::Ticks);
        let kinds = [(vec![EVENT_BUS, SCHEDULE], ticks), (vec![EVENT_BUS], others)];
        let directives = kinds.iter().filter(|(_, values)| !values.is_empty());
        let directives: Vec<Value> = directives.map(|(dimensions, values)| directive(dimensions, values)).collect();
        let mut line = Map::new();
        line.insert("_aws".to_owned(), json!({"Timestamp": at.as_millis(), "CloudWatchMetrics": directives}));
        line.insert(EVENT_BUS.to_owned(), json!(bus.0));
        line.extend(self.schedule.map(|schedule| (SCHEDULE.to_owned(), json!(schedule))));
        line.extend(self.values.iter().map(|(metric, value)| (metric.name(), json!(value))));
        line.extend(self.about.clone());
        Some(Value::Object(line).to_string())
    }
}

fn directive(dimensions: &[&str], values: &[&(Metric, u64)]) -> Value {
    let metric = |(metric, _): &&(Metric, u64)| json!({"Name": metric.name(), "Unit": format!("{:?}", metric.unit())});
    let metrics: Vec<Value> = values.iter().map(metric).collect();
    json!({"Namespace": NAMESPACE, "Dimensions": [dimensions], "Metrics": metrics})
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_what_the_embedded_metric_format_asks_for_with_ticks_by_schedule() {
        let measured = Measured::default().tick("due").count(Metric::ConnectionsBlocked, 2).count(Metric::Runs, 0);
        let line =
            measured.about("blocked", json!(["acme"])).line(&BusName("retries".to_owned()), Timestamp::from_millis(7));
        let expected = json!({
            "_aws": {"Timestamp": 7, "CloudWatchMetrics": [
                {"Namespace": "Resync", "Dimensions": [["EventBus", "Schedule"]], "Metrics": [{"Name": "Ticks", "Unit": "Count"}]},
                {"Namespace": "Resync", "Dimensions": [["EventBus"]],
                    "Metrics": [{"Name": "ConnectionsBlocked", "Unit": "Count"}]},
            ]},
            "EventBus": "retries", "Schedule": "due", "Ticks": 1, "ConnectionsBlocked": 2, "blocked": ["acme"],
        });
        let line: Value = serde_json::from_str(&line.expect("something was measured")).expect("a line is JSON");
        assert_eq!(line, expected);
    }

    #[test]
    fn nothing_measured_is_no_line() {
        let nothing = Measured::default().count(Metric::Runs, 0).about("connection", json!("acme"));
        assert_eq!(nothing.line(&BusName("retries".to_owned()), Timestamp::from_millis(7)), None);
    }
}
