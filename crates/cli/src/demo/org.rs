//! One simulated org: its schema, the failures it will answer with, and how each of them comes to an end.
//!
//! Must not know: retries.

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::Context;
use imports::ErrorText;
use rules::catalogue::{Catalogue, Class, Group};
use rules::connection::Connection;
use rules::ids::ConnectionId;
use rules::time::Timestamp;
use salesforce_sim::{
    ClientSecret, Credentials, ExternalId, Failure, Millis, ObjectSchema, Rule, RuleId, Schema, Selector, Settings,
    Simulator,
};

use super::clock::DemoClock;
use super::manifest::{FileOfRows, Source};

/// The credentials of the simulated orgs; nothing outside the demo takes them.
pub(crate) const CLIENT_ID: &str = "resync-demo";
pub(crate) const FIRST: Password = Password { version: "1", secret: "before-the-change" };
pub(crate) const SECOND: Password = Password { version: "2", secret: "after-the-change" };
pub(crate) const THIRD: Password = Password { version: "3", secret: "in-the-morning-after" };

/// A password of the integration user, and its version in the secret.
pub(crate) struct Password {
    pub(crate) version: &'static str,
    pub(crate) secret: &'static str,
}

/// When triggers are mended, counted from the start.
pub(crate) const TRIGGERS_MENDED: Duration = Duration::from_hours(21);

/// A simulated org and the failures that a person will mend in it.
pub(crate) struct Org {
    pub(crate) id: ConnectionId,
    pub(crate) simulator: Simulator,
    picklists: Vec<RuleId>,
}

impl Org {
    /// Starts the org of `source`.
    pub(crate) async fn start(
        source: &Source,
        connection: &Connection,
        clock: &DemoClock,
        start: Timestamp,
    ) -> anyhow::Result<Self> {
        let settings = Settings {
            clock: clock.for_simulator(),
            org_limit: 1_000_000,
            credentials: Credentials {
                client_id: CLIENT_ID.to_owned(),
                client_secret: ClientSecret::from(FIRST.secret),
                ..Credentials::default()
            },
            schema: schema(source, connection)?,
            ..Settings::default()
        };
        let simulator = Simulator::start(settings).await.context("starting the simulated org")?;
        let mut org = Self { id: source.id.clone(), simulator, picklists: Vec::new() };
        for file in &source.files {
            org.set_fates(file, start);
        }
        Ok(org)
    }

    /// A person adds the missing picklist values.
    pub(crate) fn mend_picklists(&self) {
        for &rule in &self.picklists {
            self.simulator.mend(rule);
        }
    }

    /// Rows that failed for the same reason go on failing for it until it is gone.
    fn set_fates(&mut self, file: &FileOfRows, start: Timestamp) {
        let mut by_error: BTreeMap<(&str, &str), Vec<ExternalId>> = BTreeMap::new();
        for row in &file.rows {
            let id = ExternalId::from(row.external_id.as_str());
            by_error.entry((&row.error.code, &row.error.message)).or_default().push(id);
        }
        for ((code, message), ids) in by_error {
            let error = ErrorText { code: code.to_owned(), message: message.to_owned(), fields: Vec::new() };
            let fate = fate(&error, file.parent.is_some());
            let Some(failure) = answer(&error, fate) else {
                continue;
            };
            let rule =
                Rule::new(format!("{code}: {message}"), file.object.as_str(), Selector::external_ids(ids), failure);
            let rule = match fate {
                Fate::FirstTries(tries) => rule.for_first_tries(tries),
                Fate::UntilTriggersAreMended => rule.until(Millis((start + TRIGGERS_MENDED).as_millis())),
                Fate::UntilPicklistsAreMended | Fate::ByItself | Fate::Never => rule,
            };
            let id = self.simulator.add_rule(rule);
            if fate == Fate::UntilPicklistsAreMended {
                self.picklists.push(id);
            }
        }
    }
}

/// The external-id field of a file's object.
pub(crate) fn key_field(connection: &Connection, file: &FileOfRows) -> anyhow::Result<String> {
    let field = connection.external_ids.get(&file.object);
    let field = field.with_context(|| format!("{} sets no external id for {}", connection.id, file.object))?;
    Ok(field.as_str().to_owned())
}

fn schema(source: &Source, connection: &Connection) -> anyhow::Result<Schema> {
    let mut objects = Vec::new();
    for file in &source.files {
        let mut object = ObjectSchema::new(file.object.as_str()).external_id(key_field(connection, file)?);
        for name in file.rows.iter().flat_map(|row| row.fields.keys()).collect::<std::collections::BTreeSet<_>>() {
            object = object.field(name.as_str());
        }
        if let Some(parent) = &file.parent {
            let field = parent.relation.replace("__r", "__c");
            object = object.lookup(parent.relation.as_str(), field, parent.object.as_str());
        }
        objects.push(object);
    }
    Ok(Schema::of(objects))
}

/// How a failure comes to an end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fate {
    /// The next try succeeds, or its parent decides.
    ByItself,
    /// After so many more failures.
    FirstTries(u32),
    /// When a person adds the picklist values.
    UntilPicklistsAreMended,
    /// When a developer mends the trigger.
    UntilTriggersAreMended,
    /// Not in these three days.
    Never,
}

fn fate(error: &ErrorText, has_parent: bool) -> Fate {
    let found = Catalogue::builtin().classify(&error.code, &error.message);
    let is_lock = error.message.contains("exclusive access");
    match (found.class, found.group) {
        (_, Group::Picklists) => Fate::UntilPicklistsAreMended,
        (Class::Automation, _) => Fate::UntilTriggersAreMended,
        (Class::Transient, _) if is_lock => Fate::FirstTries(2),
        (Class::Dependency, _) if has_parent => Fate::ByItself,
        (Class::Transient | Class::Outage | Class::Throttle | Class::Auth | Class::Collateral | Class::Gone, _) => {
            Fate::ByItself
        }
        (
            Class::Dependency
            | Class::Capacity
            | Class::Size
            | Class::Permission
            | Class::Duplicate
            | Class::RecordState
            | Class::Data
            | Class::Request
            | Class::Unreviewed,
            _,
        ) => Fate::Never,
    }
}

/// What the org answers while the cause lasts: the row's own error. A connector's own code hides Salesforce's.
fn answer(error: &ErrorText, fate: Fate) -> Option<Failure> {
    match fate {
        Fate::ByItself => None,
        Fate::FirstTries(_) => Some(Failure::RowLock),
        Fate::UntilPicklistsAreMended | Fate::UntilTriggersAreMended | Fate::Never => {
            let hidden = error.message.split_whitespace().next().filter(|word| word.contains('_'));
            let code =
                if error.code.starts_with("DACO-") { hidden.unwrap_or("UNKNOWN_EXCEPTION") } else { &error.code };
            Some(Failure::Other { code: code.into(), message: error.message.clone(), fields: Vec::new() })
        }
    }
}
