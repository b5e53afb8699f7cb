//! Salesforce: what it holds of the two records, the requests that it may still commit, and what the environment lets it do.
//!
//! Must not know: leases, journals, outcomes.

use rules::ids::BatchId;
use rules::time::Timestamp;
use rules::version::SourceVersion;

use crate::scene::{Each, Key, REALLY_LATE, REQUEST_TIMEOUT};
use crate::world::Books;

/// What Salesforce says of a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Said {
    /// It is saved.
    Saved,
    /// It is not.
    Refused,
    /// Nothing that the sender has heard.
    Unknown,
}

/// What was said of each record of a batch; nothing of one that is not in it.
pub type Answer = Each<Option<Said>>;

/// A request that was sent and may still be committed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Flight {
    /// Its batch.
    pub batch: BatchId,
    /// The place of its sender among the runs.
    pub sender: usize,
    /// The versions that it carries.
    pub carries: Each<Option<SourceVersion>>,
    /// When it was sent.
    pub sent: Timestamp,
    /// Whether it is past its time-out, and nobody waits for it any more.
    pub late: bool,
}

impl Flight {
    /// The last instant at which it may be committed.
    #[must_use]
    pub fn commits_until(&self) -> Timestamp {
        let timed_out = self.sent + REQUEST_TIMEOUT;
        if self.late { timed_out + REALLY_LATE } else { timed_out }
    }

    /// Whether it carries the record.
    #[must_use]
    pub const fn has(&self, key: Key) -> bool {
        self.carries[key.at()].is_some()
    }

    /// The answers that Salesforce may give once it has processed the request: all saved, all refused, or A alone saved. That B
    /// alone is saved tells no more, because each record's outcome is decided for itself.
    #[must_use]
    pub fn answers(&self) -> Vec<Answer> {
        let all = |said: Said| self.carries.map(|version| version.map(|_| said));
        let mut answers = vec![all(Said::Saved), all(Said::Refused)];
        if self.carries.iter().all(Option::is_some) {
            answers.push([Some(Said::Saved), Some(Said::Refused)]);
        }
        answers
    }

    /// That nobody knows what became of it.
    #[must_use]
    pub fn unknown(&self) -> Answer {
        self.carries.map(|version| version.map(|_| Said::Unknown))
    }
}

/// Salesforce.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Org {
    /// The version of each record that it holds; before the first one, one older than any.
    pub holds: Each<SourceVersion>,
    /// The newest version of each record that it ever held.
    pub held: Each<SourceVersion>,
    /// The requests that it may still commit.
    pub flights: Vec<Flight>,
    /// When it was called.
    pub calls: Vec<Timestamp>,
}

impl Default for Org {
    fn default() -> Self {
        let none = [SourceVersion::Number(0); 2];
        Self { holds: none, held: none, flights: Vec::new(), calls: Vec::new() }
    }
}

impl Org {
    /// Processes a request as `answer` says.
    pub fn process(&mut self, flight: usize, answer: Answer, books: &mut Books) -> Flight {
        let flight = self.flights.remove(flight);
        for key in Key::BOTH {
            if answer[key.at()].is_some() {
                books.processed[key.at()].add(flight.batch);
            }
            if let (Some(Said::Saved), Some(version)) = (answer[key.at()], flight.carries[key.at()]) {
                self.save(key, version);
            }
        }
        flight
    }

    /// Holds this version of a record from now on.
    pub fn save(&mut self, key: Key, version: SourceVersion) {
        self.holds[key.at()] = version;
        if version.is_newer_than(self.held[key.at()]) {
            self.held[key.at()] = version;
        }
    }

    /// Whether it holds an older payload of the record than it did.
    #[must_use]
    pub fn is_overwritten(&self, key: Key) -> bool {
        self.held[key.at()].is_newer_than(self.holds[key.at()])
    }

    /// Whether it ever held this version of the record or a newer one.
    #[must_use]
    pub fn has_held(&self, key: Key, version: SourceVersion) -> bool {
        !version.is_newer_than(self.held[key.at()])
    }

    /// Forgets what it cannot commit any more at `now`.
    pub fn pass(&mut self, now: Timestamp) {
        self.flights.retain(|flight| flight.commits_until() >= now);
    }
}
