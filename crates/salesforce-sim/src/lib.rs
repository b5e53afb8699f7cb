//! A Salesforce to develop against: it keeps records, counts API calls, and fails on demand.
//!
//! [`Simulator::start`] serves the REST API on a loopback port; an ordinary Salesforce client talks to it unchanged. The
//! handle it returns sets failure rules and faults and reads the log, which is the oracle of a test: what arrived, what
//! was answered, what was committed and when.
//!
//! Another process drives it over `/__sim/`, in JSON:
//!
//! | Request | Body or answer |
//! |---|---|
//! | `GET log?after=N` | the entries after number N |
//! | `GET`, `POST rules` | `{"name":"lock","object":"Contact","selector":{"external_ids":["C-1"]},"failure":"row_lock","activity":"until_mended"}`, answers `{"id":1}` |
//! | `POST rules/1/mend`, `POST rules/1/mend-records` | nothing; `["C-1"]` |
//! | `GET`, `POST`, `DELETE faults` | `{"effect":{"answer":["server_unavailable","never"]},"calls":"data","window":{"next":2}}` |
//! | `PUT secret`, `PUT limit`, `POST calls` | `{"secret":"…"}`, `{"limit":5000}`, `{"calls":100}` |
//! | `POST tokens/expire` | nothing |
//! | `PUT records` | `{"object":"Contact","field":"Ext__c","external_id":"C-1","fields":{}}` |
//!
//! Not as in Salesforce: names of objects and fields, and external ids, are told apart by case; a query answers with all
//! its rows at once; a deleted record is not found rather than `ENTITY_IS_DELETED`.
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
pub use crate::settings::{AppUsage, ClientSecret, Clock, Credentials, Settings, Work, wall_clock};
pub use crate::simulator::{Simulator, StartError};
