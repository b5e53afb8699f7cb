//! "Why is this record not retrying?": every gate, its numbers, and whether it is open.
//! It must not know how the facts were gathered.

use proptest::prelude::*;
use rules::budget::{Bucket, Budget, Ledger};
use rules::connection::Connection;
use rules::control::{Control, OrgUsage};
use rules::counts::{ApiCalls, Attempts};
use rules::gates::{Gate, ORG_FIGURE_LIVES, SuspendedBy, next_try, of_connection, of_record};
use rules::record::{HoldReason, Next, Record, Resolution, State};
use rules::suspension::{Cause, Suspension};
use rules::time::Timestamp;
use serde_json::json;

use crate::support::{
    FIRST_FAILED, at, error_type, interval, minutes, recent, record_in, scheduled, seeded, timed_out,
};

const NOW: &str = "2026-03-01T12:00:00Z";

fn connection() -> Connection {
    let target = json!({ "login_url": "https://acme.my.salesforce.com", "flow": "client_credentials", "secret": "s" });
    let settings = json!({ "id": "acme", "policy": { "kind": "interval" }, "target": target });
    Connection::read(&settings).expect("good settings")
}

/// The connection's gates when our own calls of this bucket are `own`, of a cap of 100.
fn gates(connection: &Connection, control: &Control, own: u64) -> Vec<Gate> {
    let own = Ledger::from_buckets([(Bucket::of(at(NOW)), ApiCalls(own))]);
    let reported = Ledger::default();
    let budget = Budget { own: &own, reported: &reported, cap: ApiCalls(100), request_timeout: minutes(2) };
    of_connection(connection, control, &budget, at(NOW))
}

fn closed(gates: &[Gate], now: &str) -> Vec<String> {
    gates.iter().filter(|gate| !gate.is_open(at(now))).map(name).collect()
}

/// The gate's name in JSON.
fn name(gate: &Gate) -> String {
    let json = serde_json::to_value(gate).expect("a gate is JSON");
    json["gate"].as_str().expect("it has its name").to_owned()
}

fn expired_recent() -> Record {
    record_in(State::Scheduled(Next::Sweep))
}

#[test]
fn a_connection_without_troubles_has_three_open_gates_and_a_fourth_when_the_org_s_figure_is_known() {
    let quiet = gates(&connection(), &Control::default(), 0);
    assert_eq!(quiet.iter().map(name).collect::<Vec<_>>(), ["not_paused", "not_suspended", "budget"]);
    assert!(closed(&quiet, NOW).is_empty());
    let org = Some(OrgUsage { used: ApiCalls(10), limit: ApiCalls(1_000), at: at(NOW) });
    let known = gates(&connection(), &Control { org, ..Control::default() }, 0);
    assert_eq!(name(&known[3]), "org_limit");
    assert!(closed(&known, NOW).is_empty());
}

#[test]
fn a_pause_closes_its_gate_alone() {
    let paused = Connection { paused: true, ..connection() };
    assert_eq!(closed(&gates(&paused, &Control::default(), 0), NOW), ["not_paused"]);
}

#[test]
fn a_suspension_closes_its_gate_whatever_the_cause_and_says_when_the_next_probe_is() {
    let login = Cause::LoginRefused { secret: "v1".to_owned() };
    let unreadable = Cause::SecretUnreadable { name: "resync/acme".to_owned(), problem: "it is empty".to_owned() };
    for cause in [
        login,
        unreadable,
        Cause::SessionRefused,
        Cause::AccessRefused,
        Cause::OrgLimit,
        Cause::Storage,
        Cause::Down,
        Cause::Unreachable,
    ] {
        let suspension = Suspension::begin(cause.clone(), at(NOW));
        let next_probe = suspension.next_probe;
        let gates = gates(&connection(), &Control { suspension: Some(suspension), ..Control::default() }, 0);
        assert_eq!(closed(&gates, NOW), ["not_suspended"], "{cause:?}");
        let by = SuspendedBy { cause: cause.clone(), since: at(NOW), next_probe };
        assert_eq!(gates[1], Gate::NotSuspended { suspension: Some(by) });
        assert!(gates[1].to_string().contains(&*cause.words()), "{}", gates[1]);
    }
}

#[test]
fn the_budget_closes_at_its_cap_and_says_when_calls_come_back() {
    let at_use = |used| gates(&connection(), &Control::default(), used).remove(2);
    assert_eq!(at_use(99), Gate::Budget { used: ApiCalls(99), cap: ApiCalls(100), resumes: None });
    assert!(at_use(99).is_open(at(NOW)));
    let resumes = Some(at("2026-03-02T12:22:10Z"));
    assert_eq!(at_use(100), Gate::Budget { used: ApiCalls(100), cap: ApiCalls(100), resumes });
    assert!(!at_use(100).is_open(at(NOW)) && !at_use(101).is_open(at(NOW)));
    assert!(at_use(100).to_string().contains("100 of 100") && at_use(100).to_string().contains("2026-03-02 12:23 UTC"));
}

#[test]
fn a_cap_of_nothing_is_closed_for_ever() {
    let empty = Ledger::default();
    let budget = Budget { own: &empty, reported: &empty, cap: ApiCalls(0), request_timeout: minutes(2) };
    let gate = of_connection(&connection(), &Control::default(), &budget, at(NOW)).remove(2);
    assert_eq!(gate, Gate::Budget { used: ApiCalls(0), cap: ApiCalls(0), resumes: None });
    assert!(!gate.is_open(at(NOW)));
}

#[test]
fn the_org_s_own_limit_closes_at_95_percent_while_its_figure_is_fresh() {
    let gate = |used, seen: Timestamp| {
        let org = Some(OrgUsage { used: ApiCalls(used), limit: ApiCalls(1_000), at: seen });
        gates(&connection(), &Control { org, ..Control::default() }, 0).remove(3)
    };
    assert!(gate(949, at(NOW)).is_open(at(NOW)));
    assert!(!gate(950, at(NOW)).is_open(at(NOW)));
    assert!(!gate(950, at(NOW) - ORG_FIGURE_LIVES + minutes(1)).is_open(at(NOW)));
    assert!(gate(950, at(NOW) - ORG_FIGURE_LIVES).is_open(at(NOW)));
    let expected = "the org used 950 of 1,000 calls as of 2026-03-01 12:00 UTC; runs stop at 950";
    assert_eq!(gate(950, at(NOW)).to_string(), expected);
}

#[test]
fn a_due_record_passes_all_five_gates_from_its_tick_on() {
    let gates = of_record(&interval(), &scheduled(), None, at(NOW));
    let names: Vec<_> = gates.iter().map(name).collect();
    assert_eq!(names, ["unresolved", "not_excluded", "tries_left", "due", "not_quarantined"]);
    assert_eq!(closed(&gates, "2026-03-01T10:19:59.999Z"), ["due"]);
    assert!(closed(&gates, "2026-03-01T10:20:00Z").is_empty());
}

#[test]
fn a_resolved_record_is_closed_and_says_how_and_no_other_gate_matters() {
    for how in [Resolution::Retried, Resolution::SucceededElsewhere, Resolution::Gone, Resolution::Deleted] {
        let gates = of_record(&interval(), &record_in(State::Resolved { how, at: at(NOW) }), None, at(NOW));
        assert_eq!(gates, [Gate::Unresolved { resolved: Some(how) }]);
        assert_eq!(closed(&gates, NOW), ["unresolved"], "{how:?}");
    }
}

#[test]
fn a_held_record_is_closed_and_says_why_and_what_to_do() {
    for (reason, mend) in
        [(HoldReason::ExcludedType, "mend the cause"), (HoldReason::PayloadMissing, "sync the record")]
    {
        let gates = of_record(&interval(), &record_in(State::Held(reason)), None, at(NOW));
        assert_eq!(closed(&gates, NOW), ["not_excluded", "due"], "{reason:?}");
        let held = Some(reason);
        assert_eq!(gates[1], Gate::NotExcluded { error_type: error_type("missing-argument"), held });
        assert!(gates[1].sooner().starts_with(mend), "{}", gates[1].sooner());
    }
}

#[test]
fn ten_of_ten_tries_close_the_20_minute_schedule_and_midnight_is_next() {
    let tired = Record { attempts: Attempts { interval: 10, ..Attempts::default() }, ..timed_out() };
    let gates = of_record(&interval(), &tired, None, at(NOW));
    assert_eq!(gates[2], Gate::TriesLeft { tries: 10, of: 10, timed_out: true });
    assert_eq!(gates[3], Gate::Due { next: Some(at("2026-03-02T00:00:00Z")) });
    assert_eq!(closed(&gates, NOW), ["tries_left", "due"]);
    assert_eq!(gates[2].to_string(), "10 of 10 tries used: in the timeout queue");
}

#[test]
fn a_record_of_the_recent_policy_shows_its_window_and_leaves_it_after_seven_days() {
    let leaves = at("2026-03-08T10:07:00Z");
    let gates = of_record(&recent(), &expired_recent(), None, at(NOW));
    assert_eq!(gates[2], Gate::InsideWindow { first_failed: at(FIRST_FAILED), window_days: 7, leaves });
    assert!(gates[2].is_open(leaves) && !gates[2].is_open(at("2026-03-08T10:07:00.001Z")));
    assert_eq!(gates[3], Gate::Due { next: Some(at("2026-03-01T23:30:00Z")) });
    let late = of_record(&recent(), &expired_recent(), None, at("2026-03-08T10:00:00Z"));
    assert_eq!(late[3], Gate::Due { next: None });
}

/// Invariant 2, Exclusion.
#[test]
fn a_quarantine_closes_its_gate_until_its_last_instant() {
    let until = at("2026-03-01T12:13:00Z");
    let gates = of_record(&interval(), &scheduled(), Some(until), at(NOW));
    assert_eq!(gates[4], Gate::NotQuarantined { until: Some(until) });
    assert_eq!(closed(&gates, "2026-03-01T12:12:59.999Z"), ["not_quarantined"]);
    assert!(closed(&gates, "2026-03-01T12:13:00Z").is_empty());
}

#[test]
fn the_next_try_is_known_for_every_state() {
    let next = |record: &Record| next_try(&interval(), record, at(NOW));
    assert_eq!(next(&scheduled()), Some(at("2026-03-01T10:20:00Z")));
    assert_eq!(next(&timed_out()), Some(at("2026-03-02T00:00:00Z")));
    assert_eq!(next(&record_in(State::Held(HoldReason::ExcludedType))), None);
    assert_eq!(next(&record_in(State::Resolved { how: Resolution::Gone, at: at(NOW) })), None);
}

/// Every gate in every form that it can take.
fn every_gate() -> Vec<Gate> {
    let resolutions = [Resolution::Retried, Resolution::SucceededElsewhere, Resolution::Gone, Resolution::Deleted];
    let unresolved = [None].into_iter().chain(resolutions.map(Some)).map(|resolved| Gate::Unresolved { resolved });
    let held = [None, Some(HoldReason::ExcludedType), Some(HoldReason::PayloadMissing)];
    let excluded = held.map(|held| Gate::NotExcluded { error_type: error_type("daco-02"), held });
    let tries = [true, false].map(|timed_out| Gate::TriesLeft { tries: 3, of: 10, timed_out });
    let instants = [None, Some(at(NOW))];
    let unreadable = Cause::SecretUnreadable { name: "resync/acme".to_owned(), problem: "it is empty".to_owned() };
    let causes = [Cause::Down, Cause::LoginRefused { secret: "v1".to_owned() }, unreadable];
    let suspensions = causes.map(|cause| SuspendedBy {
        next_probe: Suspension::begin(cause.clone(), at(NOW)).next_probe,
        cause,
        since: at(NOW),
    });
    let window = Gate::InsideWindow { first_failed: at(FIRST_FAILED), window_days: 7, leaves: at(NOW) };
    let org = |stale| Gate::OrgLimit { used: ApiCalls(1), stop: ApiCalls(2), limit: ApiCalls(3), at: at(NOW), stale };
    unresolved
        .chain(excluded)
        .chain(tries)
        .chain([window, Gate::NotPaused { paused: true }, Gate::NotPaused { paused: false }, org(true), org(false)])
        .chain(instants.map(|next| Gate::Due { next }))
        .chain(instants.map(|until| Gate::NotQuarantined { until }))
        .chain(instants.map(|resumes| Gate::Budget { used: ApiCalls(9), cap: ApiCalls(9), resumes }))
        .chain([None].into_iter().chain(suspensions.map(Some)).map(|suspension| Gate::NotSuspended { suspension }))
        .collect()
}

#[test]
fn every_gate_in_every_form_says_something_of_its_own() {
    let texts: Vec<String> = every_gate().iter().map(ToString::to_string).collect();
    assert!(texts.iter().all(|text| text.len() > 5), "{texts:?}");
    assert!(every_gate().iter().all(|gate| !gate.sooner().is_empty() && !name(gate).is_empty()));
    let distinct: std::collections::BTreeSet<_> = texts.iter().collect();
    assert_eq!(distinct.len() + 1, texts.len(), "only the org's fresh and stale figure read the same");
}

proptest! {
    #![proptest_config(seeded(200))]

    /// The gate and the budget must never tell two stories.
    #[test]
    fn the_budget_gate_is_open_exactly_if_one_call_would_be_granted(own in 0_u64..200, cap in 0_u64..200) {
        let ledger = Ledger::from_buckets([(Bucket::of(at(NOW)), ApiCalls(own))]);
        let empty = Ledger::default();
        let budget = Budget { own: &ledger, reported: &empty, cap: ApiCalls(cap), request_timeout: minutes(2) };
        let gate = of_connection(&connection(), &Control::default(), &budget, at(NOW)).remove(2);
        prop_assert_eq!(gate.is_open(at(NOW)), budget.grant(ApiCalls(1), at(NOW)) == ApiCalls(1));
    }
}

/// What no time opens, somebody does: a gate says who and how, and only such a gate.
#[test]
fn a_gate_that_no_time_opens_says_what_does() {
    let mut paused = connection();
    paused.paused = true;
    let down = |cause| Control { suspension: Some(Suspension::begin(cause, at(NOW))), ..Control::default() };
    let says = |gates: Vec<Gate>| {
        let closed = gates.iter().filter(|gate| !gate.is_open(at(NOW)));
        closed.filter_map(Gate::opens_when).collect::<Vec<_>>()
    };
    assert!(says(gates(&paused, &Control::default(), 0))[0].contains("resumes the connection"));
    assert!(says(gates(&connection(), &Control::default(), 0)).is_empty());
    assert!(says(gates(&connection(), &down(Cause::Down), 0)).is_empty(), "a probe comes by itself");
    let refused = down(Cause::LoginRefused { secret: "1".to_owned() });
    assert!(says(gates(&connection(), &refused, 0))[0].contains("other credentials"));
    let nothing = Ledger::default();
    let budget = Budget { own: &nothing, reported: &nothing, cap: ApiCalls(0), request_timeout: minutes(2) };
    let none = of_connection(&connection(), &Control::default(), &budget, at(NOW));
    assert!(says(none)[0].contains("raises the connection's API limit"));
}
