//! What docs/deploy.md says that a deployment costs, calculated anew from its prices and from what is deployed.
//!
//! Must not know: a price that the page does not name.

use functions::metrics::Metric;

use super::alarms::looked_at;
use super::template::text;

/// Dollars for a million write units, read units, events, and requests to SQS.
const WRITES: f64 = 0.625;
const READS: f64 = 0.125;
const EVENTS: f64 = 1.0;
const REQUESTS: f64 = 0.40;

/// Dollars for a million failures and a million tries: the functions' time, generously.
const TIME: f64 = 0.10;

/// Dollars a month for a GB of the table with its backup, of the archive, and of logs; for a secret, for a metric that an alarm looks
/// at, for a metric of ours, and for the dashboard.
const TABLE: f64 = 0.25 + 0.20;
const ARCHIVE: f64 = 0.023;
const LOGS: f64 = 0.50;
const SECRET: f64 = 0.40;
const ALARM: f64 = 0.10;
const METRIC: f64 = 0.30;
const DASHBOARD: f64 = 3.0;

/// Millions of requests by which Lambda asks an empty queue in a month.
const POLLING: f64 = 0.65;

/// One column of the table.
struct Size {
    connections: f64,
    /// A month, in millions.
    failures: f64,
    tries: f64,
    log_gigabytes: f64,
    /// The share of hours in which there is more to measure than ticks.
    busy: f64,
}

const SIZES: [Size; 3] = [
    Size { connections: 1.0, failures: 0.003, tries: 3.0, log_gigabytes: 0.02, busy: 0.5 },
    Size { connections: 3.0, failures: 0.1, tries: 5.0, log_gigabytes: 0.1, busy: 1.0 },
    Size { connections: 20.0, failures: 3.0, tries: 8.0, log_gigabytes: 1.0, busy: 1.0 },
];

/// A failure is an event, a request and a fifth, three write units, and a read unit.
fn million_failures() -> f64 {
    EVENTS + 1.2 * REQUESTS + 3.0 * WRITES + READS + TIME
}

/// A try is three write units, a read unit, and a two-hundredth of an event.
fn million_tries() -> f64 {
    3.0 * WRITES + READS + TIME + EVENTS / 200.0
}

/// What does not depend on records.
fn fixed(size: &Size, alarms: f64, metrics: f64) -> f64 {
    alarms * ALARM + METRIC * (1.0 + (metrics - 1.0) * size.busy) + DASHBOARD + POLLING * REQUESTS
}

/// The lines of a size: records taken in, tried and kept for a month at 1 KB each, half of those in the archive at 1.5 KB; logs;
/// secrets; the rest.
fn lines(size: &Size, alarms: f64, metrics: f64) -> [f64; 6] {
    let thousand_megabytes = size.failures;
    [
        size.failures * million_failures(),
        size.failures * size.tries * million_tries(),
        thousand_megabytes * TABLE + thousand_megabytes / 2.0 * 1.5 * ARCHIVE,
        size.log_gigabytes * LOGS,
        size.connections * SECRET,
        fixed(size, alarms, metrics),
    ]
}

#[test]
fn the_page_says_what_the_prices_come_to() {
    let page = text("docs/deploy.md");
    let alarms = f64::from(u32::try_from(looked_at().len()).unwrap());
    // Ticks is one metric for each schedule.
    let metrics = f64::from(u32::try_from(Metric::ALL.len() + 2).unwrap());
    let columns = SIZES.map(|size| lines(&size, alarms, metrics));
    let names = [
        "taking failures in",
        "tries",
        "table and archive kept",
        "logs",
        "secrets",
        "alarms, metrics, dashboard, polling",
    ];
    let row = |name: &str, values: [f64; 3]| {
        let cells =
            values.map(|value| if name.starts_with('*') { format!("**{value:.2}**") } else { format!("{value:.2}") });
        format!("| {name} | {} |", cells.join(" | "))
    };
    let mut rows: Vec<String> =
        names.iter().enumerate().map(|(line, name)| row(name, [0, 1, 2].map(|size| columns[size][line]))).collect();
    rows.push(row("**together**", columns.map(|column| column.iter().sum())));
    rows.push(format!("alarms look at {alarms} metrics ($0.10 each)"));
    rows.push(format!("up to {metrics} custom metrics ($0.30 each"));
    rows.push(format!("**A failure taken in, ${:.2}:**", million_failures()));
    rows.push(format!("**A try, ${:.2}:**", million_tries()));
    for row in rows {
        assert!(page.contains(&row), "docs/deploy.md does not say\n{row}");
    }
}
