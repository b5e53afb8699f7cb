//! When alarms go off: after how long, at which value, and what silence means.
//!
//! Must not know: what a metric is about.

use std::collections::BTreeMap;

use functions::metrics::NAMESPACE;
use serde_json::{Value, json};

use super::alarms::{alarms, of_alarm};
use super::template::each;

/// Where nothing happened our functions write no value, and `CloudWatch` looks further back for others before it counts a missing
/// one: a nought has to be put there, so that what is missed is told in time, and two periods in a row are just that.
/// <https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarms-and-missing-data.html>
#[test]
fn every_alarm_about_a_metric_of_ours_puts_a_nought_where_nothing_was_written() {
    let is_ours = |alarm: &Value| of_alarm(alarm).iter().any(|looked| looked.namespace == NAMESPACE);
    let ours: Vec<_> = alarms().into_iter().filter(|(_, alarm)| is_ours(alarm)).collect();
    assert_eq!(ours.len(), 8);
    for (name, alarm) in ours {
        let metrics = each(&alarm["Metrics"]);
        let told: Vec<_> = metrics.iter().filter(|one| one["ReturnData"] != false).collect();
        let [filled] = told[..] else { panic!("{name} looks at {told:?}") };
        let counted = metrics.iter().find(|one| one.get("MetricStat").is_some()).unwrap()["Id"].as_str().unwrap();
        let expression = filled["Expression"].as_str().unwrap();
        assert!(expression.contains(&format!("FILL({counted}, 0)")), "{name}: {expression}");
        // What stays silent altogether is what each alarm is about: a tick that is missed, or nothing to complain of.
        let silent = if name.starts_with("Missed") { "breaching" } else { "notBreaching" };
        assert_eq!(alarm["TreatMissingData"], silent, "{name}");
    }
}

/// Name, statistic, seconds of a period, periods, comparison, threshold, and what missing data count as.
pub(super) type Row = (&'static str, &'static str, u64, u64, &'static str, u64, &'static str);

const MORE: &str = "GreaterThanOrEqualToThreshold";

/// When each alarm goes off.
pub(super) const WHEN: [Row; 16] = [
    ("BudgetSpent", "Maximum", 1200, 1, MORE, 1, "notBreaching"),
    ("EventsPutAside", "Maximum", 300, 1, MORE, 1, "notBreaching"),
    ("FallingBehind", "Maximum", 1200, 2, MORE, 1, "notBreaching"),
    ("FunctionErrors", "Sum", 1200, 1, MORE, 1, "notBreaching"),
    ("MissedNight", "Sum", 3600, 25, "LessThanThreshold", 1, "breaching"),
    ("MissedSweep", "Sum", 3600, 13, "LessThanThreshold", 1, "breaching"),
    ("MissedTick", "Sum", 1200, 2, "LessThanThreshold", 1, "breaching"),
    ("NotificationsPutAside", "Maximum", 300, 1, MORE, 1, "notBreaching"),
    ("ReportsPutAside", "Maximum", 300, 1, MORE, 1, "notBreaching"),
    ("ReportsWait", "Maximum", 300, 3, MORE, 900, "notBreaching"),
    ("Suspended", "Maximum", 1200, 1, MORE, 1, "notBreaching"),
    ("TableThrottled", "Sum", 1200, 1, MORE, 1, "notBreaching"),
    ("Throttled", "Sum", 1200, 1, MORE, 1, "notBreaching"),
    ("TimeoutQueueGrows", "Sum", 86_400, 3, "GreaterThanThreshold", 0, "notBreaching"),
    ("TriggersPutAside", "Maximum", 300, 1, MORE, 1, "notBreaching"),
    ("Unreadable", "Maximum", 1200, 2, MORE, 1, "notBreaching"),
];

#[test]
fn every_alarm_goes_off_when_the_pages_say() {
    let alarms: BTreeMap<String, Value> = alarms().into_iter().collect();
    assert_eq!(alarms.keys().map(String::as_str).collect::<Vec<_>>(), WHEN.map(|row| row.0));
    for (name, statistic, period, periods, comparison, threshold, missing) in WHEN {
        let alarm = &alarms[name];
        let stats: Vec<&Value> = each(&alarm["Metrics"]).into_iter().filter_map(|one| one.get("MetricStat")).collect();
        assert!(stats.iter().all(|one| one["Stat"] == statistic && one["Period"] == period), "{name}: {stats:?}");
        if stats.is_empty() {
            assert_eq!((&alarm["Statistic"], &alarm["Period"]), (&json!(statistic), &json!(period)), "{name}");
        }
        assert_eq!(alarm["EvaluationPeriods"], periods, "{name}");
        assert!(alarm.get("DatapointsToAlarm").is_none(), "{name}");
        assert_eq!(alarm["ComparisonOperator"], comparison, "{name}");
        assert_eq!(alarm["Threshold"], threshold, "{name}");
        assert_eq!(alarm["TreatMissingData"], missing, "{name}");
    }
}

/// <https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/Create-alarm-on-metric-math-expression.html>
#[test]
fn no_alarm_calculates_with_more_metrics_than_cloudwatch_allows() {
    for (name, alarm) in alarms() {
        assert!(of_alarm(&alarm).len() <= 10, "{name}");
    }
}

/// A period and how often it is looked at may span a day, or a week when the period is an hour or more.
/// <https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/AlarmThatSendsEmail.html>
#[test]
fn no_alarm_looks_further_back_than_cloudwatch_allows() {
    for (name, alarm) in alarms() {
        let stats = each(&alarm["Metrics"]).into_iter().filter_map(|one| one["MetricStat"]["Period"].as_u64());
        let period = alarm["Period"].as_u64().or_else(|| stats.max()).unwrap();
        let most = if period >= 3_600 { 7 * 86_400 } else { 86_400 };
        assert!(period.is_multiple_of(60), "{name}");
        assert!(period * alarm["EvaluationPeriods"].as_u64().unwrap() <= most, "{name}");
    }
}
