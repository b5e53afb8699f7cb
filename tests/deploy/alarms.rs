//! Alarms and dashboard: every metric that they look at is one that the functions write, or one that AWS documents for a resource
//! that is deployed.
//!
//! Must not know: what a value means.

use std::collections::{BTreeMap, BTreeSet};

use functions::metrics::{EVENT_BUS, Metric, NAMESPACE, SCHEDULE};
use serde_json::Value;

use super::template::{Given, Template, each, referred};
use super::when::WHEN;

/// Metrics of AWS, each with the dimension that it is looked at by, and the type of resource that the dimension names. Source of
/// each: the service's own list of its metrics, such as
/// <https://docs.aws.amazon.com/lambda/latest/dg/monitoring-metrics-types.html>,
/// <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-available-cloudwatch-metrics.html> and
/// <https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/metrics-dimensions.html>.
const OF_AWS: [(&str, &str, &str, &str); 10] = [
    ("AWS/Lambda", "Errors", "FunctionName", "AWS::Lambda::Function"),
    ("AWS/Lambda", "Throttles", "FunctionName", "AWS::Lambda::Function"),
    ("AWS/Lambda", "Duration", "FunctionName", "AWS::Lambda::Function"),
    ("AWS/Lambda", "Invocations", "FunctionName", "AWS::Lambda::Function"),
    ("AWS/SQS", "ApproximateNumberOfMessagesVisible", "QueueName", "AWS::SQS::Queue"),
    ("AWS/SQS", "ApproximateAgeOfOldestMessage", "QueueName", "AWS::SQS::Queue"),
    ("AWS/DynamoDB", "ReadThrottleEvents", "TableName", "AWS::DynamoDB::Table"),
    ("AWS/DynamoDB", "WriteThrottleEvents", "TableName", "AWS::DynamoDB::Table"),
    ("AWS/DynamoDB", "ConsumedReadCapacityUnits", "TableName", "AWS::DynamoDB::Table"),
    ("AWS/DynamoDB", "ConsumedWriteCapacityUnits", "TableName", "AWS::DynamoDB::Table"),
];

/// A metric that is looked at: where, which, and its dimensions, of which a value may be a parameter's name.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Looked {
    pub(super) namespace: String,
    metric: String,
    dimensions: BTreeMap<String, String>,
}

fn text(value: &Value) -> String {
    value.as_str().or_else(|| referred(value)).unwrap_or_default().to_owned()
}

fn looked(namespace: &Value, metric: &Value, dimensions: &Value) -> Looked {
    let dimensions = each(dimensions).into_iter().map(|one| (text(&one["Name"]), text(&one["Value"])));
    Looked { namespace: text(namespace), metric: text(metric), dimensions: dimensions.collect() }
}

/// The metrics that an alarm looks at, itself or by an expression.
pub(super) fn of_alarm(alarm: &Value) -> Vec<Looked> {
    if alarm.get("MetricName").is_some() {
        return vec![looked(&alarm["Namespace"], &alarm["MetricName"], &alarm["Dimensions"])];
    }
    let stats = each(&alarm["Metrics"]).into_iter().filter_map(|one| one.get("MetricStat"));
    stats
        .map(|stat| &stat["Metric"])
        .map(|one| looked(&one["Namespace"], &one["MetricName"], &one["Dimensions"]))
        .collect()
}

/// The dashboard, its variables left as they are.
fn board(part: &Template) -> Value {
    let board = part.resource("Dashboard").unwrap();
    serde_json::from_str(board.properties["DashboardBody"]["Fn::Sub"].as_str().unwrap()).unwrap()
}

fn widgets_of(part: &Template) -> Vec<Value> {
    board(part)["widgets"].as_array().unwrap().clone()
}

fn of_the_project() -> Template {
    Template::of_file("infra/dashboard.yaml", Given::Nothing)
}

fn of_widget(widget: &Value) -> Vec<Looked> {
    let lines = widget["properties"]["metrics"].as_array().into_iter().flatten();
    let lines = lines.map(|line| line.as_array().unwrap()).filter(|line| line[0].is_string());
    let looked = lines.map(|line| {
        let texts: Vec<String> = line.iter().filter_map(Value::as_str).map(plain).collect();
        let dimensions = texts[2..].chunks(2).map(|pair| (pair[0].clone(), pair[1].clone())).collect();
        Looked { namespace: texts[0].clone(), metric: texts[1].clone(), dimensions }
    });
    looked.collect()
}

/// `${Name}` is the parameter `Name`.
fn plain(text: &str) -> String {
    text.trim_start_matches("${").trim_end_matches('}').to_owned()
}

/// The metrics that alarms look at, one after another; each costs.
pub(super) fn looked_at() -> Vec<String> {
    alarms().into_iter().flat_map(|(_, alarm)| of_alarm(&alarm)).map(|one| one.metric).collect()
}

/// The metrics of ours that alarms look at, each with the schedule that it is of, if any.
pub(crate) fn looked_at_by_alarms() -> BTreeSet<(String, String)> {
    let ours = alarms().into_iter().flat_map(|(_, alarm)| of_alarm(&alarm)).filter(|one| one.namespace == NAMESPACE);
    ours.map(|one| (one.metric, one.dimensions.get(SCHEDULE).cloned().unwrap_or_default())).collect()
}

/// Each alarm by its name, without the system's.
pub(super) fn alarms() -> Vec<(String, Value)> {
    alarms_of(&Template::of_file("infra/alarms.yaml", Given::Nothing))
}

fn alarms_of(part: &Template) -> Vec<(String, Value)> {
    part.of_kind("AWS::CloudWatch::Alarm").map(|alarm| (alarm.name.to_owned(), alarm.properties.clone())).collect()
}

/// What is wrong with the alarms of this part: each that the pages promise is there, and looks at metrics that are written.
pub(super) fn problems(part: &Template) -> Vec<String> {
    let (main, alarms) = (Template::of_the_project(Given::Nothing), alarms_of(part));
    let is_there = |name: &str| alarms.iter().any(|(one, _)| one == name);
    let missing = WHEN.iter().map(|row| row.0).filter(|name| !is_there(name));
    let missing = missing.map(|name| format!("there is no alarm {name}, which the pages promise"));
    let of_one = |(name, alarm): &(String, Value)| {
        let looked = of_alarm(alarm);
        let nothing = looked.is_empty().then(|| format!("the alarm {name} looks at nothing"));
        let wrong = looked.iter().filter_map(|one| wrong(&main, "Alarms", one));
        nothing.into_iter().chain(wrong.map(|problem| format!("the alarm {name}: {problem}"))).collect::<Vec<_>>()
    };
    missing.chain(alarms.iter().flat_map(of_one)).collect()
}

/// What is wrong with the dashboard of this part: it shows every alarm, and metrics that are written.
pub(super) fn problems_of_board(part: &Template) -> Vec<String> {
    let (main, widgets) = (Template::of_the_project(Given::Nothing), widgets_of(part));
    let shown = widgets.iter().filter(|widget| widget["type"] == "alarm");
    let shown: BTreeSet<String> = shown.flat_map(|one| each(&one["properties"]["alarms"])).map(last_name).collect();
    let named: BTreeSet<String> = WHEN.iter().map(|row| row.0.to_owned()).collect();
    let hidden = named.symmetric_difference(&shown).map(|name| format!("the dashboard shows {name} wrongly or not"));
    let wrong = widgets.iter().flat_map(of_widget).filter_map(|one| wrong(&main, "Dashboard", &one));
    hidden.chain(wrong.map(|problem| format!("the dashboard: {problem}"))).collect()
}

/// What is wrong with a metric that is looked at, if anything is. `stack` is where the parameters come from.
fn wrong(main: &Template, stack: &str, looked: &Looked) -> Option<String> {
    let given = &main.resource(stack).unwrap().properties["Parameters"];
    if looked.namespace == NAMESPACE {
        return wrong_of_ours(given, looked);
    }
    let known =
        OF_AWS.iter().find(|(namespace, metric, ..)| looked.namespace == *namespace && looked.metric == *metric);
    let Some((_, _, dimension, kind)) = known else { return Some(format!("{looked:?} is no metric that is known")) };
    let named = looked.dimensions.get(*dimension).and_then(|parameter| referred(&given[parameter]));
    let named = named.and_then(|name| main.resource(name));
    let is_there = named.is_some_and(|resource| resource.kind == *kind || resource.name == "Notifications");
    let is_index = looked.dimensions.get("GlobalSecondaryIndexName").is_none_or(|index| {
        let indexes = named.map(|table| each(&table.properties["GlobalSecondaryIndexes"])).unwrap_or_default();
        indexes.into_iter().any(|one| one["IndexName"] == *index)
    });
    (!is_there || !is_index).then(|| format!("{looked:?} is about nothing that is deployed"))
}

fn wrong_of_ours(given: &Value, looked: &Looked) -> Option<String> {
    let written = Metric::ALL.into_iter().find(|metric| metric.name() == looked.metric);
    let Some(metric) = written else { return Some(format!("no function writes {looked:?}")) };
    let bus = looked.dimensions.get(EVENT_BUS).and_then(|parameter| referred(&given[parameter]));
    let schedule = looked.dimensions.get(SCHEDULE).map(String::as_str);
    let dimensions = match metric {
        Metric::Ticks => {
            looked.dimensions.len() == 2 && schedule.is_some_and(|one| ["due", "timed_out", "recent"].contains(&one))
        }
        _ => looked.dimensions.len() == 1,
    };
    (bus != Some("EventBus") || !dimensions)
        .then(|| format!("{looked:?} has other dimensions than the functions write"))
}

#[test]
fn every_metric_that_an_alarm_or_the_dashboard_looks_at_is_written_by_something_that_is_deployed() {
    let alarms = Template::of_file("infra/alarms.yaml", Given::Nothing);
    assert_eq!(problems(&alarms), Vec::<String>::new());
    assert_eq!(problems_of_board(&of_the_project()), Vec::<String>::new());
    assert!(widgets_of(&of_the_project()).iter().flat_map(of_widget).count() > 40);
}

#[test]
fn a_metric_that_nothing_writes_is_found_out() {
    let main = Template::of_the_project(Given::Nothing);
    let dimensions = BTreeMap::from([(EVENT_BUS.to_owned(), "EventBusName".to_owned())]);
    let metric = |namespace: &str, metric: &str, dimensions: &BTreeMap<String, String>| Looked {
        namespace: namespace.to_owned(),
        metric: metric.to_owned(),
        dimensions: dimensions.clone(),
    };
    assert_eq!(wrong(&main, "Alarms", &metric(NAMESPACE, "Runs", &dimensions)), None);
    for broken in [
        metric(NAMESPACE, "RunsStarted", &dimensions),
        metric(NAMESPACE, "Ticks", &dimensions),
        metric(NAMESPACE, "Runs", &BTreeMap::new()),
        metric("AWS/Lambda", "Errors", &dimensions),
        metric("AWS/SQS", "Depth", &dimensions),
    ] {
        assert!(wrong(&main, "Alarms", &broken).is_some(), "{broken:?}");
    }
}

#[test]
fn every_alarm_says_what_to_do_and_tells_the_topic_when_it_begins_and_ends() {
    for (name, alarm) in alarms() {
        let description = alarm["AlarmDescription"].as_str().unwrap();
        assert!((80..=1024).contains(&description.len()), "{name}: {} characters", description.len());
        for action in ["AlarmActions", "OKActions"] {
            assert_eq!(
                each(&alarm[action]).into_iter().map(referred).collect::<Vec<_>>(),
                [Some("TopicArn")],
                "{name}"
            );
        }
        assert!(alarm["TreatMissingData"].is_string(), "{name} does not say what silence means");
    }
}

#[test]
fn the_table_and_each_of_its_indexes_is_looked_at_for_throttling() {
    let alarms: BTreeMap<String, Value> = alarms().into_iter().collect();
    let looked = of_alarm(&alarms["TableThrottled"]);
    let of = |metric: &str| -> BTreeSet<Option<String>> {
        let of_metric = looked.iter().filter(|one| one.metric == metric);
        of_metric.map(|one| one.dimensions.get("GlobalSecondaryIndexName").cloned()).collect()
    };
    let all = BTreeSet::from([None, Some("by-age".to_owned()), Some("by-next-attempt".to_owned())]);
    assert_eq!((of("ReadThrottleEvents"), of("WriteThrottleEvents")), (all.clone(), all));
}

#[test]
fn the_dashboard_answers_its_three_questions() {
    let widgets = widgets_of(&of_the_project());
    let texts: String = widgets.iter().filter_map(|widget| widget["properties"]["markdown"].as_str()).collect();
    for question in ["Is it healthy?", "What does it cost?", "When does the backlog clear?"] {
        assert!(texts.contains(question), "{question}");
    }
}

/// With `auto` the chosen range would set the period, and a sum by the day would be one of minutes.
#[test]
fn every_widget_keeps_its_period_and_what_is_summed_by_the_day_shows_days() {
    assert_eq!(board(&of_the_project())["periodOverride"], "inherit");
    let daily: Vec<Value> =
        widgets_of(&of_the_project()).into_iter().filter(|one| one["properties"]["period"] == 86_400).collect();
    assert_eq!(daily.len(), 4);
    for widget in daily {
        assert_eq!(widget["properties"]["start"], "-P14D", "{}", widget["properties"]["title"]);
    }
}

fn last_name(arn: &Value) -> String {
    arn.as_str().and_then(|arn| arn.rsplit_once("${SystemName}-")).map(|(_, name)| name.to_owned()).unwrap_or_default()
}

#[test]
fn the_page_of_the_deployment_describes_every_metric() {
    let page = super::template::text("docs/deploy.md");
    for metric in Metric::ALL {
        let line = format!("| `{}` | {:?} | {} |", metric.name(), metric.unit(), metric.meaning());
        assert!(page.contains(&line), "docs/deploy.md lacks the line\n{line}");
    }
}
