//! What stands in a request's address: the names in its path, and the parameters after it, read so that all mistakes are
//! reported together.
//!
//! Must not know: which routes take which.

use std::fmt;
use std::ops::RangeInclusive;

use axum::extract::{FromRequestParts, Path, Query};
use axum::http::request::Parts;
use rules::fields::{Mistake, Mistakes};
use rules::time::Timestamp;
use serde::de::DeserializeOwned;

use crate::problem::{Problem, Refusal};

/// The names in a path, decoded.
pub(crate) struct Named<T>(pub(crate) T);

impl<S: Send + Sync, T: DeserializeOwned + Send> FromRequestParts<S> for Named<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        match Path::from_request_parts(parts, state).await {
            Ok(Path(names)) => Ok(Self(names)),
            Err(_) => {
                Err(Problem::of(Refusal::BadRequest, "the path cannot be read; write names percent-encoded as UTF-8"))
            }
        }
    }
}

/// Parameters that are being read.
#[derive(Debug)]
pub(crate) struct Params {
    given: Vec<(String, String)>,
    known: Vec<&'static str>,
    mistakes: Vec<Mistake>,
}

impl<S: Send + Sync> FromRequestParts<S> for Params {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let Query(given) = Query::from_request_parts(parts, state)
            .await
            .map_err(|_| Problem::of(Refusal::BadRequest, "the part of the address after ? cannot be read"))?;
        Ok(Self { given, known: Vec::new(), mistakes: Vec::new() })
    }
}

impl Params {
    /// The text of a parameter, if it is given.
    pub(crate) fn raw(&mut self, name: &'static str) -> Option<String> {
        self.known.push(name);
        self.given.iter().find(|(given, _)| given == name).map(|(_, text)| text.clone())
    }

    /// Takes parameters that are empty for ones that are not given: a form sends all of its fields.
    pub(crate) fn leave_out_empty(&mut self) {
        self.given.retain(|(_, text)| !text.is_empty());
    }

    /// Makes instants to the minute, as a field for a date and a time has them, into ones of UTC.
    pub(crate) fn complete_times(&mut self, names: &[&str]) {
        for (name, text) in &mut self.given {
            if names.contains(&name.as_str()) && text.len() == "2026-03-01T09:30".len() {
                text.push_str(":00Z");
            }
        }
    }

    /// A parameter made into a `T` that checks it.
    pub(crate) fn text<T>(&mut self, name: &'static str) -> Option<T>
    where
        T: TryFrom<String>,
        T::Error: fmt::Display,
    {
        let text = self.raw(name)?;
        match T::try_from(text) {
            Ok(read) => Some(read),
            Err(wrong) => {
                let said = wrong.to_string();
                let (problem, mend) = said.split_once("; ").unwrap_or((&said, "correct it"));
                self.wrong(name, problem, mend);
                None
            }
        }
    }

    /// An instant.
    pub(crate) fn time(&mut self, name: &'static str) -> Option<Timestamp> {
        let text = self.raw(name)?;
        let time = Timestamp::parse(&text).ok();
        if time.is_none() {
            let mend = "write an RFC 3339 time with its offset, such as 2026-03-01T09:30:00Z";
            self.wrong(name, "is not a time", mend);
        }
        time
    }

    /// A whole number within `range`.
    pub(crate) fn number(&mut self, name: &'static str, range: RangeInclusive<usize>, default: usize) -> usize {
        let Some(text) = self.raw(name) else {
            return default;
        };
        match text.parse::<usize>() {
            Ok(number) if range.contains(&number) => number,
            Ok(_) | Err(_) => {
                let mend = format!("write a whole number from {} to {}", range.start(), range.end());
                self.wrong(name, "is not a number that fits here", &mend);
                default
            }
        }
    }

    /// A whole number within `range`, if one is given.
    pub(crate) fn optional_number(&mut self, name: &'static str, range: RangeInclusive<usize>) -> Option<usize> {
        let is_given = self.given.iter().any(|(given, _)| given == name);
        let number = self.number(name, range, 0);
        is_given.then_some(number)
    }

    /// Notes a mistake.
    pub(crate) fn wrong(&mut self, name: &str, problem: &str, mend: &str) {
        self.mistakes.push(Mistake { field: name.to_owned(), problem: problem.to_owned(), mend: mend.to_owned() });
    }

    /// Ends the reading; a parameter that nobody asked for, or that is there twice, is a mistake too.
    pub(crate) fn finish(self) -> Result<(), Problem> {
        let (_, mistakes) = self.ended();
        if mistakes.is_empty() { Ok(()) } else { Err(Mistakes(mistakes).into()) }
    }

    /// The same for a form that is shown again when it is wrong: what was given, and what is wrong with it.
    pub(crate) fn ended(mut self) -> (Vec<(String, String)>, Vec<Mistake>) {
        for (at, (name, _)) in self.given.iter().enumerate() {
            let (problem, mend) = if !self.known.contains(&name.as_str()) {
                ("is not a known parameter", format!("remove it; known are {}", self.known.join(", ")))
            } else if self.given[..at].iter().any(|(before, _)| before == name) {
                ("is there twice", "give it once".to_owned())
            } else {
                continue;
            };
            self.mistakes.push(Mistake { field: name.clone(), problem: problem.to_owned(), mend });
        }
        (self.given, self.mistakes)
    }
}
