//! Outcome writes: many at once, each conditional and settled by itself.
//!
//! Must not know: how outcomes are decided.

use rules::counts::TryKind;
use rules::ids::{BatchId, Epoch, Fence};
use rules::record::{LastSend, Next, Record, Resolution, Stored, SuccessMark};
use rules::time::Timestamp;
use rules::tries::{Try, TryOutcome};
use rules::version::SourceVersion;

use super::given::{ANSWERS, keeping, put_new, read, replace, settle, stored};
use crate::fakes::sample;
use crate::ports::{OutcomeWrite, PayloadChange, Put, Store, Written};

fn at() -> Timestamp {
    sample::time("2026-03-02T09:20:05Z")
}

fn failed_again(record: &Record, sequence: u32) -> Record {
    let batch = BatchId { epoch: Epoch(3), sequence };
    let tried = Try { batch, at: at(), kind: TryKind::Interval, outcome: TryOutcome::Failed };
    let failed = record.clone().count(tried).fail(sample::failure(sample::CODE, "row lock, again"), at());
    failed.schedule(Next::At(sample::time("2026-03-02T09:40:00Z"))).advance()
}

/// All that a try changes is there afterwards.
pub async fn an_outcome_is_written_on_the_version_that_was_read<S: Store>(store: &S) {
    let before = sample::failing("acme", "c-1");
    let sent = LastSend { version: SourceVersion::Number(1), until: sample::time("2026-03-02T09:33:00Z") };
    let after = failed_again(&before, 1).remember_send(sent);
    put_new(store, &before, 1).await;
    settle(store, &before, &after).await;
    let found = read(store, &before.key).await.expect("the record is there");
    assert_eq!((found.stored, found.payload), (stored(&after), Some(sample::payload(1))));

    let resolved = after.clone().resolve(Resolution::Retried, at()).advance();
    settle(store, &after, &resolved).await;
    assert_eq!(read(store, &before.key).await.expect("the record is there").stored, stored(&resolved));
}

/// What a source did to a record between its read and its outcome.
#[derive(Clone, Copy)]
enum Meanwhile {
    Nothing,
    NewerVersion,
    OnlyASuccess,
    Gone,
}

impl Meanwhile {
    fn of(number: usize) -> Self {
        match number % 8 {
            3 => Self::NewerVersion,
            5 => Self::OnlyASuccess,
            6 => Self::Gone,
            _ => Self::Nothing,
        }
    }

    /// Makes it so, and tells what the outcome write must find.
    async fn happens<S: Store>(self, store: &S, before: &Record) -> Written {
        match self {
            Self::Nothing => {
                put_new(store, before, 4).await;
                Written::Done
            }
            Self::NewerVersion => {
                let newer = Record { source_version: SourceVersion::Number(2), ..before.clone().advance() };
                put_new(store, before, 4).await;
                replace(store, before, &newer, PayloadChange::Set(sample::payload(2))).await;
                Written::Conflict(Some(Box::new(stored(&newer))))
            }
            Self::OnlyASuccess => {
                let (key, source_version) = (before.key.clone(), SourceVersion::Number(2));
                let mark = Stored::Success(SuccessMark { key, fence: Fence(77), source_version, at: at() });
                let put = Put { stored: mark.clone(), payload: PayloadChange::Drop, expected: None };
                assert_eq!(store.put(&put, &keeping(4)).await.expect(ANSWERS), Written::Done);
                Written::Conflict(Some(Box::new(mark)))
            }
            Self::Gone => Written::Conflict(None),
        }
    }
}

/// More than fit in one request to a table, with stale, replaced and absent ones among them.
pub async fn sixty_outcomes_are_settled_each_by_itself_and_in_order<S: Store>(store: &S) {
    let mut writes = Vec::new();
    let mut expected = Vec::new();
    for (number, sequence) in (0..60).zip(0..) {
        let before = sample::failing("acme", &format!("c-{number}"));
        expected.push(Meanwhile::of(number).happens(store, &before).await);
        let retried = || before.clone().resolve(Resolution::Retried, at()).advance();
        let after = if number % 2 == 0 { retried() } else { failed_again(&before, sequence) };
        writes.push(OutcomeWrite { before, after });
    }
    let written = store.write_outcomes(&writes, &keeping(4)).await.expect(ANSWERS);
    assert_eq!(written, expected);
    for (write, result) in writes.iter().zip(expected) {
        let there = match result {
            Written::Done => Some(stored(&write.after)),
            Written::Conflict(current) => current.map(|current| *current),
            Written::Throttled => panic!("no outcome is expected to be throttled"),
        };
        assert_eq!(read(store, &write.before.key).await.map(|read| read.stored), there, "{}", write.before.key);
    }
}

/// An outcome brings no record back.
pub async fn an_outcome_of_a_record_that_is_gone_conflicts_with_nothing<S: Store>(store: &S) {
    let before = sample::failing("acme", "c-1");
    for after in [failed_again(&before, 1), before.clone().resolve(Resolution::Retried, at()).advance()] {
        let write = OutcomeWrite { before: before.clone(), after };
        assert_eq!(store.write_outcomes(&[write], &keeping(1)).await.expect(ANSWERS), [Written::Conflict(None)]);
    }
    assert_eq!(read(store, &before.key).await, None);
}

/// The reply was lost, so it is written again: the store knows its own write, or shows it to the engine, which does.
pub async fn an_outcome_written_again_is_done_or_shows_itself<S: Store>(store: &S) {
    let before = sample::failing("acme", "c-1");
    let write = OutcomeWrite { after: failed_again(&before, 1), before };
    put_new(store, &write.before, 1).await;
    settle(store, &write.before, &write.after).await;
    let again = store.write_outcomes(std::slice::from_ref(&write), &keeping(1)).await.expect(ANSWERS);
    let shown = Written::Conflict(Some(Box::new(stored(&write.after))));
    assert!(again == [Written::Done] || again == [shown], "{again:?}");
    assert_eq!(read(store, &write.before.key).await.expect("the record is there").stored, stored(&write.after));
}

/// What was set before and is not any more is not left behind.
pub async fn an_outcome_clears_what_the_record_no_longer_has<S: Store>(store: &S) {
    let sent = LastSend { version: SourceVersion::Number(1), until: at() };
    let before = failed_again(&sample::failing("acme", "c-1"), 1).remember_send(sent).time_out(at());
    let after = Record { last_send: None, ..before.clone().schedule(Next::Sweep).advance() };
    put_new(store, &before, 1).await;
    settle(store, &before, &after).await;
    assert_eq!(read(store, &before.key).await.expect("the record is there").stored, stored(&after));
}

/// Nothing is to be written.
pub async fn writing_no_outcomes_gives_no_results<S: Store>(store: &S) {
    assert_eq!(store.write_outcomes(&[], &keeping(1)).await.expect(ANSWERS), []);
}
