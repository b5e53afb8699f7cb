//! The behaviour of the rules, in sentences, and against a second, naive model of them in `reference`.
//! It must not use the wall clock or luck: every test shows its instants, and every generated case follows from a seed.

mod budget;
mod budget_settings;
mod conflict;
mod connection;
mod control;
mod event_schemas;
mod events_in;
mod events_out;
mod forecast;
mod gates;
mod ingest;
mod interval;
mod journal;
mod names;
mod overwrite;
mod recent;
mod reference;
mod resync;
mod retention;
mod schedule;
mod shares;
mod support;
mod suspension;
mod tries;
mod usage;
mod verdict;
