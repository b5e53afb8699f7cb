//! Histories in words: what happened, one line for each action, with the time and who did it.
//!
//! Must not know: what is wrong with them.

use std::fmt;

use crate::action::{AGAIN, Action, Reply, Seen, Skew, Trigger};
use crate::org::{Answer, Said};
use crate::protocol::{Protocol, shown};
use crate::run::{End, Step};
use crate::scene::{FIRST_TICK, Key};
use crate::world::World;

/// What happened, in order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct History(pub Vec<String>);

impl History {
    /// Tells a path through the states.
    #[must_use]
    pub fn of(protocol: &Protocol, path: Vec<(World, Option<Action>)>) -> Self {
        let mut lines = Vec::new();
        let mut path = path.into_iter().peekable();
        while let Some((world, action)) = path.next() {
            if let (Some(action), Some((next, _))) = (action, path.peek()) {
                lines.push(format!("{}  {}", clock(protocol, &world), tell(&world, action, next)));
            }
        }
        Self(lines)
    }
}

impl fmt::Display for History {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (number, line) in (1..).zip(&self.0) {
            writeln!(f, "{number:>4}. {line}")?;
        }
        Ok(())
    }
}

/// Hours, minutes and seconds since the first tick.
fn clock(protocol: &Protocol, world: &World) -> String {
    let seconds = protocol.now(world).since(FIRST_TICK).as_secs();
    format!("{:02}:{:02}:{:02}", seconds / 3_600, seconds / 60 % 60, seconds % 60)
}

fn name(place: usize) -> &'static str {
    match place {
        0 => "tick 1's run",
        1 => "tick 2's run",
        2 => "the forced run",
        _ => "the repeated run",
    }
}

fn tell(world: &World, action: Action, next: &World) -> String {
    match action {
        Action::Pass(None) => "time passes".to_owned(),
        Action::Pass(Some(place)) => format!("time passes; {} goes on after its end", name(place)),
        Action::Start(trigger, skew, reply) => {
            let lost = if reply == Reply::Comes { "" } else { "; the reply is lost" };
            format!("{}{lost}", starts(trigger.run(), skew, next))
        }
        Action::StartAgain(trigger, skew) => {
            let again = match trigger {
                Trigger::First => "tick 1 is delivered again",
                Trigger::Second => "tick 2 is delivered again",
                Trigger::Hint => "the hint is delivered again",
            };
            format!("{again}: {}", starts(AGAIN, skew, next))
        }
        Action::Step(place, reply) => {
            let lost = match reply {
                Reply::Comes => "",
                Reply::Lost => "; the reply is lost",
                Reply::Fails => "; the reply is lost, and the run gives up",
            };
            format!("{} {}{lost}", name(place), step(world, place, next))
        }
        Action::StepByIndex(place, listed) => {
            let listed = keys(&shown(listed));
            format!("{} reads a stale index that lists {listed}, and {}", name(place), outcome(place, next))
        }
        Action::Crash(place) => format!("{} dies", name(place)),
        Action::Answer(at, answer) => format!("Salesforce answers {}: {}", sender(world, at), said(answer)),
        Action::Refuse(at) => format!("Salesforce tells {} that it processed nothing", sender(world, at)),
        Action::Lose(at, Some(answer)) => {
            format!("Salesforce processes the request of {}, and nobody hears it: {}", sender(world, at), said(answer))
        }
        Action::Lose(at, None) => {
            format!("the request of {} is never processed, and nobody hears it", sender(world, at))
        }
        Action::GiveUp(at) => {
            format!("the request of {} is not answered in time, and may still be committed", sender(world, at))
        }
        Action::Ask => "a person asks for A and B".to_owned(),
        Action::Fail(Seen::Early) => "ingest takes in that A failed in version 2 before tick 1".to_owned(),
        Action::Fail(Seen::Now) => "ingest takes in that A failed in version 2 just now".to_owned(),
        Action::Write => "A's source writes version 2 into Salesforce by itself".to_owned(),
        Action::Succeed => "ingest takes in that success".to_owned(),
    }
}

fn starts(place: usize, skew: Skew, next: &World) -> String {
    let clock = match skew {
        Skew::None => "",
        Skew::Ahead => ", its clock 5 s ahead,",
        Skew::Behind => ", its clock 5 s behind,",
    };
    let run = &next.runs[place];
    let does = match &run.step {
        Step::Over(_) => "finds the connection busy".to_owned(),
        Step::Expected
        | Step::Knocking
        | Step::Looking
        | Step::Recovering(_)
        | Step::Choosing
        | Step::Reserving(_)
        | Step::Journaling(_)
        | Step::Sending(_)
        | Step::Awaiting(_)
        | Step::MakingUp(..)
        | Step::Settling(_)
        | Step::Publishing(_)
        | Step::Releasing => format!("takes the lease, epoch {}", run.epoch),
    };
    format!("{}{clock} {does}", name(place))
}

fn step(world: &World, place: usize, next: &World) -> String {
    let does = match &world.runs[place].step {
        Step::Expected | Step::Knocking => "asks for the lease again",
        Step::Looking => "reads the journal",
        Step::Recovering(_) => "stamps an open entry and reads its records",
        Step::Choosing => "chooses its work, reads it and reserves",
        Step::Reserving(_) => "reserves calls",
        Step::Journaling(_) => "writes the journal entry",
        Step::Sending(_) => "is about to send",
        Step::Awaiting(_) => "waits",
        Step::MakingUp(..) => "makes up for what it left out before the send",
        Step::Settling(landing) => {
            return format!("writes the outcome of batch {}, and {}", landing.entry.batch, outcome(place, next));
        }
        Step::Publishing(_) => "publishes and is done with the entry",
        Step::Releasing => "closes its entries and lets the lease go",
        Step::Over(_) => "is over",
    };
    format!("{does}, and {}", outcome(place, next))
}

fn outcome(place: usize, next: &World) -> String {
    match &next.runs[place].step {
        Step::Expected => "waits for its trigger".to_owned(),
        Step::Knocking => "asks for the lease".to_owned(),
        Step::Looking => "reads the journal next".to_owned(),
        Step::Recovering(_) => "has an entry to recover".to_owned(),
        Step::Choosing => "has work to choose".to_owned(),
        Step::Reserving(_) => "must reserve next".to_owned(),
        Step::Journaling(batch) => format!("has batch {} of {} to journal", batch.id, in_batch(&batch.items)),
        Step::Sending(batch) => format!("has batch {} of {} to send", batch.id, in_batch(&batch.items)),
        Step::Awaiting(batch) => format!("batch {} of {} is sent", batch.id, in_batch(&batch.items)),
        Step::MakingUp(..) => "has something to make up for".to_owned(),
        Step::Settling(_) => "has outcomes to write".to_owned(),
        Step::Publishing(_) => "has something to publish".to_owned(),
        Step::Releasing => "has nothing left to do".to_owned(),
        Step::Over(end) => ended(*end).to_owned(),
    }
}

fn ended(end: End) -> &'static str {
    match end {
        End::Done => "ends, done",
        End::Busy => "ends: another run holds the lease",
        End::Deposed => "ends: another run took the lease",
        End::Budget => "ends: the budget is used up",
        End::Deadline => "ends: its time is over",
        End::Suspended => "ends: Salesforce takes nothing",
        End::Crashed => "is dead",
        End::Failed => "ends its lease",
    }
}

fn in_batch<T>(items: &[Option<T>; 2]) -> String {
    keys(&Key::BOTH.into_iter().filter(|key| items[key.at()].is_some()).collect::<Vec<_>>())
}

fn keys(keys: &[Key]) -> String {
    let names: Vec<_> = keys.iter().map(|key| key.id().as_str()).collect();
    if names.is_empty() { "nothing".to_owned() } else { names.join(" and ") }
}

fn sender(world: &World, flight: usize) -> String {
    let flight = &world.org.flights[flight];
    format!("batch {} ({})", flight.batch, in_batch(&flight.carries))
}

fn said(answer: Answer) -> String {
    let each = Key::BOTH.into_iter().filter_map(|key| {
        let word = match answer[key.at()]? {
            Said::Saved => "saved",
            Said::Refused => "refused",
            Said::Unknown => "unknown",
        };
        Some(format!("{} {word}", key.id().as_str()))
    });
    each.collect::<Vec<_>>().join(", ")
}
