//! A second implementation of the rules, written from their description alone: slow, naive and easy to check by eye.
//! It must not use the crate that it judges, except for the plain types at its door.

pub(crate) mod budget;
pub(crate) mod calendar;
pub(crate) mod forecast;
pub(crate) mod ingest;
pub(crate) mod interval;
pub(crate) mod lease;
