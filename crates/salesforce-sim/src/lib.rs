//! A Salesforce to develop against: it keeps records, counts API calls, and fails on demand.
//!
//! [`Simulator::start`] serves the REST API on a loopback port; an ordinary Salesforce client talks to it unchanged. The
//! handle it returns sets failure rules and faults and reads the log, which is the oracle of a test: what arrived, what
//! was answered, what was committed and when.
//!
//! It must not know who calls it: no retry policy, no engine, and no clock or chance but the clock it is given.

mod http;
mod log;
mod names;
mod org;
mod settings;
mod simulator;

pub use crate::log::{CallKind, LogEntry, Outcome, RecordLog, Sequence};
pub use crate::names::{
    ExternalId, FieldName, Fields, Millis, ObjectName, RelationName, RuleId, RuleName, SalesforceId, StatusCode,
};
pub use crate::org::faults::{Calls, Canned, Commit, Effect, Fault, Window};
pub use crate::org::rules::{Activity, Failure, Rule, Selector};
pub use crate::org::schema::{ObjectSchema, Schema};
pub use crate::settings::{AppUsage, ClientSecret, Clock, Credentials, Settings, wall_clock};
pub use crate::simulator::{Simulator, StartError};
