//! Reports: from what a source does to an invocation that takes it in, by way of a queue that delivers again what was not.
//!
//! Must not know: what a report says.

use std::sync::{Arc, PoisonError};
use std::time::Duration;

use engine::ingest::{Ingest, NotTaken};
use rules::time::Timestamp;

use super::{BATCH, Happening, Play, Shelf};
use crate::faults::Fault;
use crate::oracle::Violation;
use crate::people::{About, Message, Step};
use crate::process::Role;
use crate::world::World;

impl Play {
    pub(super) fn reports(&mut self, step: &Step) {
        let message = self.sources.takes(&self.world, step);
        let (faults, chance, now) = (&self.world.faults, &self.world.chance, self.world.now());
        let late = faults.meets(Fault::ReportLate);
        let longest = if late { Duration::from_hours(3) } else { Duration::from_secs(3) };
        let mut visible = vec![now + chance.span(Duration::from_millis(200), longest)];
        if faults.meets(Fault::ReportTwice) {
            visible.push(now + chance.span(Duration::from_millis(200), Duration::from_mins(30)));
        }
        for at in visible {
            self.enqueue(at, message.clone());
        }
    }

    pub(super) fn enqueue(&mut self, visible: Timestamp, message: Message) {
        self.queue.push((visible, message));
        self.at(visible, Happening::Queue);
    }

    pub(super) fn ingests(&mut self) {
        let now = self.world.now();
        let mut taken = Vec::new();
        let (due, later): (Vec<_>, Vec<_>) = self.queue.drain(..).partition(|(visible, _)| *visible <= now);
        self.queue = later;
        for (visible, message) in due {
            if taken.len() < BATCH { taken.push(message) } else { self.enqueue(visible, message) }
        }
        if taken.is_empty() {
            return;
        }
        let (process, parts) = self.world.process(Role::Ingest, None);
        let (world, given_back, messages) = (self.world.clone(), Shelf::default(), taken.clone());
        let returned = Arc::clone(&given_back);
        self.start(process, taken, given_back, async move {
            let ingest = Ingest::new(&parts);
            for message in messages {
                match ingest.take(&message.body).await {
                    Ok(_) => recorded(&world, &message),
                    Err(NotTaken::Refused(mistakes)) => world.watch.violated(refused(&world, &message, &mistakes)),
                    Err(NotTaken::Port(_) | NotTaken::Throttled | NotTaken::Contended) => {
                        returned.lock().unwrap_or_else(PoisonError::into_inner).push(message);
                    }
                }
            }
            ingest.write_counts().await;
        });
    }
}

fn recorded(world: &World, message: &Message) {
    let now = world.now();
    world.facts(|facts| {
        let recorded = match message.about {
            About::Record(number) => &mut facts.reports[number].recorded,
            About::Usage(number) => &mut facts.used[number].recorded,
        };
        recorded.get_or_insert(now);
    });
}

fn refused(world: &World, message: &Message, mistakes: &rules::fields::Mistakes) -> Violation {
    let (connection, key) = world.facts(|facts| match message.about {
        About::Record(number) => {
            let key = &facts.reports[number].key;
            (key.connection.clone(), Some(key.clone()))
        }
        About::Usage(number) => (facts.used[number].connection.clone(), None),
    });
    Violation {
        invariant: "conservation",
        at: world.now(),
        connection,
        key,
        text: format!("a right report is refused: {mistakes}"),
    }
}
