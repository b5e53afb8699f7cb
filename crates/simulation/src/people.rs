//! Who is outside the system: sources that report, and persons who want something.
//!
//! Must not know: how the system does what they want.

mod persons;
mod sources;

pub(crate) use persons::Wish;
pub(crate) use sources::{About, Message, Sources, Step};
