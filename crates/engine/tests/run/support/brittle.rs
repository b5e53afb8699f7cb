//! Ports that can die: at the n-th step, before or after its effect, the process that uses them stops for good.
//!
//! Must not know: what a step is for. What was written before the death stays written.

use std::future::{pending, poll_fn};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::Poll;
use std::time::Duration;

use engine::fakes::VirtualClock;
use engine::memory::MemoryStore;
use engine::ports::{
    ActionKeys, AuditEntry, Audits, Claimed, Clock, Connections, Controls, CountChange, DeletionMark, DueRecords,
    EachPayload, Erasing, Erasure, Erasures, ErrorTypes, Events, Facts, Intake, Journal, Keeping, KeptAnswer,
    KeptRequest, KeyPage, KeyedAction, Look, OutcomeWrite, PageToken, PortError, Put, Queue, Read, Records, Recounted,
    Removed, Reports, Requests, RunReport, Saved, SlotWritten, Standing, Standings, Stretch, Totals, TypeEntry,
    UsageReports, Written,
};
use rules::catalogue::ErrorType;
use rules::connection::Connection;
use rules::control::Control;
use rules::events::Outbound;
use rules::ids::{ConnectionId, RecordKey, RequestId};
use rules::journal::{Entry, Stamp};
use rules::record::Record;
use rules::resync::Request;
use rules::time::Timestamp;
use rules::usage::Usage;

/// How far a process may come. A clone is the same process.
#[derive(Clone, Default)]
pub(crate) struct Mortal {
    steps: Arc<AtomicUsize>,
    last: Arc<AtomicUsize>,
    pause: Arc<AtomicUsize>,
    sleep: Arc<AtomicUsize>,
}

/// How long a process that falls asleep, while it reads or writes, does so.
const SLEEP: Duration = Duration::from_mins(1);

impl Mortal {
    /// From now on the process dies at its `last`-th step; never when that is 0.
    fn dies_at(&self, last: usize) {
        self.steps.store(0, Ordering::SeqCst);
        self.last.store(last, Ordering::SeqCst);
    }

    /// From now on the process stops at its `step`-th step, until it goes on; never when that is 0.
    pub(crate) fn pauses_at(&self, step: usize) {
        self.steps.store(0, Ordering::SeqCst);
        self.pause.store(step, Ordering::SeqCst);
    }

    /// From now on the process sleeps for a minute at its `step`-th step.
    pub(crate) fn sleeps_at(&self, step: usize) {
        self.steps.store(0, Ordering::SeqCst);
        self.sleep.store(step, Ordering::SeqCst);
    }

    /// The process goes on, when it is asked to.
    pub(crate) fn goes_on(&self) {
        self.pause.store(0, Ordering::SeqCst);
    }

    /// Waits until it is.
    pub(crate) async fn paused(&self) {
        poll_fn(|_| if self.is_paused() { Poll::Ready(()) } else { Poll::Pending }).await;
    }

    fn is_paused(&self) -> bool {
        let pause = self.pause.load(Ordering::SeqCst);
        pause > 0 && self.steps.load(Ordering::SeqCst) >= pause
    }

    /// Whether it died.
    pub(crate) fn is_dead(&self) -> bool {
        let last = self.last.load(Ordering::SeqCst);
        last > 0 && self.steps.load(Ordering::SeqCst) >= last
    }

    /// One step; a dead process never takes it.
    pub(crate) async fn step(&self) {
        if self.is_dead() {
            pending::<()>().await;
        }
        self.steps.fetch_add(1, Ordering::SeqCst);
        if self.is_dead() {
            pending::<()>().await;
        }
        poll_fn(|context| {
            if self.is_paused() {
                // Whoever polls this among others must come back to it.
                context.waker().wake_by_ref();
                return Poll::Pending;
            }
            Poll::Ready(())
        })
        .await;
    }

    /// The process sleeps, if this is the step for it.
    async fn sleep(&self) {
        if self.steps.load(Ordering::SeqCst) == self.sleep.load(Ordering::SeqCst) {
            self.sleep.store(0, Ordering::SeqCst);
            VirtualClock::starting(Timestamp::from_millis(0)).wait(SLEEP).await;
        }
    }

    /// The play of a death: carries `work` out, and the process dies at its `step`-th step; nothing when it died. It lives again
    /// afterwards.
    pub(crate) fn dying_at<'a, T: 'a>(
        &'a self,
        step: usize,
        work: impl Future<Output = T> + 'a,
    ) -> Pin<Box<dyn Future<Output = Option<T>> + 'a>> {
        // A run is large, and whoever plays it at every step need not be.
        let work = Box::pin(work);
        Box::pin(async move {
            self.dies_at(step);
            let done = self.live(work).await;
            self.dies_at(0);
            done
        })
    }

    /// Carries `work` out until it ends or the process dies; nothing when it died.
    pub(crate) async fn live<T>(&self, work: impl Future<Output = T>) -> Option<T> {
        let mut work = pin!(work);
        poll_fn(|context| match work.as_mut().poll(context) {
            Poll::Ready(done) => Poll::Ready(Some(done)),
            Poll::Pending if self.is_dead() => Poll::Ready(None),
            Poll::Pending => Poll::Pending,
        })
        .await
    }
}

/// A port whose every request is two steps: one before its effect and one after it.
#[derive(Clone)]
pub(crate) struct Brittle<T> {
    pub(crate) inner: T,
    pub(crate) mortal: Mortal,
}

impl<T> Brittle<T> {
    async fn around<R>(&self, work: impl Future<Output = R>) -> R {
        self.mortal.step().await;
        self.mortal.sleep().await;
        let done = work.await;
        self.mortal.step().await;
        self.mortal.sleep().await;
        done
    }
}

impl<E: Events> Events for Brittle<E> {
    async fn publish(&self, events: &[Outbound]) -> Result<(), PortError> {
        self.around(self.inner.publish(events)).await
    }
}

macro_rules! around {
    ($port:ident { $(fn $name:ident($($arg:ident: $kind:ty),*) -> $answer:ty;)+ }) => {
        impl $port for Brittle<MemoryStore> {
            $(
                async fn $name(&self, $($arg: $kind),*) -> Result<$answer, PortError> {
                    self.around(self.inner.$name($($arg),*)).await
                }
            )+
        }
    };
}

around!(Records {
    fn read_each(keys: &[RecordKey]) -> Vec<Result<Read, PortError>>;
    fn payloads_each(records: &[&Record]) -> EachPayload;
    fn children(parent: &RecordKey, after: Option<&PageToken>, limit: usize) -> KeyPage;
    fn write_outcomes(writes: &[OutcomeWrite], keeping: &Keeping) -> Vec<Written>;
    fn put(put: &Put, keeping: &Keeping) -> Written;
});
around!(DueRecords {
    fn due(id: &ConnectionId, queue: Queue, horizon: Timestamp, shards: u16, after: Option<&PageToken>, limit: usize) -> KeyPage;
    fn aged(id: &ConnectionId, types: &[ErrorType], from: Timestamp, to: Timestamp, shards: u16, after: Option<&PageToken>, limit: usize) -> KeyPage;
    fn look(look: Look<'_>, after: Option<&PageToken>, limit: usize) -> Stretch;
});
around!(Controls {
    fn control(id: &ConnectionId) -> Control;
    fn save_control(id: &ConnectionId, control: &Control, expected: u64) -> Saved<Control>;
});
around!(Journal {
    fn entries(id: &ConnectionId) -> Vec<Entry>;
    fn write_entry(id: &ConnectionId, entry: &Entry, expected: Option<Stamp>) -> SlotWritten;
});
around!(Connections {
    fn connections() -> Vec<Result<Connection, PortError>>;
    fn connection(id: &ConnectionId) -> Option<Connection>;
    fn save_connection(connection: &Connection) -> ();
    fn create_connection(connection: &Connection) -> bool;
    fn change_connection(before: &Connection, after: &Connection) -> Saved<Option<Connection>>;
    fn intake(id: &ConnectionId) -> Option<Intake>;
    fn begin_deletion(id: &ConnectionId, mark: DeletionMark) -> bool;
    fn keep_connection(id: &ConnectionId) -> bool;
    fn delete_connection(id: &ConnectionId, mark: DeletionMark, audit: &AuditEntry) -> Removed;
    fn raise_shards(id: &ConnectionId, shards: u16) -> ();
});
around!(Standings {
    fn facts_of_each(ids: &[ConnectionId]) -> Vec<Result<Facts, PortError>>;
    fn standing(id: &ConnectionId) -> Option<Standing>;
});
around!(UsageReports {
    fn usage(id: &ConnectionId) -> Usage;
    fn save_usage(id: &ConnectionId, usage: &Usage, expected: u64) -> Saved<Usage>;
});
around!(ErrorTypes {
    fn directory(id: &ConnectionId) -> Vec<TypeEntry>;
    fn list_error_type(id: &ConnectionId, error_type: &ErrorType) -> ();
    fn add_counts(id: &ConnectionId, changes: &[CountChange]) -> ();
    fn totals_of_each(ids: &[ConnectionId]) -> Vec<Result<Totals, PortError>>;
    fn set_counts(id: &ConnectionId, counted: &TypeEntry) -> Recounted;
    fn set_totals(id: &ConnectionId, totals: &Totals) -> Recounted;
});
around!(Reports {
    fn keep_report(id: &ConnectionId, report: &RunReport, keep_for: Duration) -> ();
    fn reports(id: &ConnectionId, limit: usize) -> Vec<RunReport>;
});
around!(Requests {
    fn keep_request(request: &Request, owing: &Control, expected: u64, audit: &AuditEntry) -> KeptRequest;
    fn request(connection: &ConnectionId, id: &RequestId) -> Option<Request>;
    fn requests_named(connection: &ConnectionId, ids: &[RequestId]) -> Vec<Request>;
    fn requests(connection: &ConnectionId, limit: usize) -> Vec<Request>;
    fn change_request(before: &Request, after: &Request) -> Saved<Option<Request>>;
});
around!(Erasures {
    fn erase(erasure: &Erasure) -> Erasing;
});
around!(Audits {
    fn keep_audit(entry: &AuditEntry) -> ();
    fn audits(connection: Option<&ConnectionId>, limit: usize) -> Vec<AuditEntry>;
});
around!(ActionKeys {
    fn claim_key(action: &KeyedAction) -> Claimed;
    fn keep_answer(action: &KeyedAction, answer: &KeptAnswer) -> ();
    fn end_attempt(action: &KeyedAction) -> ();
    fn release_key(action: &KeyedAction) -> ();
});
