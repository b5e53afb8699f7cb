//! The scene: one connection with two failing records, and the limits and settings that the model computes with.
//!
//! Must not know: what happens in it.

use std::sync::LazyLock;
use std::time::Duration;

use rules::catalogue::ErrorType;
use rules::counts::Attempts;
use rules::ids::{ConnectionId, Fence, FieldName, ObjectName, RecordId, RecordKey, RequestId};
use rules::ingest::{NewFailure, NewSuccess};
use rules::policy::{IntervalPolicy, Policy};
use rules::record::{Failure, Next, PayloadPlace, Record, State, Stored};
use rules::resync::{Action, Progress, Request, RequestState, Wanted};
use rules::time::Timestamp;
use rules::tries::Tries;
use rules::version::SourceVersion;

/// The first tick: 2026-03-01T10:00:00Z, a multiple of 20 minutes.
pub const FIRST_TICK: Timestamp = Timestamp::from_millis(1_772_359_200_000);

/// The longest that one request may take.
pub const REQUEST_TIMEOUT: Duration = Duration::from_mins(2);

/// How long after its time-out Salesforce may really commit a request. A run assumes a minute more.
pub const REALLY_LATE: Duration = Duration::from_mins(10);

/// How long an invocation may take.
pub const INVOCATION: Duration = Duration::from_mins(15);

/// The longest time between the strong read of a record and its send.
pub const READ_TO_SEND: Duration = Duration::from_secs(30);

/// How long before the deadline the last call must be over.
pub const BEFORE_DEADLINE: Duration = Duration::from_secs(30);

/// How old an event may become before it is dropped.
pub const EVENT_AGE: Duration = Duration::from_mins(20);

/// How far the clock of a run with skew is off.
pub const SKEW: Duration = Duration::from_secs(5);

/// The version that both records failed with before the first tick.
pub const OLD: SourceVersion = SourceVersion::Number(1);

/// The version that record A fails with, or succeeds with, later.
pub const NEW: SourceVersion = SourceVersion::Number(2);

/// The two records.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Key {
    /// Its source reports a newer failure and a success of it.
    A,
    /// Its source says no more of it.
    B,
}

/// One of something for each record.
pub type Each<T> = [T; 2];

impl Key {
    /// Both.
    pub const BOTH: Each<Self> = [Self::A, Self::B];

    /// Its place in an [`Each`].
    #[must_use]
    pub const fn at(self) -> usize {
        match self {
            Self::A => 0,
            Self::B => 1,
        }
    }

    /// Its external id.
    #[must_use]
    pub fn id(self) -> &'static RecordId {
        &KEYS[self.at()].id
    }

    /// The record with this external id.
    #[must_use]
    pub fn of(id: &RecordId) -> Self {
        if *id == KEYS[0].id { Self::A } else { Self::B }
    }
}

static KEYS: LazyLock<Each<RecordKey>> = LazyLock::new(|| {
    ["A", "B"].map(|id| RecordKey {
        connection: ConnectionId::new("c").expect("a connection's name"),
        object: OBJECT.clone(),
        id: RecordId::new(id).expect("an external id"),
    })
});

/// The object of both records.
pub static OBJECT: LazyLock<ObjectName> = LazyLock::new(|| ObjectName::new("O").expect("an object's name"));

/// The external-id field.
pub static FIELD: LazyLock<FieldName> = LazyLock::new(|| FieldName::new("F").expect("a field's name"));

/// The interval policy as it is by default.
pub static POLICY: LazyLock<Policy> = LazyLock::new(|| Policy::Interval(IntervalPolicy::default()));

/// The request of the person.
pub static REQUEST: LazyLock<RequestId> = LazyLock::new(|| RequestId::new("r").expect("a request's id"));

/// Every failure in the model.
pub static FAILURE: LazyLock<Failure> =
    LazyLock::new(|| Failure::new(ErrorType::parse("t").expect("an error type"), "C", ""));

/// A record as it stands before the first tick, at which it is due.
#[must_use]
pub fn failing(key: Key) -> Stored {
    let failed = FIRST_TICK - Duration::from_mins(5);
    Stored::Record(Box::new(Record {
        key: KEYS[key.at()].clone(),
        external_id_field: FIELD.clone(),
        fence: Fence(0),
        source_version: OLD,
        state: State::Scheduled(Next::At(FIRST_TICK)),
        failure: FAILURE.clone(),
        attempts: Attempts::default(),
        tries: Tries::default(),
        first_failed: failed,
        last_failed: failed,
        type_since: None,
        parent: None,
        payload: PayloadPlace::Inline,
        last_send: None,
    }))
}

/// The newer failure of A, which its source saw at `failed`.
#[must_use]
pub fn newer_failure(failed: Timestamp) -> NewFailure {
    NewFailure {
        key: KEYS[Key::A.at()].clone(),
        external_id_field: FIELD.clone(),
        source_version: NEW,
        failure: FAILURE.clone(),
        failed,
        parent: None,
        payload: PayloadPlace::Inline,
        closes: false,
    }
}

/// The success of A, which its source saw at `at`.
#[must_use]
pub fn success(at: Timestamp) -> NewSuccess {
    NewSuccess { key: KEYS[Key::A.at()].clone(), source_version: NEW, at }
}

/// What the person asks for: both records, by name.
#[must_use]
pub fn request(as_of: Timestamp) -> Request {
    let named = Key::BOTH.map(|key| (OBJECT.clone(), key.id().clone()));
    Request {
        id: REQUEST.clone(),
        connection: KEYS[0].connection.clone(),
        action: Action::Resync,
        wanted: Wanted::Records(named.into()),
        as_of,
        requested_by: String::new(),
        state: RequestState::Open,
        planned: None,
        progress: Progress::default(),
        ended: None,
    }
}
