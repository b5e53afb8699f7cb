//! The kinds of fault, how often each happens in a play, and how often each did.
//!
//! Must not know: what a fault does; whoever meets one does it.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use serde::Serialize;

use crate::chance::Chance;

macro_rules! kinds {
    ($($(#[$doc:meta])* $kind:ident = $most:literal,)+) => {
        /// A kind of fault.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
        #[serde(rename_all = "snake_case")]
        pub enum Fault {
            $($(#[$doc])* $kind,)+
        }

        impl Fault {
            /// Every kind.
            pub const ALL: &[Self] = &[$(Self::$kind,)+];

            /// How often it happens at most where it can, in a thousand.
            const fn most(self) -> u64 {
                match self {
                    $(Self::$kind => $most,)+
                }
            }
        }
    };
}

kinds! {
    /// The table refuses a request for lack of capacity, before its effect.
    TableThrottles = 30,
    /// The table fails before the effect of a request.
    TableFails = 20,
    /// The table fails, and the request has taken effect.
    TableFailsAfterEffect = 20,
    /// A request to the table is lost on its way.
    TableRequestLost = 10,
    /// The answer of the table is lost: the request has taken effect.
    TableAnswerLost = 20,
    /// The table answers after seconds.
    TableIsSlow = 20,
    /// A batch read leaves keys unprocessed.
    KeysUnprocessed = 100,
    /// A statement of a batch is refused for lack of capacity.
    StatementThrottled = 60,
    /// A page of a query is short.
    PageShort = 100,
    /// A transaction is cancelled because another is under way.
    TransactionConflicts = 60,
    /// The indexes lag by up to two minutes, for hours.
    IndexLags = 150,
    /// The table refuses everything for minutes.
    TableOut = 60,
    /// The bus refuses an event.
    BusRefuses = 60,
    /// The bus takes events, and its answer is lost.
    BusAnswerLost = 40,
    /// The bus takes a part of the events and refuses the others.
    BusTakesPart = 60,
    /// An event is delivered twice.
    EventTwice = 200,
    /// An event is never delivered.
    EventLost = 100,
    /// An event is delivered minutes late.
    EventLate = 100,
    /// A schedule's tick is never delivered.
    TickLost = 60,
    /// A schedule's tick is delivered twice.
    TickTwice = 100,
    /// A schedule's tick is delivered minutes late.
    TickLate = 100,
    /// A run dies at some await.
    RunDies = 200,
    /// What a run that died was asked for is asked for again minutes later: by a retry, out of a queue of dead letters, or by somebody.
    AskedAgain = 500,
    /// A fan-out dies at some await.
    FanOutDies = 60,
    /// An invocation that takes in reports dies at some await.
    IngestDies = 100,
    /// What carries a person's action out dies at some await.
    ActionDies = 200,
    /// A process is frozen for up to half an hour at some await, often until the next tick's run is at work.
    ProcessFrozen = 30,
    /// A run is ended from outside at its deadline, which comes early.
    DeadlineEarly = 100,
    /// A process's clock is seconds off.
    ClockSkewed = 600,
    /// Salesforce refuses the login, until somebody changes the secret.
    LoginRefused = 40,
    /// The session ends before its time.
    SessionExpires = 60,
    /// The org's own limit is reached, for hours.
    OrgLimitReached = 40,
    /// The org asks to come back later.
    OrgBusy = 60,
    /// Salesforce says that it is down, for hours.
    OrgDown = 50,
    /// No connection to Salesforce comes about, for hours.
    OrgUnreachable = 40,
    /// The org's storage is full, for hours.
    StorageFull = 40,
    /// A batch is not answered in time, and never processed.
    BatchLost = 30,
    /// A batch is processed, and its answer does not arrive.
    BatchAnswerLost = 40,
    /// A batch is not answered in time, and processed minutes later.
    BatchCommitsLate = 40,
    /// A batch is answered with what nobody understands, and processed.
    AnswerUnreadable = 30,
    /// A record makes Salesforce refuse the whole batch.
    RecordPoisons = 100,
    /// Salesforce refuses a batch because of its object.
    ObjectRefused = 15,
    /// The secret cannot be read.
    SecretOut = 60,
    /// A report is delivered twice.
    ReportTwice = 100,
    /// A report is delivered hours late.
    ReportLate = 100,
    /// A source writes a record itself while a retry of it may be under way.
    SourceWrites = 300,
    /// A record of which nobody knows whether it is saved fails anew at its source, and somebody has it retried at once.
    FailsInDoubt = 300,
}

#[derive(Debug, Default)]
struct Tally {
    hits: BTreeMap<Fault, u64>,
}

/// The faults of a play. A clone is the same ones.
#[derive(Clone, Debug)]
pub(crate) struct Faults {
    chance: Chance,
    rates: Arc<BTreeMap<Fault, u64>>,
    over: Arc<AtomicBool>,
    tally: Arc<Mutex<Tally>>,
}

impl Faults {
    /// Each kind is in this play or not, and more or less often: plays with few kinds come further than plays with all.
    pub(crate) fn of(chance: Chance) -> Self {
        let rate = |fault: &Fault| (*fault, if chance.happens(600) { chance.between(1, fault.most()) } else { 0 });
        let rates = Fault::ALL.iter().map(rate).collect();
        Self { chance, rates: Arc::new(rates), over: Arc::default(), tally: Arc::default() }
    }

    /// No fault at all.
    pub(crate) fn none(chance: Chance) -> Self {
        Self { chance, rates: Arc::default(), over: Arc::default(), tally: Arc::default() }
    }

    /// Whether this fault happens here and now; it is counted then.
    pub(crate) fn meets(&self, fault: Fault) -> bool {
        let happens = self.chooses(fault);
        if happens {
            self.count(fault);
        }
        happens
    }

    /// Whether this fault is to happen; whoever sees it happen counts it.
    pub(crate) fn chooses(&self, fault: Fault) -> bool {
        !self.are_over() && self.chance.happens(self.rates.get(&fault).copied().unwrap_or(0))
    }

    /// Counts one that happened.
    pub(crate) fn count(&self, fault: Fault) {
        self.with(|tally| *tally.hits.entry(fault).or_default() += 1);
    }

    /// From now on none happens.
    pub(crate) fn end(&self) {
        self.over.store(true, Ordering::Relaxed);
    }

    /// Whether none happens any more.
    pub(crate) fn are_over(&self) -> bool {
        self.over.load(Ordering::Relaxed)
    }

    /// How often each happened.
    pub(crate) fn hits(&self) -> BTreeMap<Fault, u64> {
        self.with(|tally| tally.hits.clone())
    }

    fn with<T>(&self, work: impl FnOnce(&mut Tally) -> T) -> T {
        work(&mut self.tally.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
