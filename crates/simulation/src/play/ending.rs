//! The end of a play: persons put right what they have to, nothing breaks any more, and then all is checked.
//!
//! Must not know: what is right; the oracle does.

use std::collections::BTreeSet;
use std::time::Duration;

use rules::ids::ConnectionId;
use rules::time::Timestamp;
use serde_json::json;

use super::{Happening, Play, Played, SHOWN};
use crate::oracle::{Evidence, Violation, check};
use crate::people::Wish;
use crate::trace::Line;
use crate::world::World;

/// For so long at the end nothing has broken, and what persons put right is right.
const CALM: Duration = Duration::from_hours(25);

impl Play {
    /// From now on nothing breaks, and persons put right what they have to.
    pub(super) fn quiet(&mut self) {
        let World { faults, table, .. } = &self.world;
        faults.end();
        table.lag(Duration::from_millis(200));
        self.world.trace.note(self.world.now(), None, ("quiet", 0), || "from now on nothing breaks".to_owned());
        let ids: Vec<ConnectionId> = self.world.orgs.all(|orgs| {
            for org in orgs.values_mut() {
                org.weather.clears();
                org.secret += 1;
            }
            orgs.keys().cloned().collect()
        });
        let soon = self.world.now() + Duration::from_mins(1);
        for id in ids {
            let ample = json!({ "paused": false, "budget": { "api_limit": null, "cap_without_limit": 5_000 } });
            self.at(soon, Happening::Wish(id.clone(), Wish::Change(ample)));
            self.at(soon + Duration::from_mins(1), Happening::Wish(id, Wish::Clear));
        }
    }

    /// Checks what is left, and tells what the play came to.
    pub(crate) fn ends(self) -> Played {
        let world = &self.world;
        if let Some(stopped) = self.stopped {
            let connection = world.orgs.all(|orgs| orgs.keys().next().cloned()).expect("a play has a connection");
            let violation =
                Violation { invariant: "an end", at: world.now(), connection, key: None, text: stopped.to_owned() };
            world.watch.violated(violation);
        } else {
            // In the enumeration a run may die at any time.
            let calm = if self.deaths.is_empty() { world.now() - CALM } else { world.now() };
            inspect(world, calm);
        }
        let violations = world.watch.violations();
        let history = violations.first().map_or_else(Vec::new, |first| {
            let id = first.key.as_ref().map(|key| key.id.as_str());
            // What was in the making then is part of it.
            let until = first.at + Duration::from_mins(1);
            world.trace.history(&first.connection, id, (until, SHOWN)).iter().map(Line::to_string).collect()
        });
        let records =
            world.facts(|facts| facts.reports.iter().map(|report| &report.key).collect::<BTreeSet<_>>().len());
        Played {
            seed: self.seed,
            days: self.end.since(self.start).as_secs_f64() / 86_400.0,
            records: records as u64,
            violations: violations.iter().map(Violation::to_string).collect(),
            faults: world.faults.hits(),
            trace_hash: world.trace.hash(),
            history,
        }
    }
}

/// Checks each connection; after `calm` nothing broke.
fn inspect(world: &World, calm: Timestamp) {
    let posted = world.post.posted();
    let ids: Vec<ConnectionId> = world.orgs.all(|orgs| orgs.keys().cloned().collect());
    for id in ids {
        world.orgs.of(&id, |org| org.settle(world.now()));
        let (connection, control) = (world.eyes.connection(&id), world.eyes.control(&id));
        let stored = world.eyes.stored(&world.keys(&id));
        world.facts(|facts| {
            check(&Evidence {
                connection: &connection,
                control: &control,
                stored: &stored,
                facts,
                posted: &posted,
                orgs: &world.orgs,
                eyes: &world.eyes,
                watch: &world.watch,
                calm,
                now: world.now(),
            });
        });
    }
}
