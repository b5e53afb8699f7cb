//! Sessions: how a browser, which cannot send a bearer token, comes to be let in, by a ticket that is good for one minute and
//! for one use.
//!
//! Must not know: HTTP.

use std::fmt::Write;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use engine::ports::{Clock, Entropy};
use subtle::ConstantTimeEq;

/// How long a ticket is good, if nobody uses it.
pub(super) const TICKET_LIVES: Duration = Duration::from_mins(1);

/// How long a session is good: a working day, after which one opens the console anew.
const SESSION_LIVES: Duration = Duration::from_hours(12);

/// The most that are kept of each; the oldest goes first. A person opens a few, and a flood of them costs no memory.
const MOST: usize = 64;

/// Draws a number that nobody can guess.
type Chance = Box<dyn Fn() -> u64 + Send + Sync>;

/// Time since some instant; never goes back.
type Time = Box<dyn Fn() -> Duration + Send + Sync>;

/// The tickets that were given out and not used, and the sessions that were opened with one.
pub(super) struct Sessions {
    time: Time,
    chance: Chance,
    held: Mutex<Held>,
}

#[derive(Default)]
struct Held {
    tickets: Vec<Secret>,
    sessions: Vec<Secret>,
}

/// What only one who was told it can know, and how long it is good.
struct Secret {
    text: String,
    until: Duration,
}

impl Sessions {
    /// No sessions yet.
    pub(super) fn new(clock: impl Clock + 'static, chance: impl Entropy + 'static) -> Self {
        Self {
            time: Box::new(move || clock.since_boot()),
            chance: Box::new(move || chance.number()),
            held: Mutex::default(),
        }
    }

    /// A new ticket.
    pub(super) fn ticket(&self) -> String {
        let (text, until) = (self.draw(), (self.time)() + TICKET_LIVES);
        keep(&mut self.held().tickets, Secret { text: text.clone(), until });
        text
    }

    /// Takes a ticket, which is good for nothing afterwards, and opens a session; none when the ticket is not good.
    pub(super) fn open(&self, ticket: &str) -> Option<String> {
        let now = (self.time)();
        let mut held = self.held();
        let at = find(&held.tickets, ticket)?;
        let is_good = held.tickets.swap_remove(at).until > now;
        is_good.then(|| {
            let text = self.draw();
            keep(&mut held.sessions, Secret { text: text.clone(), until: now + SESSION_LIVES });
            text
        })
    }

    /// Whether this is an open session.
    pub(super) fn knows(&self, session: &str) -> bool {
        let now = (self.time)();
        let held = self.held();
        find(&held.sessions, session).is_some_and(|at| held.sessions[at].until > now)
    }

    /// 128 bits of chance.
    fn draw(&self) -> String {
        let mut text = String::with_capacity(32);
        for _ in 0..2 {
            write!(text, "{:016x}", (self.chance)()).expect("a text takes all that is written into it");
        }
        text
    }

    fn held(&self) -> MutexGuard<'_, Held> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn keep(all: &mut Vec<Secret>, secret: Secret) {
    if all.len() >= MOST {
        all.remove(0);
    }
    all.push(secret);
}

/// Compares in a time that does not depend on how much of the text is right.
fn find(all: &[Secret], text: &str) -> Option<usize> {
    all.iter().position(|secret| bool::from(secret.text.as_bytes().ct_eq(text.as_bytes())))
}
