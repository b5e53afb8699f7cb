//! The order in which a request meets the org: faults, session, limit, count, work, log.
//! It must not know HTTP's machinery, nor how the work is done.

use serde_json::json;

use crate::log::{CallKind, Outcome, RecordLog, Sequence};
use crate::names::Millis;
use crate::org::answer::Answer;
use crate::org::data::Performed;
use crate::org::errors::ApiError;
use crate::org::faults::{Canned, Commit, Effect, Strike};
use crate::org::operation::Operation;
use crate::org::{Noted, Org, sessions, versions, write};

/// A request: what it asks for, and the session it names.
pub(crate) struct Call {
    pub(crate) operation: Operation,
    pub(crate) token: Option<String>,
}

/// What was decided when a call arrived.
pub(crate) struct Admission {
    started: Millis,
    strike: Strike,
    gate: Result<(), ApiError>,
    counted: bool,
}

impl Admission {
    /// Real milliseconds to wait before the call is processed.
    pub(crate) fn latency(&self) -> u64 {
        self.strike.latency
    }
}

/// What the client sees.
pub(crate) enum Reply {
    Answer(Answer),
    Silence,
    Reset,
}

/// A commit that was promised for later.
pub(crate) struct Pending {
    due: Millis,
    of: Sequence,
    operation: Operation,
}

impl Org {
    /// Carries out the late commits that are due, each at its own instant. Every use of the org starts with this.
    pub(crate) fn settle(&mut self, now: Millis) {
        if self.pending.iter().all(|pending| pending.due > now) {
            return;
        }
        self.pending.sort_by_key(|pending| pending.due);
        let later = self.pending.partition_point(|pending| pending.due <= now);
        let still_pending = self.pending.split_off(later);
        for Pending { due, of, operation } in std::mem::replace(&mut self.pending, still_pending) {
            let records = self.perform(&operation, due).records;
            self.append(due, due, Noted { late_commit_of: Some(of), ..Noted::of(CallKind::LateCommit) }, records);
        }
    }

    /// A call arrives: faults strike, the session and the limit are checked, the call is counted.
    pub(crate) fn admit(&mut self, call: &Call, now: Millis) -> Admission {
        let strike = self.faults.strike(call.operation.kind() == CallKind::Token, now);
        let reaches = strike.effect.is_none_or(Effect::reaches_the_org);
        let gate = if reaches { self.gate(call, now) } else { Err(ApiError::server_unavailable()) };
        let counted = gate.is_ok() && self.counts(call.operation.kind());
        if counted {
            self.usage.count(1, now);
        }
        Admission { started: now, strike, gate, counted }
    }

    fn gate(&mut self, call: &Call, now: Millis) -> Result<(), ApiError> {
        if !needs_session(call.operation.kind()) {
            return Ok(());
        }
        if !self.sessions.admits(call.token.as_deref()) {
            return Err(ApiError::session_expired());
        }
        if self.usage.is_spent(now) { Err(ApiError::total_limit()) } else { Ok(()) }
    }

    fn counts(&self, kind: CallKind) -> bool {
        if kind == CallKind::Token { self.count_logins } else { needs_session(kind) }
    }

    /// An admitted call is processed, as far as its faults let it, and logged.
    pub(crate) fn finish(&mut self, call: Call, admission: Admission, now: Millis) -> Reply {
        let Admission { started, strike, gate, counted } = admission;
        let kind = call.operation.kind();
        let shows_usage = needs_session(kind) && self.sessions.admits(call.token.as_deref());
        let (reply, records) = match strike.effect {
            None | Some(Effect::Latency(_)) => {
                let Performed { answer, records } = self.process(&call.operation, &gate, now);
                (Reply::Answer(self.with_usage(answer, shows_usage, now)), records)
            }
            Some(Effect::Answer(canned, commit)) => {
                let records = self.process_unanswered(call.operation, &gate, commit, now);
                let answer = self.with_usage(Answer::canned(canned), shows_usage && is_the_orgs_own(canned), now);
                (Reply::Answer(answer), records)
            }
            Some(Effect::TimeOut(commit)) => {
                (Reply::Silence, self.process_unanswered(call.operation, &gate, commit, now))
            }
            Some(Effect::Reset(commit)) => (Reply::Reset, self.process_unanswered(call.operation, &gate, commit, now)),
        };
        let status = match &reply {
            Reply::Answer(answer) => Some(answer.status),
            Reply::Silence | Reply::Reset => None,
        };
        self.append(started, now, Noted { status, counted, fault: strike.logged(), ..Noted::of(kind) }, records);
        reply
    }

    fn process(&mut self, operation: &Operation, gate: &Result<(), ApiError>, now: Millis) -> Performed {
        match gate {
            Ok(()) => self.perform(operation, now),
            Err(error) => write::refused(operation, error),
        }
    }

    fn process_unanswered(
        &mut self,
        operation: Operation,
        gate: &Result<(), ApiError>,
        commit: Commit,
        now: Millis,
    ) -> Vec<RecordLog> {
        match commit {
            Commit::Late(after) if gate.is_ok() => {
                let due = now.plus(after);
                let records = operation.records(&Outcome::Pending { due });
                self.pending.push(Pending { due, of: self.log.next(), operation });
                records
            }
            Commit::First => self.process(&operation, gate, now).records,
            Commit::Never | Commit::Late(_) => operation.records(&Outcome::NotProcessed),
        }
    }

    fn perform(&mut self, operation: &Operation, now: Millis) -> Performed {
        let performed = match operation {
            Operation::Token(form) => Ok(Performed::answer(self.log_in(form, now))),
            Operation::Versions => Ok(Performed::answer(Answer::json(200, &versions::list()))),
            Operation::Resources(version) => Ok(Performed::answer(Answer::json(200, &version.resources()))),
            Operation::Collections(call) => self.data.upsert_collection(call, now),
            Operation::Upsert { write, field, version } => self.data.upsert_one(write, field, *version, now),
            Operation::Create(write) => self.data.create(write, now),
            Operation::Update { write, id } => self.data.update(write, id, now),
            Operation::Delete { object, id } => self.data.delete(object, id),
            Operation::Get(get) => self.data.get(get),
            Operation::Query { soql, version } => self.data.query(soql, *version),
            Operation::Limits => Ok(Performed::answer(self.limits(now))),
            Operation::Invalid { error, .. } => Err(error.clone()),
        };
        performed.unwrap_or_else(|error| write::refused(operation, &error))
    }

    fn log_in(&mut self, form: &Result<sessions::TokenForm, sessions::LoginError>, now: Millis) -> Answer {
        let opened = form.as_ref().map_err(Clone::clone).and_then(|form| self.sessions.log_in(form, now));
        match opened {
            Ok(body) => Answer::json(200, &body),
            Err(error) => Answer::login_error(&error),
        }
    }

    fn limits(&mut self, now: Millis) -> Answer {
        let max = self.usage.limit();
        let remaining = max.saturating_sub(self.usage.used(now));
        Answer::json(200, &json!({"DailyApiRequests": {"Max": max, "Remaining": remaining}}))
    }

    fn with_usage(&mut self, answer: Answer, shown: bool, now: Millis) -> Answer {
        Answer { usage: shown.then(|| self.usage.header(now)), ..answer }
    }
}

/// Whether a call needs a session, and counts against the limit.
fn needs_session(kind: CallKind) -> bool {
    match kind {
        CallKind::Token | CallKind::Versions | CallKind::External | CallKind::LateCommit => false,
        CallKind::Resources
        | CallKind::Collections
        | CallKind::Upsert
        | CallKind::Create
        | CallKind::Update
        | CallKind::Delete
        | CallKind::Get
        | CallKind::Query
        | CallKind::Limits
        | CallKind::Unknown => true,
    }
}

/// Whether an answer comes from the org, which shows its usage, rather than from something in front of it.
fn is_the_orgs_own(canned: Canned) -> bool {
    match canned {
        Canned::TotalLimit | Canned::ConcurrentLimit | Canned::ApiDisabled | Canned::Garbage => true,
        Canned::ExpiredSession
        | Canned::ServerUnavailable
        | Canned::LoginRefused
        | Canned::Html(_)
        | Canned::Empty(_)
        | Canned::ErrorObject(_) => false,
    }
}
