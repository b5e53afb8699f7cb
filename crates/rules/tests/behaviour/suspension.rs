//! Suspensions: when a probe may find out that the cause is gone.
//! It must not know how a probe is sent.

use proptest::prelude::*;
use rules::schedule::{TICK, next_tick_after};
use rules::suspension::{Cause, Probe, Suspension};
use rules::time::Timestamp;

use crate::support::{any_instant, at, minutes, seeded};

const NOW: &str = "2026-03-01T10:03:00Z";

fn refused_login() -> Cause {
    Cause::LoginRefused { secret: "v1".to_owned() }
}

fn unreadable() -> Cause {
    Cause::SecretUnreadable { name: "resync/acme".to_owned(), problem: "it is not there".to_owned() }
}

/// The causes that time may cure.
fn curable() -> [Cause; 6] {
    [Cause::SessionRefused, Cause::AccessRefused, Cause::OrgLimit, Cause::Storage, Cause::Down, Cause::Unreachable]
}

/// The instants of the first probes when each is sent three seconds after it is due and fails.
fn probes(cause: &Cause, from: Timestamp, count: usize) -> Vec<Timestamp> {
    let mut suspension = Suspension::begin(cause.clone(), from);
    let mut sent = Vec::new();
    for _ in 0..count {
        let due = suspension.next_probe.expect("time can help");
        sent.push(due);
        suspension = suspension.probe_failed(cause.clone(), due + std::time::Duration::from_secs(3));
    }
    sent
}

proptest! {
    #![proptest_config(seeded(200))]

    #[test]
    fn probes_come_after_one_then_two_then_every_four_ticks(from in any_instant()) {
        for cause in curable() {
            let first = next_tick_after(from, TICK);
            let expected = [0, 2, 6, 10, 14].map(|ticks: u32| first + TICK * ticks);
            prop_assert_eq!(probes(&cause, from, 5), expected);
        }
    }
}

#[test]
fn a_probe_is_due_from_its_tick_on_and_not_before() {
    for cause in curable() {
        let suspension = Suspension::begin(cause.clone(), at(NOW));
        let probe = if cause == Cause::Storage { Probe::Record } else { Probe::Call };
        let due = |text| suspension.probe_due(at(text), "v1");
        assert_eq!(due("2026-03-01T10:19:59.999Z"), None, "{cause:?}");
        assert_eq!(due("2026-03-01T10:20:00Z"), Some(probe), "{cause:?}");
        assert!(!suspension.worth_a_look(at(NOW)) && suspension.worth_a_look(at("2026-03-01T10:20:00Z")));
    }
}

#[test]
fn a_refused_login_is_asked_again_only_with_another_version_of_the_secret() {
    let suspension = Suspension::begin(refused_login(), at(NOW));
    assert_eq!(suspension.next_probe, None);
    assert_eq!(suspension.probe_due(at(NOW) + minutes(1_000_000), "v1"), None);
    assert_eq!(suspension.probe_due(at(NOW), "v2"), Some(Probe::Call));
    assert!(suspension.worth_a_look(at(NOW)));
}

/// The look costs Salesforce nothing; a login is worth a call once the secret can be read, in whatever version.
#[test]
fn a_secret_that_cannot_be_read_is_looked_at_every_tick_and_tried_as_soon_as_it_can() {
    let suspension = Suspension::begin(unreadable(), at(NOW));
    assert_eq!((suspension.next_probe, suspension.worth_a_look(at(NOW))), (None, true));
    assert_eq!(suspension.probe_due(at(NOW), "v1"), Some(Probe::Call));
    let words = suspension.cause.words();
    assert!(words.starts_with("the secret resync/acme cannot be read (it is not there): check its name"), "{words}");
}

#[test]
fn a_suspension_ends_by_a_probe_or_says_what_ends_it() {
    for cause in curable().into_iter().chain([refused_login(), unreadable()]) {
        let suspension = Suspension::begin(cause.clone(), at(NOW));
        assert_eq!(suspension.next_probe.is_some(), cause.goes_on().is_none(), "{cause:?}");
    }
}

#[test]
fn a_new_secret_that_is_refused_too_is_the_one_not_to_ask_with_again() {
    let second = Cause::LoginRefused { secret: "v2".to_owned() };
    let suspension = Suspension::begin(refused_login(), at(NOW)).probe_failed(second, at("2026-03-01T10:20:00Z"));
    assert_eq!(suspension.probe_due(at("2026-03-01T10:40:00Z"), "v2"), None);
    assert_eq!(suspension.probe_due(at("2026-03-01T10:40:00Z"), "v3"), Some(Probe::Call));
    assert_eq!((suspension.failed_probes, suspension.since), (1, at(NOW)));
}

#[test]
fn a_probe_that_finds_another_cause_goes_on_with_that_one() {
    let suspension = Suspension::begin(Cause::Down, at(NOW)).probe_failed(Cause::Storage, at("2026-03-01T10:20:01Z"));
    assert_eq!(suspension.next_probe, Some(at("2026-03-01T11:00:00Z")));
    assert_eq!(suspension.probe_due(at("2026-03-01T11:00:00Z"), "v1"), Some(Probe::Record));
}

#[test]
fn every_cause_has_words_of_its_own_and_survives_its_json_form() {
    let mut words = std::collections::BTreeSet::new();
    for cause in curable().into_iter().chain([refused_login(), unreadable()]) {
        assert!(words.insert(cause.words().into_owned()), "{cause:?}");
        let suspension = Suspension::begin(cause, at(NOW));
        let json = serde_json::to_value(&suspension).expect("a suspension is JSON");
        assert_eq!(serde_json::from_value::<Suspension>(json).expect("and is read"), suspension);
    }
    assert!(words.iter().all(|words| !words.is_empty()));
}
