//! The gate on a process's way to all services: it counts the requests and holds one of them for good.
//!
//! Must not know: what is asked, or of whom.

use std::future::pending;
use std::sync::Arc;

use tokio::sync::watch;

/// The request that does not come back, counted from 1 over all services. Requests that come after it are not let through.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stop {
    /// Its service never gets it.
    Before(usize),
    /// Its service gets and answers it; the answer is withheld.
    After(usize),
}

impl Stop {
    fn keeps_request(self, number: usize) -> bool {
        match self {
            Self::Before(last) => number >= last,
            Self::After(last) => number > last,
        }
    }

    fn keeps_answer(self, number: usize) -> bool {
        match self {
            Self::Before(_) => false,
            Self::After(last) => number == last,
        }
    }
}

#[derive(Default)]
struct State {
    arrived: usize,
    under_way: usize,
    stopped: bool,
}

/// The gate of one process. A clone is the same gate.
#[derive(Clone)]
pub(super) struct Gate {
    stop: Option<Stop>,
    state: Arc<watch::Sender<State>>,
}

impl Gate {
    /// A gate that holds the request at `stop`, if any.
    pub(super) fn new(stop: Option<Stop>) -> Self {
        Self { stop, state: Arc::new(watch::Sender::new(State::default())) }
    }

    /// Lets one request through to its service, and its answer back.
    pub(super) async fn pass<T: Send + 'static>(&self, exchange: impl Future<Output = T> + Send + 'static) -> T {
        let number = self.arrive();
        if self.is(number, Stop::keeps_request) {
            return pending().await;
        }
        // In a task of its own: a service that has begun finishes, also when the process is gone.
        let under_way = UnderWay { gate: self.clone(), number };
        let exchanged = tokio::spawn(async move {
            let answer = exchange.await;
            drop(under_way);
            answer
        });
        let answer = exchanged.await.unwrap();
        if self.is(number, Stop::keeps_answer) {
            return pending().await;
        }
        answer
    }

    fn is(&self, number: usize, kept: fn(Stop, usize) -> bool) -> bool {
        self.stop.is_some_and(|stop| kept(stop, number))
    }

    fn arrive(&self) -> usize {
        let mut number = 0;
        self.state.send_modify(|state| {
            state.arrived += 1;
            number = state.arrived;
            if self.is(number, Stop::keeps_request) {
                state.stopped = true;
            } else {
                state.under_way += 1;
            }
        });
        number
    }

    fn land(&self, number: usize) {
        self.state.send_modify(|state| {
            state.under_way -= 1;
            state.stopped |= self.is(number, Stop::keeps_answer);
        });
    }

    /// Waits until a request is held.
    pub(super) async fn stopped(&self) {
        self.state.subscribe().wait_for(|state| state.stopped).await.unwrap();
    }

    /// Waits until no service is at work on a request that was let through.
    pub(super) async fn settled(&self) {
        self.state.subscribe().wait_for(|state| state.under_way == 0).await.unwrap();
    }

    /// The requests so far.
    pub(super) fn arrived(&self) -> usize {
        self.state.borrow().arrived
    }
}

/// A request that its service is at work on.
struct UnderWay {
    gate: Gate,
    number: usize,
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        self.gate.land(self.number);
    }
}
