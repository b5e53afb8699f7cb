//! The simulator's behaviour, over real HTTP on the loopback. It must not use the wall clock: every test sets the time.

mod admin;
mod faults;
mod limits;
mod oauth;
mod ordinary_clients;
mod reads;
mod rules;
mod support;
mod upserts;
