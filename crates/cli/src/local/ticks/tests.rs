//! Ticks on clocks that behave, sleep, jump and are put right.

use proptest::prelude::*;

use super::*;

fn at(text: &str) -> Timestamp {
    Timestamp::parse(text).expect("a time")
}

/// Looks at the job at each of these times, as a process does that remembers what it carried out; gives the ticks.
fn fired(job: Job, mut last: Option<Timestamp>, looks: impl IntoIterator<Item = Timestamp>) -> Vec<Timestamp> {
    let mut fired = Vec::new();
    for now in looks {
        match job.decide(last, now) {
            Decision::Wait => {}
            Decision::Begin(tick) | Decision::Reset(tick) => last = Some(tick),
            Decision::Fire(tick) => {
                fired.push(tick);
                last = Some(tick);
            }
        }
    }
    fired
}

/// The instants from `from` to `to`, a second apart.
fn seconds(from: &str, to: &str) -> impl Iterator<Item = Timestamp> {
    let (from, to) = (at(from), at(to));
    std::iter::successors(Some(from), |now| Some(*now + Duration::from_secs(1))).take_while(move |now| *now <= to)
}

#[test]
fn a_clock_that_behaves_sees_every_tick_of_the_template_once() {
    let day = || seconds("2026-03-28T23:59:00Z", "2026-03-29T23:59:30Z");
    assert_eq!(fired(Job::Due, None, day()).len(), 72, "also on the day on which summer time begins");
    assert_eq!(fired(Job::TimedOut, None, day()), [at("2026-03-29T00:00:00Z")]);
    assert_eq!(fired(Job::Recent, None, day()), [at("2026-03-29T11:30:00Z"), at("2026-03-29T23:30:00Z")]);
    assert_eq!(fired(Job::Housekeeping, None, day()), [at("2026-03-29T02:10:00Z")]);
}

#[test]
fn the_first_start_has_nothing_to_catch_up() {
    for job in JOBS {
        assert_eq!(fired(job, None, seconds("2026-03-02T09:20:05Z", "2026-03-02T09:39:59Z")), [], "{job:?}");
    }
}

#[test]
fn a_machine_that_slept_for_days_catches_up_the_latest_tick_alone() {
    let last = Some(at("2026-03-02T09:20:00Z"));
    let looks = || seconds("2026-03-05T13:07:11Z", "2026-03-05T13:19:59Z");
    assert_eq!(fired(Job::Due, last, looks()), [at("2026-03-05T13:00:00Z")]);
    assert_eq!(fired(Job::TimedOut, Some(at("2026-03-02T00:00:00Z")), looks()), [at("2026-03-05T00:00:00Z")]);
    assert_eq!(fired(Job::Recent, Some(at("2026-03-01T23:30:00Z")), looks()), [at("2026-03-05T11:30:00Z")]);
}

#[test]
fn a_clock_that_is_put_back_carries_no_tick_out_twice() {
    let forth = seconds("2026-03-02T09:10:00Z", "2026-03-02T09:25:00Z");
    let again = seconds("2026-03-02T09:15:00Z", "2026-03-02T09:45:00Z");
    assert_eq!(fired(Job::Due, None, forth.chain(again)), [at("2026-03-02T09:20:00Z"), at("2026-03-02T09:40:00Z")]);
}

#[test]
fn a_clock_that_was_years_ahead_does_not_stop_the_schedules_when_it_is_put_right() {
    let wrong = Some(at("2031-01-01T00:00:00Z"));
    assert_eq!(Job::Due.decide(wrong, at("2026-03-02T09:25:00Z")), Decision::Reset(at("2026-03-02T09:20:00Z")));
    let looks = seconds("2026-03-02T09:25:00Z", "2026-03-02T09:45:00Z");
    assert_eq!(fired(Job::Due, wrong, looks), [at("2026-03-02T09:40:00Z")]);
}

/// 2026, give or take.
fn instants() -> impl Strategy<Value = Timestamp> {
    (1_760_000_000_000..1_800_000_000_000_i64).prop_map(Timestamp::from_millis)
}

fn jobs() -> impl Strategy<Value = Job> {
    prop::sample::select(JOBS.to_vec())
}

proptest! {
    #[test]
    fn the_latest_tick_is_not_after_now_and_the_next_one_is(job in jobs(), now in instants()) {
        prop_assert!(job.latest(now) <= now && now < job.next(now));
        prop_assert_eq!(job.latest(job.next(now)), job.next(now));
    }

    #[test]
    fn no_tick_comes_twice_in_a_row_and_none_before_its_time_however_the_clock_jumps(
        job in jobs(), first in prop::option::of(instants()), looks in prop::collection::vec(instants(), 0..50)
    ) {
        let mut last = first;
        for now in looks {
            match job.decide(last, now) {
                Decision::Wait => prop_assert!(last.is_some_and(|last| last >= job.latest(now))),
                Decision::Fire(tick) => {
                    prop_assert!(tick <= now && Some(tick) > last && tick == job.latest(now));
                    last = Some(tick);
                }
                Decision::Begin(tick) | Decision::Reset(tick) => {
                    prop_assert_eq!(tick, job.latest(now));
                    last = Some(tick);
                }
            }
            prop_assert_eq!(job.decide(last, now), Decision::Wait, "one look is enough");
        }
    }

    #[test]
    fn after_any_look_the_next_tick_comes_at_its_time(job in jobs(), last in prop::option::of(instants()), now in instants()) {
        let next = job.next(now);
        let mut looks = fired(job, last, [now, next - Duration::from_millis(1), next]);
        prop_assert!(looks.pop() == Some(next) || last.is_some_and(|last| last >= next), "{:?}", last);
    }
}
