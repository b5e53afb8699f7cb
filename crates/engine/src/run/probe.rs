//! Gates, suspension and login: what must be so before a run may send, and what a probe finds out.
//!
//! Must not know: batches.

use rules::control::Control;
use rules::events::{ConnectionResumed, ConnectionSuspended, Outbound};
use rules::gates::Gate;
use rules::ids::ConnectionId;
use rules::suspension::{Cause, Probe, Suspension};
use rules::time::Timestamp;
use tracing::warn;

use super::allowance::Grant;
use super::closed_gates;
use super::interrupt::Interrupt;
use super::landing::Setback;
use super::work::{Trial, Worker};
use crate::parts::Ports;
use crate::ports::{
    Clock, LoginAnswer, NotProcessed, PortError, ProbeAnswer, Reply, StopReason, SyncTarget, UsageReports, causes,
};

impl<P: Ports> Worker<'_, P> {
    /// Asks the gates, and probes a suspension whose time has come. Stops the run when nothing may be sent.
    pub(super) async fn pass_gates(&mut self) -> Result<(), Interrupt> {
        let usage = self.context.ports.store().usage(&self.context.connection.id).await?;
        let now = self.context.ports.clock().now();
        let mut suspended = false;
        self.heed_halt();
        for gate in closed_gates(self.context.connection, &self.held.control, &usage, now) {
            match gate {
                Gate::NotPaused { .. } => self.stop_for(StopReason::Paused),
                Gate::Budget { .. } => self.stop_for(StopReason::Budget),
                Gate::OrgLimit { .. } => self.stop_for(StopReason::OrgLimit),
                Gate::NotSuspended { .. } => suspended = true,
                Gate::Unresolved { .. }
                | Gate::NotExcluded { .. }
                | Gate::TriesLeft { .. }
                | Gate::InsideWindow { .. }
                | Gate::Due { .. }
                | Gate::NotQuarantined { .. } => {}
            }
        }
        if suspended && self.stop.is_none() { self.probe_suspension().await } else { Ok(()) }
    }

    /// Stops the run when its process is to end.
    pub(super) fn heed_halt(&mut self) {
        if self.context.order.halt.is_stopped() {
            self.stop_for(StopReason::Halted);
        }
    }

    pub(super) fn stop_for(&mut self, reason: StopReason) {
        self.stop.get_or_insert(reason);
    }

    /// Suspends the connection when what is in flight has landed.
    pub(super) fn suspend(&mut self, cause: Cause) {
        self.suspending.get_or_insert(cause);
        self.stop_for(StopReason::Suspended);
    }

    async fn probe_suspension(&mut self) -> Result<(), Interrupt> {
        let Some(suspension) = self.held.control.suspension.clone() else {
            return Ok(());
        };
        let secret = if suspension.cause.is_of_the_secret() {
            match self.context.target.secret_version().await {
                Ok(secret) => secret,
                Err(problem) => {
                    self.still_without_secret(&suspension.cause, &problem);
                    return Ok(());
                }
            }
        } else {
            String::new()
        };
        match suspension.probe_due(self.context.ports.clock().now(), &secret) {
            None => self.stop_for(StopReason::Suspended),
            Some(Probe::Record) => self.trial = Some(Trial::Storage),
            Some(Probe::Call) => {
                self.probe_call(suspension.cause.is_of_the_secret()).await?;
                match self.setback.take() {
                    None => {}
                    Some(Setback::Secret(cause)) => self.suspend(cause),
                    Some(Setback::Session | Setback::Busy | Setback::Unreachable) => self.suspend(Cause::Unreachable),
                }
            }
        }
        Ok(())
    }

    /// One harmless request, and at most one renewal of the token before it.
    async fn probe_call(&mut self, anew: bool) -> Result<(), Interrupt> {
        if (anew || !self.context.target.is_signed_in()) && !self.login().await? {
            return Ok(());
        }
        let Some(answer) = self.ask().await? else {
            return Ok(());
        };
        let answer = match answer {
            ProbeAnswer::SessionExpired if !self.renewed => {
                self.renewed = true;
                if !self.login().await? {
                    return Ok(());
                }
                self.ask().await?
            }
            ProbeAnswer::Up | ProbeAnswer::SessionExpired | ProbeAnswer::NotProcessed(_) | ProbeAnswer::Unknown => {
                Some(answer)
            }
        };
        match answer {
            None => {}
            Some(ProbeAnswer::Up) => match self.held.control.suspension.as_ref().map(|suspension| &suspension.cause) {
                // A harmless request says little about those that were refused or not answered: one record goes first.
                Some(Cause::AccessRefused | Cause::Unreachable) => {
                    self.trial = Some(Trial::Answers);
                }
                Some(
                    Cause::LoginRefused { .. }
                    | Cause::SecretUnreadable { .. }
                    | Cause::SessionRefused
                    | Cause::OrgLimit
                    | Cause::Storage
                    | Cause::Down,
                )
                | None => self.resume().await?,
            },
            Some(ProbeAnswer::SessionExpired) => self.suspend(Cause::SessionRefused),
            Some(ProbeAnswer::Unknown) => self.suspend(Cause::Unreachable),
            Some(ProbeAnswer::NotProcessed(why)) => {
                self.suspend(cause_of(why, String::new()));
            }
        }
        Ok(())
    }

    async fn ask(&mut self) -> Result<Option<ProbeAnswer>, Interrupt> {
        if !self.may_call().await? {
            return Ok(None);
        }
        let Reply { answer, org } = self.context.target.probe().await;
        self.note_org(org);
        Ok(Some(answer))
    }

    /// Asks for a token; whether one is there. Without one the run stops, or has a setback to overcome first.
    pub(super) async fn login(&mut self) -> Result<bool, Interrupt> {
        let secret = match self.context.target.secret_version().await {
            Ok(secret) => secret,
            Err(problem) => {
                self.without_secret(&problem);
                return Ok(false);
            }
        };
        if !self.may_call().await? {
            return Ok(false);
        }
        let Reply { answer, org } = self.context.target.login().await;
        self.note_org(org);
        match answer {
            LoginAnswer::SignedIn => return Ok(true),
            LoginAnswer::Unknown => self.suspend(Cause::Unreachable),
            LoginAnswer::NotProcessed(NotProcessed::Busy) => self.setback = Some(Setback::Busy),
            LoginAnswer::NotProcessed(NotProcessed::Unreachable) => self.setback = Some(Setback::Unreachable),
            LoginAnswer::NotProcessed(why) => {
                self.suspend(cause_of(why, secret));
            }
        }
        Ok(false)
    }

    /// Credentials that are there and cannot be read stay so until they change; a store of secrets that does not answer is asked
    /// again.
    fn without_secret(&mut self, problem: &PortError) {
        warn!(connection = %self.context.connection.id, %problem, "the credentials cannot be read");
        let cause = unreadable(&self.context.connection.target.secret, problem);
        match problem {
            PortError::Unreadable { .. } => self.suspend(cause),
            PortError::Unavailable { .. } => self.setback = Some(Setback::Secret(cause)),
        }
    }

    /// Nothing changes while the credentials still cannot be read, unless it is for another reason. Which version of them was
    /// refused is not forgotten: they may come back as they were.
    fn still_without_secret(&mut self, known: &Cause, problem: &PortError) {
        warn!(connection = %self.context.connection.id, %problem, "the credentials cannot be read");
        let cause = unreadable(&self.context.connection.target.secret, problem);
        if matches!(known, Cause::SecretUnreadable { .. }) && *known != cause {
            self.suspend(cause);
        }
        self.stop_for(StopReason::Suspended);
    }

    /// Reserves the next call, which is made at once. Stops the run when none is left.
    async fn may_call(&mut self) -> Result<bool, Interrupt> {
        let Self { context, .. } = *self;
        loop {
            let now = context.ports.clock().now();
            if context.order.halt.is_stopped() {
                self.stop_for(StopReason::Halted);
                return Ok(false);
            }
            if now >= context.stop_at() {
                self.stop_for(StopReason::Deadline);
                return Ok(false);
            }
            match self.allowance.take(context.ports, context.connection, &mut self.held, None, now).await? {
                Grant::Refused => {
                    self.stop_for(StopReason::Budget);
                    return Ok(false);
                }
                // Reserving took so long that its bucket, or the time for it, is over.
                Grant::Call(bucket) if context.ports.clock().now() >= bucket.end().min(context.stop_at()) => {
                    self.allowance.put_back(bucket);
                }
                Grant::Call(_) => {
                    self.tally.api_calls += 1;
                    return Ok(true);
                }
            }
        }
    }

    /// Ends the suspension: the cause is gone.
    pub(super) async fn resume(&mut self) -> Result<(), Interrupt> {
        self.trial = None;
        self.held.update(|control| Some(Control { suspension: None, ..control })).await?;
        let connection = self.context.connection.id.clone();
        let at = self.context.ports.clock().now();
        self.outbox.events.push(Outbound::ConnectionResumed(ConnectionResumed { connection, at }));
        Ok(())
    }
}

/// The suspension that a run leaves behind, if it leaves one, and the event that says so when it is new.
pub(super) fn suspension_left(
    connection: &ConnectionId,
    control: &Control,
    cause: Option<&Cause>,
    now: Timestamp,
) -> (Option<Suspension>, Option<Outbound>) {
    let Some(cause) = cause.cloned() else {
        return (control.suspension.clone(), None);
    };
    if let Some(known) = control.suspension.clone() {
        return (Some(known.probe_failed(cause, now)), None);
    }
    let begun = Suspension::begin(cause.clone(), now);
    let event =
        ConnectionSuspended { connection: connection.clone(), cause, since: begun.since, next_probe: begun.next_probe };
    (Some(begun), Some(Outbound::ConnectionSuspended(event)))
}

/// The most bytes of a problem that are kept.
const PROBLEM_BYTES: usize = 200;

/// The cause that follows from credentials that cannot be read.
fn unreadable(name: &str, problem: &PortError) -> Cause {
    let mut problem = match problem {
        PortError::Unreadable { problem, .. } => problem.replace('\n', "; "),
        PortError::Unavailable { source, .. } => causes(source.as_ref()),
    };
    problem.truncate(problem.floor_char_boundary(PROBLEM_BYTES));
    Cause::SecretUnreadable { name: name.to_owned(), problem }
}

/// The cause of a suspension that follows from an answer; `secret` is the version of the credentials that were used.
pub(super) fn cause_of(why: NotProcessed, secret: String) -> Cause {
    match why {
        NotProcessed::LoginRefused => Cause::LoginRefused { secret },
        NotProcessed::AccessRefused => Cause::AccessRefused,
        NotProcessed::OrgLimit => Cause::OrgLimit,
        NotProcessed::Down => Cause::Down,
        NotProcessed::Busy | NotProcessed::Unreachable => Cause::Unreachable,
    }
}
