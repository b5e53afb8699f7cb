//! What a function is told by its environment, read once at start, with all that is missing or wrong reported together.
//!
//! Must not know: what the settings are used for.

use std::ffi::OsString;

use rules::fields::{Mistake, Mistakes};
use tracing::level_filters::LevelFilter;
use tracing_subscriber::filter::Targets;

use crate::access::{Access, ArnPattern};

/// The name of the table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TableName(pub String);

/// The name or ARN of the event bus.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BusName(pub String);

/// What is logged: a level such as `info`, or levels of targets such as `engine=debug,info`. No span and no field is looked at: that
/// would put a compiler of regular expressions into every function.
#[derive(Clone, Debug, PartialEq)]
pub struct LogFilter(Targets);

impl LogFilter {
    /// The filter, for the subscriber.
    #[must_use]
    pub fn targets(&self) -> Targets {
        self.0.clone()
    }
}

impl Default for LogFilter {
    /// `info`.
    fn default() -> Self {
        Self(Targets::new().with_default(LevelFilter::INFO))
    }
}

/// A function's settings.
#[derive(Clone, Debug, PartialEq)]
pub struct Config {
    /// `RESYNC_TABLE`.
    pub table: TableName,
    /// `RESYNC_EVENT_BUS`.
    pub event_bus: BusName,
    /// `RUST_LOG`; `info` when it is not set.
    pub log: LogFilter,
}

impl Config {
    /// The settings in this process's environment.
    ///
    /// # Errors
    /// All that is missing or wrong, together.
    pub fn from_env() -> Result<Self, Mistakes> {
        Self::read(std::env::var_os)
    }

    /// The settings that `look_up` finds. A variable that is set to nothing counts as not set.
    ///
    /// # Errors
    /// All that is missing or wrong, together.
    pub fn read(look_up: impl Fn(&'static str) -> Option<OsString>) -> Result<Self, Mistakes> {
        let mut environment = Environment { look_up, mistakes: Vec::new() };
        let config = Self::of(&mut environment);
        config.filter(|_| environment.mistakes.is_empty()).ok_or(Mistakes(environment.mistakes))
    }

    fn of<F: Fn(&'static str) -> Option<OsString>>(environment: &mut Environment<F>) -> Option<Self> {
        let table = environment.required("RESYNC_TABLE", "set it to the table's name");
        let event_bus = environment.required("RESYNC_EVENT_BUS", "set it to the event bus's name");
        let log = environment.filter("RUST_LOG");
        Some(Self { table: TableName(table?), event_bus: BusName(event_bus?), log })
    }
}

/// The settings of the function behind the function URL.
#[derive(Clone, Debug, PartialEq)]
pub struct ApiConfig {
    /// What every function is told.
    pub common: Config,
    /// `RESYNC_OPERATORS` and `RESYNC_VIEWERS`, each a list of patterns with commas between them. Nobody is let in by one that is
    /// not set.
    pub access: Access,
}

impl ApiConfig {
    /// The settings in this process's environment.
    ///
    /// # Errors
    /// All that is missing or wrong, together.
    pub fn from_env() -> Result<Self, Mistakes> {
        Self::read(std::env::var_os)
    }

    /// The settings that `look_up` finds, as [`Config::read`] does.
    ///
    /// # Errors
    /// All that is missing or wrong, together.
    pub fn read(look_up: impl Fn(&'static str) -> Option<OsString>) -> Result<Self, Mistakes> {
        let mut environment = Environment { look_up, mistakes: Vec::new() };
        let common = Config::of(&mut environment);
        let operators = environment.patterns("RESYNC_OPERATORS");
        let viewers = environment.patterns("RESYNC_VIEWERS");
        let common = common.filter(|_| environment.mistakes.is_empty()).ok_or(Mistakes(environment.mistakes))?;
        Ok(Self { common, access: Access { operators, viewers } })
    }
}

struct Environment<F> {
    look_up: F,
    mistakes: Vec<Mistake>,
}

impl<F: Fn(&'static str) -> Option<OsString>> Environment<F> {
    fn wrong(&mut self, name: &'static str, problem: &str, mend: &str) {
        self.mistakes.push(Mistake { field: name.to_owned(), problem: problem.to_owned(), mend: mend.to_owned() });
    }

    fn text(&mut self, name: &'static str) -> Option<String> {
        let value = (self.look_up)(name).filter(|value| !value.is_empty())?;
        let text = value.into_string().ok();
        if text.is_none() {
            self.wrong(name, "is not UTF-8", "set it to plain text");
        }
        text
    }

    fn required(&mut self, name: &'static str, mend: &str) -> Option<String> {
        let known = self.mistakes.len();
        let text = self.text(name);
        if text.is_none() && self.mistakes.len() == known {
            self.wrong(name, "is missing", mend);
        }
        text
    }

    fn patterns(&mut self, name: &'static str) -> Vec<ArnPattern> {
        let text = self.text(name).unwrap_or_default();
        let mut patterns = Vec::new();
        for pattern in text.split(',').map(str::trim).filter(|pattern| !pattern.is_empty()) {
            match ArnPattern::parse(pattern) {
                Ok(pattern) => patterns.push(pattern),
                Err(wrong) => self.wrong(name, wrong.problem, wrong.mend),
            }
        }
        patterns
    }

    fn filter(&mut self, name: &'static str) -> LogFilter {
        let Some(text) = self.text(name) else {
            return LogFilter::default();
        };
        let Ok(targets) = text.parse() else {
            self.wrong(name, "is not a filter of log lines", "set it to a level such as info, or leave it out");
            return LogFilter::default();
        };
        LogFilter(targets)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(set: &[(&str, &str)]) -> Result<Config, String> {
        let look_up = |name: &str| set.iter().find(|(set, _)| *set == name).map(|(_, value)| OsString::from(value));
        Config::read(look_up).map_err(|mistakes| mistakes.to_string())
    }

    #[test]
    fn table_and_bus_are_read_and_the_log_filter_is_info_unless_set() {
        let config = read(&[("RESYNC_TABLE", "resync"), ("RESYNC_EVENT_BUS", "retries")]).expect("all is set");
        assert_eq!((config.table, config.event_bus), (TableName("resync".to_owned()), BusName("retries".to_owned())));
        assert_eq!(config.log, LogFilter::default());
        let set = [("RESYNC_TABLE", "resync"), ("RESYNC_EVENT_BUS", "retries"), ("RUST_LOG", "engine=debug,warn")];
        assert_eq!(read(&set).expect("all is set").log, LogFilter("engine=debug,warn".parse().expect("a filter")));
    }

    #[test]
    fn all_that_is_missing_or_wrong_is_reported_together() {
        let said = read(&[("RESYNC_EVENT_BUS", ""), ("RUST_LOG", "no=such=level")]).expect_err("little is set");
        assert_eq!(
            said,
            "RESYNC_TABLE: is missing; set it to the table's name\n\
             RESYNC_EVENT_BUS: is missing; set it to the event bus's name\n\
             RUST_LOG: is not a filter of log lines; set it to a level such as info, or leave it out"
        );
    }

    fn read_api(set: &[(&str, &str)]) -> Result<ApiConfig, String> {
        let look_up = |name: &str| set.iter().find(|(set, _)| *set == name).map(|(_, value)| OsString::from(value));
        ApiConfig::read(look_up).map_err(|mistakes| mistakes.to_string())
    }

    const OPERATORS: &str = "arn:aws:iam::111122223333:role/Operators, arn:aws:iam::111122223333:user/ada,";

    #[test]
    fn roles_are_lists_of_patterns_and_none_lets_nobody_in() {
        let common = [("RESYNC_TABLE", "resync"), ("RESYNC_EVENT_BUS", "retries")];
        assert_eq!(read_api(&common).expect("all is set").access, Access::default());
        let access = read_api(&[&common[..], &[("RESYNC_OPERATORS", OPERATORS), ("RESYNC_VIEWERS", "")]].concat());
        let access = access.expect("all is set").access;
        assert_eq!((access.operators.len(), access.viewers.len()), (2, 0));
    }

    #[test]
    fn wrong_patterns_are_reported_together_with_all_else() {
        let set = [("RESYNC_OPERATORS", "*, arn:aws:iam::*:user/ada"), ("RESYNC_VIEWERS", OPERATORS)];
        assert_eq!(
            read_api(&set).expect_err("much is wrong"),
            "RESYNC_TABLE: is missing; set it to the table's name\n\
             RESYNC_EVENT_BUS: is missing; set it to the event bus's name\n\
             RESYNC_OPERATORS: holds what is no ARN of a principal; write arn:aws:iam::ACCOUNT:user/NAME, or role/NAME\n\
             RESYNC_OPERATORS: holds an ARN without an account of 12 digits; write the account out; * cannot stand for it"
        );
    }

    #[cfg(unix)]
    #[test]
    fn a_value_that_is_no_text_is_reported_once_and_not_as_missing() {
        use std::os::unix::ffi::OsStringExt;
        let look_up = |name: &'static str| match name {
            "RESYNC_TABLE" => Some(OsString::from_vec(vec![0xff])),
            _ => Some(OsString::from("info")),
        };
        let said = Config::read(look_up).expect_err("the table's name is no text").to_string();
        assert_eq!(said, "RESYNC_TABLE: is not UTF-8; set it to plain text");
    }
}
