//! The actions: every way in which the world can move on.
//!
//! Must not know: what they do.

use crate::org::Answer;
use crate::scene::Each;

/// What a run was started by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Trigger {
    /// The first tick.
    First,
    /// The second tick.
    Second,
    /// The hint that a person asked for something.
    Hint,
}

impl Trigger {
    /// Every trigger.
    pub const ALL: [Self; 3] = [Self::First, Self::Second, Self::Hint];

    /// The place of its run among the runs.
    #[must_use]
    pub const fn run(self) -> usize {
        match self {
            Self::First => 0,
            Self::Second => 1,
            Self::Hint => 2,
        }
    }
}

/// The place of the run whose trigger was delivered for a second time.
pub const AGAIN: usize = 3;

/// How a run's clock stands to the true one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Skew {
    /// Right.
    #[default]
    None,
    /// 5 seconds ahead.
    Ahead,
    /// 5 seconds behind.
    Behind,
}

/// What the step's reply is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Reply {
    /// It comes.
    Comes,
    /// It is lost, and the step is made again.
    Lost,
    /// It is lost, and the run gives up and ends its lease.
    Fails,
}

/// One way in which the world moves on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Action {
    /// It is the next instant. Runs whose time is over die, but for the one that stalls, if any.
    Pass(Option<usize>),
    /// A trigger is delivered, and its run takes its first step.
    Start(Trigger, Skew, Reply),
    /// A trigger is delivered for the second time.
    StartAgain(Trigger, Skew),
    /// A run takes its next step.
    Step(usize, Reply),
    /// A run takes its next step, and the index shows it these keys.
    StepByIndex(usize, Each<bool>),
    /// A run dies.
    Crash(usize),
    /// Salesforce processes a request, and its sender hears so.
    Answer(usize, Answer),
    /// Salesforce says that it processed nothing, and the sender hears so.
    Refuse(usize),
    /// The answer to a request is lost: Salesforce has processed it so, or never will.
    Lose(usize, Option<Answer>),
    /// The sender of a request gives up; it may still be committed.
    GiveUp(usize),
    /// A person asks for both records.
    Ask,
    /// The newer failure of A is taken in, which its source saw before the first tick, or just now.
    Fail(Seen),
    /// A's source writes the newer version into Salesforce by itself.
    Write,
    /// That success is taken in.
    Succeed,
}

/// When a source saw what it reports.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Seen {
    /// Before the first tick, so that the record is due at once.
    Early,
    /// Just now.
    Now,
}
