//! The simulation: the production code played over services in memory, by seeds and in virtual time, while everything breaks that may
//! break; and an oracle that knows what really happened.
//!
//! Must not know: how the production code keeps its promises.

mod chance;
mod cloud;
pub mod dynamodb;
mod enumeration;
mod executor;
mod fairness;
mod faults;
mod oracle;
mod people;
mod play;
mod process;
mod scene;
mod timeline;
mod trace;
mod world;

pub use enumeration::{Enumerated, Which, enumerate};
pub use fairness::{Crowd, Delays, Fairness, Heavy, fairness};
pub use faults::Fault;
pub use play::{Played, play};
