//! Runs over the store in memory, scripted Salesforces and a clock that jumps: every promise of a run, as behaviour.
//!
//! Must not know: the engine's insides. Everything goes through its public use cases.

mod support;

mod budget;
mod counts;
mod death;
mod deletions;
mod deposed;
mod disconnecting;
mod explaining;
mod families;
pub(crate) mod forced;
mod going_on;
mod halting;
mod handover;
mod lag;
mod letting_go;
mod parents;
mod plans;
mod poison;
mod promises;
mod races;
mod request_races;
mod retention;
mod schedule;
mod suspension;
mod unknown;
