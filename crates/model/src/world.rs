//! The world: everything that a step can change. What the table holds are values of `rules`, as production keeps them.
//!
//! Must not know: which steps there are.

use std::sync::LazyLock;

use rules::control::Control;
use rules::ids::{BatchId, Epoch};
use rules::record::{Record, State, Stored};
use rules::time::Timestamp;
use rules::tries::{Tries, Try};

use crate::bounds::Bounds;
use crate::faults::Faults;
use crate::journal::Journal;
use crate::kept::Kept;
use crate::org::Org;
use crate::run::{End, Run};
use crate::scene::{Each, FIRST_TICK, Key, failing};

/// How many runs there may be: two ticks, the person's, and one whose trigger is delivered a second time.
pub const RUNS: usize = 4;

static EXPECTED: LazyLock<Kept<Run>> = LazyLock::new(|| Kept::new(Run::default()));
static GONE: LazyLock<Kept<Run>> = LazyLock::new(|| Kept::new(Run::over(End::Done)));

/// The person's request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Asked {
    /// Not made yet.
    No,
    /// Accepted at this instant, and not done.
    Open(Timestamp),
    /// Done.
    Done,
}

/// What A's source has done.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Source {
    /// Its newer failure was taken in.
    pub failed: bool,
    /// When it wrote the newer version into Salesforce by itself.
    pub wrote: Option<Timestamp>,
    /// That success was taken in.
    pub succeeded: bool,
}

/// What an omniscient observer notes, so that invariants can be stated. No step reads it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
#[expect(clippy::struct_excessive_bools, reason = "each is noted once and for all")]
pub struct Books {
    /// The batches with the record that Salesforce processed.
    pub processed: Each<Batches>,
    /// The batches that were answered "not processed" and whose sender could still close its entry.
    pub unprocessed: Batches,
    /// The latest batch whose outcome landed on the record.
    pub newest: Each<Option<BatchId>>,
    /// An outcome of an older batch landed after that of a later one.
    pub unfenced: bool,
    /// An epoch was given out that is not above all before it.
    pub epoch_fell: bool,
    /// A payload was sent that was older than a success recorded before its strong read.
    pub outdated: bool,
    /// *Possible Overwrite* was published for A.
    pub warned: bool,
    /// The record was sent for the person, and not certainly in vain.
    pub forced: Each<bool>,
    /// The request says why the record was left alone.
    pub stated: Each<bool>,
    /// The run that held the lease last gave it back with nothing in its way, and nobody asked for more since.
    pub peace: bool,
}

/// A set of batches.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Batches(u64);

impl Batches {
    const IN_A_RUN: u32 = 10;

    fn bit(batch: BatchId) -> u64 {
        let (epoch, sequence) = (batch.epoch.0 - 1, batch.sequence - 1);
        assert!(epoch < 6 && sequence < Self::IN_A_RUN, "batch {batch} is beyond what the model counts");
        1 << (epoch * Self::IN_A_RUN + sequence)
    }

    /// Adds a batch.
    pub fn add(&mut self, batch: BatchId) {
        self.0 |= Self::bit(batch);
    }

    /// Removes a batch.
    pub fn remove(&mut self, batch: BatchId) {
        self.0 &= !Self::bit(batch);
    }

    /// Whether a batch is in it.
    #[must_use]
    pub fn has(self, batch: BatchId) -> bool {
        self.0 & Self::bit(batch) != 0
    }

    /// Its batches, in order.
    pub fn iter(self) -> impl Iterator<Item = BatchId> {
        (0..u64::BITS)
            .filter(move |bit| self.0 >> bit & 1 == 1)
            .map(|bit| BatchId { epoch: Epoch(bit / Self::IN_A_RUN + 1), sequence: bit % Self::IN_A_RUN + 1 })
    }
}

/// One state of the model.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct World {
    /// Which of the bounds' instants it is.
    pub moment: u8,
    /// The records' items.
    pub records: Each<Kept<Stored>>,
    /// What an eventually consistent read may still give; kept only where something reads so.
    pub before: Each<Option<Kept<Stored>>>,
    /// The control item.
    pub control: Kept<Control>,
    /// The journal's slots.
    pub journal: Journal,
    /// When the hint to the person's request was published.
    pub hinted: Option<Timestamp>,
    /// The request's item.
    pub asked: Asked,
    /// Salesforce.
    pub org: Org,
    /// A's source.
    pub source: Source,
    /// The runs.
    pub runs: [Kept<Run>; RUNS],
    /// The faults that may still happen.
    pub faults: Faults,
    /// The observer's notes.
    pub books: Books,
}

impl World {
    /// How it begins: both records are due at the first tick, and nothing has run.
    #[must_use]
    pub fn beginning(bounds: &Bounds) -> Self {
        Self {
            moment: 0,
            records: Key::BOTH.map(|key| Kept::new(failing(key))),
            before: [None, None],
            control: Kept::new(Control::default()),
            journal: Journal::default(),
            hinted: None,
            asked: Asked::No,
            org: Org::default(),
            source: Source::default(),
            runs: std::array::from_fn(|_| EXPECTED.clone()),
            faults: bounds.faults,
            books: Books::default(),
        }
    }

    /// The record.
    #[must_use]
    pub fn record(&self, key: Key) -> &Record {
        record_in(&self.records[key.at()])
    }

    /// Puts an item.
    pub fn put(&mut self, bounds: &Bounds, key: Key, stored: Stored) {
        let last_send_matters = key == Key::A && bounds.succeeds && !self.source.succeeded;
        let old =
            std::mem::replace(&mut self.records[key.at()], Kept::new(without_idle_times(stored, last_send_matters)));
        if bounds.reads_lag() {
            self.before[key.at()] = Some(old);
        }
    }

    /// Changes the control item.
    pub fn control(&mut self, control: Control) {
        self.control = Kept::new(control);
    }

    /// Forgets how runs ended: that is to be seen once.
    pub fn forget_ends(&mut self) {
        for run in &mut self.runs {
            if run.is_over() && *run != *GONE {
                *run = GONE.clone();
            }
        }
    }
}

/// The record of an item. None of the model is ever a mere mark of a success, because both records have failed.
#[must_use]
pub fn record_in(stored: &Stored) -> &Record {
    match stored {
        Stored::Record(record) => record,
        Stored::Success(_) => unreachable!("both records have failed"),
    }
}

/// The item without the instants that no rule goes by here: when a try was made, when it failed last, when it was resolved, and
/// the last send, where no success will be compared with it any more. States that differ in these only are one.
fn without_idle_times(stored: Stored, last_send_matters: bool) -> Stored {
    let Stored::Record(mut record) = stored else { return stored };
    record.tries =
        record.tries.iter().fold(Tries::default(), |ring, tried| ring.with(Try { at: FIRST_TICK, ..*tried }));
    record.last_failed = FIRST_TICK;
    if let State::Resolved { at, .. } = &mut record.state {
        *at = FIRST_TICK;
    }
    if !last_send_matters {
        record.last_send = None;
    }
    Stored::Record(record)
}
