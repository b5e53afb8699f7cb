//! The runs that were requested: which wait, which are under way, how many failed.
//!
//! Must not know: how a run is carried out, who asked for it.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rules::events::RunRequested;
use rules::ids::ConnectionId;
use tokio::sync::watch;

/// How many connections are run at the same time. A run keeps little in memory and mostly waits for Salesforce, up to 15
/// minutes, so one process has room for more than a machine's connections; the bound is for a mistake.
const AT_A_TIME: usize = 64;

/// How a run came to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ended {
    /// It did what it could.
    InOrder,
    /// A port failed past its patience.
    Failed,
}

/// The board. Clones are the same one.
#[derive(Clone, Debug, Default)]
pub(crate) struct Board(Arc<Shared>);

#[derive(Debug, Default)]
struct Shared {
    runs: Mutex<Runs>,
    changes: watch::Sender<u64>,
}

#[derive(Debug, Default)]
struct Runs {
    waiting: VecDeque<RunRequested>,
    under_way: Vec<RunRequested>,
    failures: BTreeMap<ConnectionId, u64>,
}

impl Board {
    /// Asks for a run. One that waits already is not asked for twice.
    pub(super) fn ask(&self, request: RunRequested) {
        let mut runs = self.runs();
        if !runs.waiting.contains(&request) {
            runs.waiting.push_back(request);
        }
        drop(runs);
        self.0.changes.send_modify(|changes| *changes += 1);
    }

    /// The next run to carry out, which is then under way; none while too many are, or only connections wait that are run.
    pub(super) fn next(&self) -> Option<RunRequested> {
        let mut runs = self.runs();
        if runs.under_way.len() >= AT_A_TIME {
            return None;
        }
        let is_run = |connection: &ConnectionId| runs.under_way.iter().any(|run| run.connection == *connection);
        let place = runs.waiting.iter().position(|waiting| !is_run(&waiting.connection))?;
        let request = runs.waiting.remove(place)?;
        runs.under_way.push(request.clone());
        Some(request)
    }

    /// Notes the end of a run that [`Board::next`] gave out.
    pub(super) fn end(&self, request: &RunRequested, ended: Ended) {
        let mut runs = self.runs();
        if let Some(place) = runs.under_way.iter().position(|run| run == request) {
            runs.under_way.swap_remove(place);
        }
        match ended {
            Ended::InOrder => {}
            Ended::Failed => *runs.failures.entry(request.connection.clone()).or_default() += 1,
        }
        drop(runs);
        self.0.changes.send_modify(|changes| *changes += 1);
    }

    /// How many runs of each connection failed so far.
    pub(super) fn failures(&self) -> BTreeMap<ConnectionId, u64> {
        self.runs().failures.clone()
    }

    /// Waits until none of these runs waits or is under way.
    pub(super) async fn ended(&self, requests: &[RunRequested]) {
        let mut changes = self.changes();
        while self.has_any(requests) {
            if changes.changed().await.is_err() {
                return;
            }
        }
    }

    /// Tells of every change from now on.
    pub(super) fn changes(&self) -> watch::Receiver<u64> {
        self.0.changes.subscribe()
    }

    fn has_any(&self, requests: &[RunRequested]) -> bool {
        let runs = self.runs();
        requests.iter().any(|request| runs.waiting.contains(request) || runs.under_way.contains(request))
    }

    fn runs(&self) -> MutexGuard<'_, Runs> {
        self.0.runs.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use rules::owed::Selection;
    use rules::time::Timestamp;

    use super::*;

    fn request(connection: &str, minute: i64) -> RunRequested {
        let connection = ConnectionId::new(connection).expect("a name");
        RunRequested { connection, selection: Selection::Due { tick: Timestamp::from_millis(minute * 60_000) } }
    }

    #[test]
    fn a_connection_is_never_run_twice_at_the_same_time_and_the_others_do_not_wait_for_it() {
        let board = Board::default();
        for request in [request("a", 0), request("a", 20), request("b", 0)] {
            board.ask(request);
        }
        assert_eq!(board.next(), Some(request("a", 0)));
        assert_eq!(board.next(), Some(request("b", 0)));
        assert_eq!(board.next(), None);
        board.end(&request("a", 0), Ended::InOrder);
        assert_eq!(board.next(), Some(request("a", 20)));
    }

    #[test]
    fn sixty_four_connections_are_run_at_the_same_time_and_no_more() {
        let board = Board::default();
        for number in 0..=64 {
            board.ask(request(&format!("c-{number}"), 0));
        }
        assert_eq!(std::iter::from_fn(|| board.next()).count(), 64);
        board.end(&request("c-2", 0), Ended::InOrder);
        assert_eq!(board.next(), Some(request("c-64", 0)));
    }

    #[test]
    fn a_run_that_waits_already_is_asked_for_once_and_one_that_is_under_way_can_be_asked_for_again() {
        let board = Board::default();
        board.ask(request("a", 0));
        board.ask(request("a", 0));
        assert_eq!((board.next(), board.next()), (Some(request("a", 0)), None));
        board.ask(request("a", 0));
        board.end(&request("a", 0), Ended::InOrder);
        assert_eq!(board.next(), Some(request("a", 0)));
    }

    #[tokio::test]
    async fn who_waits_for_runs_goes_on_when_the_last_has_ended_and_sees_which_connection_failed() {
        let board = Board::default();
        let both = [request("a", 0), request("b", 0)];
        both.iter().cloned().for_each(|request| board.ask(request));
        let worker = board.clone();
        let carried_out = async move {
            while let Some(request) = worker.next() {
                tokio::task::yield_now().await;
                let failed = request.connection.as_str() == "b";
                worker.end(&request, if failed { Ended::Failed } else { Ended::InOrder });
            }
        };
        tokio::join!(board.ended(&both), carried_out);
        assert_eq!(board.failures(), BTreeMap::from([(both[1].connection.clone(), 1)]));
    }
}
