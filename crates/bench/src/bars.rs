//! The bars: the most that a run may take, for 50,000 records or scaled to fewer.
//!
//! Must not know: how anything is measured.

use engine::ingest::INLINE_PAYLOAD;
use engine::measured::pace_of;

use crate::figures::Figures;
use crate::spawn::Counted;
use measured::plan::{OutcomeKind, Plan, PolicyKind};

/// The number of records that the bars are stated for.
pub(crate) const RECORDS: usize = 50_000;

/// Write units that one key of an index takes in a second (`DynamoDB`'s limit of a partition).
const UNITS_IN_A_SECOND: f64 = 1_000.0;

/// Read units of a tick that finds nothing to do, for each connection.
const IDLE_READ_UNITS: f64 = 1.5;

/// How many times the time that the calls need by themselves a run of many records may take.
const TIMES_THE_CALLS: f64 = 1.3;

/// The bytes of a payload's item beside the payload: its key and its version.
const BESIDE_A_PAYLOAD: usize = 128;

/// A bar and what was measured.
#[derive(Clone, Debug)]
pub(crate) struct Bar {
    pub(crate) what: &'static str,
    pub(crate) measured: f64,
    pub(crate) most: f64,
}

impl Bar {
    /// Whether it is crossed.
    pub(crate) fn is_crossed(&self) -> bool {
        self.measured > self.most
    }
}

/// A limit: what every record may take, and what the run may take besides, most of which grows with its batches.
#[derive(Clone, Copy, Debug)]
struct Limit {
    a_record: f64,
    besides: f64,
    fixed: f64,
}

impl Limit {
    const fn of(a_record: f64, besides: f64, fixed: f64) -> Self {
        Self { a_record, besides, fixed }
    }

    /// What does not grow with the records.
    const fn flat(most: f64) -> Self {
        Self::of(0.0, most, most)
    }

    #[expect(clippy::cast_precision_loss, reason = "a number of records is far below 2^52")]
    fn at(self, records: usize) -> f64 {
        let share = records as f64 / RECORDS as f64;
        (self.a_record * records as f64 + self.fixed + (self.besides - self.fixed) * share).ceil()
    }
}

/// The bars of the table in docs/performance.md.
struct Limits {
    write_units: Limit,
    read_units: Limit,
    salesforce_calls: Limit,
    dynamodb_requests: Limit,
    put_events_calls: Limit,
}

impl Limits {
    fn of_plan(plan: &Plan) -> Self {
        let limits = Self::of(plan.policy, plan.outcome).listing(plan.shards_beyond_due());
        if plan.payload <= INLINE_PAYLOAD || plan.outcome == OutcomeKind::Outage { limits } else { limits.apart(plan) }
    }

    /// A listing looks at each shard, also at those that are there for records that are not due.
    fn listing(mut self, shards: u16) -> Self {
        for (limit, each) in [(&mut self.read_units, 1.0), (&mut self.dynamodb_requests, 2.0)] {
            limit.besides += f64::from(shards) * each;
            limit.fixed += f64::from(shards) * each;
        }
        self
    }

    /// A payload in an item of its own is read with its record, and deleted when that is resolved: four kilobytes a unit, one
    /// kilobyte a unit, and a request for so many of them.
    #[expect(clippy::cast_precision_loss, reason = "a payload's size is far below 2^52")]
    fn apart(mut self, plan: &Plan) -> Self {
        let item = (plan.payload + BESIDE_A_PAYLOAD) as f64;
        let saved = match plan.outcome {
            OutcomeKind::Success => 1.0,
            OutcomeKind::Mixed => 0.5,
            OutcomeKind::Failure | OutcomeKind::Outage => 0.0,
        };
        self.read_units.a_record += (item / 4_096.0).ceil();
        self.write_units.a_record += saved * (item / 1_024.0).ceil();
        self.dynamodb_requests.a_record += 0.01 + saved * 0.04;
        self
    }

    fn of(policy: PolicyKind, outcome: OutcomeKind) -> Self {
        let a_record = match (policy, outcome) {
            (_, OutcomeKind::Outage) => return Self::of_an_outage(),
            (PolicyKind::Interval, OutcomeKind::Success | OutcomeKind::Failure | OutcomeKind::Mixed) => 3.0,
            (PolicyKind::Recent, OutcomeKind::Success) => 2.0,
            (PolicyKind::Recent, OutcomeKind::Mixed) => 1.5,
            (PolicyKind::Recent, OutcomeKind::Failure) => 1.0,
        };
        Self {
            write_units: Limit::of(a_record, 3_000.0, 60.0),
            read_units: Limit::of(1.0, 2_500.0, 60.0),
            salesforce_calls: Limit::of(0.0, 251.0, 1.0),
            dynamodb_requests: Limit::of(0.0, 2_900.0, 30.0),
            put_events_calls: Limit::of(0.0, 30.0, 2.0),
        }
    }

    fn of_an_outage() -> Self {
        Self {
            write_units: Limit::flat(30.0),
            read_units: Limit::flat(300.0),
            salesforce_calls: Limit::flat(3.0),
            dynamodb_requests: Limit::flat(30.0),
            put_events_calls: Limit::flat(2.0),
        }
    }
}

/// The bars of one run.
#[expect(clippy::cast_precision_loss, reason = "counts of requests and bytes are far below 2^52")]
pub(crate) fn of_a_run(plan: &Plan, figures: &Figures, counted: &Counted, most_memory: u64) -> Vec<Bar> {
    let limits = Limits::of_plan(plan);
    let bar = |what, measured, limit: Limit| Bar { what, measured, most: limit.at(figures.records) };
    let hottest = counted.hottest_key.as_ref().map_or(0.0, |hottest| hottest.units_in_a_second);
    let mut bars = vec![
        bar("write units", figures.write_units, limits.write_units),
        bar("read units", figures.read_units, limits.read_units),
        bar("Salesforce calls", figures.salesforce_calls as f64, limits.salesforce_calls),
        bar("DynamoDB requests", figures.dynamodb_requests as f64, limits.dynamodb_requests),
        bar("PutEvents calls", figures.put_events_calls as f64, limits.put_events_calls),
        bar("peak memory", figures.peak_rss_bytes as f64, Limit::flat(most_memory as f64)),
        bar("write units of one index key in a second", hottest, Limit::flat(UNITS_IN_A_SECOND)),
    ];
    bars.extend(time(plan, figures.wall_seconds));
    bars
}

/// The bar of time, for a run of many records whose calls are what is waited for. With a quicker org the write pace is, which is there for the
/// table's sake.
fn time(plan: &Plan, wall_seconds: f64) -> Option<Bar> {
    let own = plan.time_of_calls();
    let is_waited_for = own >= 2 * pace_of(plan.due);
    let many = plan.due >= RECORDS && plan.outcome != OutcomeKind::Outage;
    (many && is_waited_for).then_some(Bar {
        what: "seconds, of 1.3 times the calls' own",
        measured: wall_seconds,
        most: TIMES_THE_CALLS * own.as_secs_f64(),
    })
}

/// The bars of a tick that finds nothing to do.
#[expect(clippy::cast_precision_loss, reason = "a number of connections is far below 2^52")]
pub(crate) fn of_an_idle_tick(plan: &Plan, counted: &Counted) -> Vec<Bar> {
    let a_connection = counted.read_units / plan.connections as f64;
    let most = IDLE_READ_UNITS + f64::from(plan.shards_beyond_due()) / 2.0;
    vec![
        Bar { what: "read units of a connection", measured: a_connection, most },
        Bar { what: "write units", measured: counted.write_units, most: 0.0 },
    ]
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use measured::plan::{PolicyKind, USUAL_PAYLOAD};

    use super::*;

    fn slow() -> Plan {
        Plan {
            due: RECORDS,
            stored: 0,
            connections: 1,
            payload: USUAL_PAYLOAD,
            policy: PolicyKind::Interval,
            outcome: OutcomeKind::Success,
            call_ms: 150,
            record_us: 2_000,
            in_flight: 4,
        }
    }

    #[test]
    fn a_run_over_a_slow_org_is_held_to_the_time_of_its_calls() {
        let crossed = |seconds| time(&slow(), seconds).is_some_and(|bar| bar.is_crossed());
        assert!(!crossed(45.0) && crossed(45.1), "63 rounds of 550 ms are 34.65 s");
        let wide = Plan { in_flight: 200, ..slow() };
        assert_eq!(wide.time_of_calls(), Duration::from_millis(1_100), "two rounds, the second with 50 calls");
    }

    #[test]
    fn no_run_is_held_to_it_whose_pace_takes_longer_or_that_is_short() {
        for plan in [
            Plan { record_us: 0, ..slow() },
            Plan { call_ms: 0, record_us: 0, ..slow() },
            Plan { due: 10_000, ..slow() },
            Plan { outcome: OutcomeKind::Outage, ..slow() },
        ] {
            assert!(time(&plan, 1_000.0).is_none(), "{plan:?}");
        }
    }
}
