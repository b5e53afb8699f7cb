//! The search: all states within bounds, or the shortest history that breaks an invariant.
//!
//! Must not know: how its results are shown, what time it is.

use std::collections::BTreeSet;

use stateright::{Checker, Expectation, HasDiscoveries, Model};

use crate::bounds::Bounds;
use crate::history::History;
use crate::protocol::Protocol;

/// What a whole search found.
#[derive(Debug)]
pub struct Explored {
    /// The bounds' name.
    pub name: String,
    /// The different states.
    pub states: usize,
    /// The steps between them.
    pub transitions: usize,
    /// The length of the longest of all shortest histories.
    pub depth: usize,
    /// The invariants that hold in every state.
    pub held: Vec<&'static str>,
    /// The invariants that do not, each with the history that breaks it.
    pub broken: Vec<(&'static str, History)>,
    /// What was to be seen and was.
    pub seen: Vec<&'static str>,
    /// What was to be seen and never was.
    pub unseen: Vec<&'static str>,
}

impl Explored {
    /// Whether every invariant holds and everything interesting was seen.
    #[must_use]
    pub fn is_sound(&self) -> bool {
        self.broken.is_empty() && self.unseen.is_empty()
    }
}

/// Visits every state within these bounds.
#[must_use]
pub fn explore(bounds: &Bounds, threads: usize) -> Explored {
    let protocol = Protocol { bounds: bounds.clone() };
    let checker = protocol.clone().checker().threads(threads).spawn_bfs().join();
    let mut explored = Explored {
        name: bounds.name.clone(),
        states: checker.unique_state_count(),
        transitions: checker.state_count(),
        depth: checker.max_depth(),
        held: Vec::new(),
        broken: Vec::new(),
        seen: Vec::new(),
        unseen: Vec::new(),
    };
    for property in protocol.properties() {
        let found = checker.discovery(property.name);
        match (property.expectation, found) {
            (Expectation::Always, None) => explored.held.push(property.name),
            (Expectation::Always, Some(path)) => {
                explored.broken.push((property.name, History::of(&protocol, path.into_vec())));
            }
            (Expectation::Sometimes | Expectation::Eventually, Some(_)) => explored.seen.push(property.name),
            (Expectation::Sometimes | Expectation::Eventually, None) => explored.unseen.push(property.name),
        }
    }
    explored
}

/// The shortest history within these bounds that breaks an invariant; nothing when none does. The search shows the last one of
/// those that it comes by at about the same time, so it is asked again for a shorter one until there is none.
#[must_use]
pub fn counterexample(bounds: &Bounds, invariant: &'static str) -> Option<History> {
    let mut shortest = shorter(bounds, invariant, None)?;
    while let Some(found) = shorter(bounds, invariant, Some(shortest.0.len())) {
        shortest = found;
    }
    Some(shortest)
}

/// A history that breaks an invariant in fewer than `than` steps, or in any number of them.
fn shorter(bounds: &Bounds, invariant: &'static str, than: Option<usize>) -> Option<History> {
    let protocol = Protocol { bounds: bounds.clone() };
    let found = HasDiscoveries::AllOf(BTreeSet::from([invariant]));
    let search = protocol.clone().checker().finish_when(found);
    // A depth counts states, one more than steps, and what is as deep as the target is not looked at.
    let search = if let Some(than) = than { search.target_max_depth(than + 1) } else { search };
    let checker = search.spawn_bfs().join();
    checker.discovery(invariant).map(|path| History::of(&protocol, path.into_vec()))
}
