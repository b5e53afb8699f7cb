//! One connection's Salesforce: log in, probe, upsert, each at most one HTTP request.
//!
//! Must not know: attempts, budgets, what follows from an answer.

use std::fmt;
use std::sync::Arc;

use engine::ports::{
    Clock, LoginAnswer, NotProcessed, PortError, ProbeAnswer, Reply, SyncTarget, UpsertAnswer, UpsertRequest,
};
use reqwest::header;
use rules::connection::{Connection, Target};
use rules::counts::ApiCalls;
use rules::ids::ConnectionId;
use secrecy::ExposeSecret;
use tracing::warn;

use crate::allow::Allowed;
use crate::auth::{TOKEN_PATH, TokenForm};
use crate::body::{self, Grant};
use crate::exchange::{Heard, Silence, Wire, chain};
use crate::names::{Guarded, SystemNames};
use crate::reach::Reach;
use crate::records;
use crate::secret::{Secret, Secrets};
use crate::session::{Session, SessionSlot};
use crate::sort::{self, Login};

/// One connection's Salesforce, with a token, a connection pool and a count of requests of its own.
pub struct SalesforceTarget<S, C> {
    connection: ConnectionId,
    settings: Target,
    /// How far the process reaches, whatever the login's address is.
    process: Reach,
    allowed: Allowed,
    wire: Wire,
    session: SessionSlot,
    secrets: Arc<S>,
    clock: Arc<C>,
}

impl<S: Secrets, C: Clock> SalesforceTarget<S, C> {
    pub(crate) fn new(
        connection: &Connection,
        secrets: Arc<S>,
        clock: Arc<C>,
        process: Reach,
    ) -> Result<Self, PortError> {
        let allowed = Allowed::by(&connection.target).map_err(|problem| PortError::Unreadable {
            what: format!("the login address of connection {}", connection.id),
            problem: problem.to_string(),
        })?;
        let names = Guarded::new(SystemNames, connection.target.allowed_hosts.clone(), allowed.reach());
        let wire = Wire::new(connection.id.clone(), connection.request_timeout(), allowed.login().is_plain(), names)
            .map_err(|error| PortError::unavailable("setting up HTTP for Salesforce", error.without_url()))?;
        Ok(Self {
            connection: connection.id.clone(),
            settings: connection.target.clone(),
            process,
            allowed,
            wire,
            session: SessionSlot::default(),
            secrets,
            clock,
        })
    }

    /// The HTTP requests made so far, those included for which no connection came about.
    #[must_use]
    pub fn requests_sent(&self) -> ApiCalls {
        self.wire.requests()
    }

    async fn secret(&self) -> Result<Secret, PortError> {
        self.secrets.fetch(&self.settings.secret).await
    }

    /// The form of a login, or why there is nothing to send. A store of secrets that is out of reach is none of the
    /// credentials' fault.
    async fn form(&self) -> Result<TokenForm, NotProcessed> {
        if (self.process, self.allowed.reach()) == (Reach::Public, Reach::ThisMachine) {
            warn!(connection = %self.connection, "no login was sent: its address names this machine, which has no org");
            return Err(NotProcessed::Unreachable);
        }
        let secret = self.secret().await.map_err(|error| {
            self.warn_no_form(&error);
            match error {
                PortError::Unavailable { .. } => NotProcessed::Unreachable,
                PortError::Unreadable { .. } => NotProcessed::LoginRefused,
            }
        })?;
        TokenForm::of(&self.settings.flow, &secret, self.clock.now()).map_err(|problem| {
            self.warn_no_form(&problem);
            NotProcessed::LoginRefused
        })
    }

    fn warn_no_form(&self, problem: &dyn std::error::Error) {
        warn!(connection = %self.connection, problem = chain(problem), "no login was sent");
    }

    fn admit(&self, heard: &Heard) -> LoginAnswer {
        match sort::login(heard.status, &heard.body) {
            Login::Granted(grant) => self.keep(grant),
            Login::Answer(answer) => {
                let said = body::said(&heard.body);
                let code = said.as_ref().and_then(body::Said::loggable_code).unwrap_or("none");
                warn!(connection = %self.connection, status = heard.status, code, ?answer, "the login brought no token");
                answer
            }
        }
    }

    /// Keeps a token, unless it cannot be sent or may not be sent where the org says.
    fn keep(&self, Grant { token, instance_url }: Grant) -> LoginAnswer {
        if !token.expose_secret().bytes().all(|byte| byte.is_ascii_graphic()) {
            warn!(connection = %self.connection, "the login brought a token that cannot be sent");
            return LoginAnswer::Unknown;
        }
        match self.allowed.instance(&instance_url) {
            Ok(org) => {
                self.session.keep(Session { token, org });
                LoginAnswer::SignedIn
            }
            Err(problem) => {
                warn!(connection = %self.connection, %problem, "the login's instance_url is not used");
                LoginAnswer::NotProcessed(NotProcessed::Unreachable)
            }
        }
    }
}

impl<S: Secrets, C: Clock> SyncTarget for SalesforceTarget<S, C> {
    async fn secret_version(&self) -> Result<String, PortError> {
        let secret = self.secret().await?;
        // Credentials that do not fit the flow are as good as none: no login can be made of them.
        TokenForm::of(&self.settings.flow, &secret, self.clock.now()).map_err(|problem| PortError::Unreadable {
            what: format!("the secret {}", self.settings.secret),
            problem: problem.to_string(),
        })?;
        Ok(secret.version().to_owned())
    }

    fn is_signed_in(&self) -> bool {
        self.session.current().is_some()
    }

    /// One request; none when the credentials cannot be had or do not fit the flow.
    async fn login(&self) -> Reply<LoginAnswer> {
        let form = match self.form().await {
            Ok(form) => form,
            Err(why) => return Reply { answer: LoginAnswer::NotProcessed(why), org: None },
        };
        let request = self.wire.http().post(self.allowed.login().at(TOKEN_PATH)).form(&form.expose());
        match self.wire.exchange(request).await {
            Ok(heard) => Reply { answer: self.admit(&heard), org: heard.org },
            Err(Silence::NotSent) => Reply { answer: LoginAnswer::NotProcessed(NotProcessed::Unreachable), org: None },
            Err(Silence::Lost) => Reply { answer: LoginAnswer::Unknown, org: None },
        }
    }

    /// One request, `GET /services/data/v…`; none when no token is at hand.
    async fn probe(&self) -> Reply<ProbeAnswer> {
        let Some(session) = self.session.current() else {
            return Reply { answer: ProbeAnswer::SessionExpired, org: None };
        };
        let url = session.org.at(&format!("/services/data/v{}", self.settings.api_version));
        let request = self.wire.http().get(url).bearer_auth(session.token.expose_secret());
        let (answer, org) = match self.wire.exchange(request).await {
            Ok(heard) => (sort::probe(heard.status, &heard.body), heard.org),
            Err(Silence::NotSent) => (ProbeAnswer::NotProcessed(NotProcessed::Unreachable), None),
            Err(Silence::Lost) => (ProbeAnswer::Unknown, None),
        };
        if answer == ProbeAnswer::SessionExpired {
            self.session.refuse(&session);
        }
        Reply { answer, org }
    }

    /// One request; none when no token is at hand.
    async fn upsert(&self, request: UpsertRequest) -> Reply<UpsertAnswer> {
        let Some(session) = self.session.current() else {
            return Reply { answer: UpsertAnswer::SessionExpired, org: None };
        };
        let records = request.records.len();
        let url = session.org.at(&records::path(&self.settings.api_version, &request.object, &request.field));
        let call = self.wire.http().patch(url).bearer_auth(session.token.expose_secret());
        let call = call.header(header::CONTENT_TYPE, "application/json").body(records::body(&request));
        let (answer, org) = match self.wire.exchange(call).await {
            Ok(heard) => (sort::upsert(heard.status, &heard.body, records), heard.org),
            Err(Silence::NotSent) => (UpsertAnswer::NotProcessed(NotProcessed::Unreachable), None),
            Err(Silence::Lost) => (UpsertAnswer::Unknown, None),
        };
        if answer == UpsertAnswer::SessionExpired {
            self.session.refuse(&session);
        }
        Reply { answer, org }
    }
}

impl<S, C> fmt::Debug for SalesforceTarget<S, C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SalesforceTarget")
            .field("connection", &self.connection)
            .field("session", &self.session)
            .finish_non_exhaustive()
    }
}
