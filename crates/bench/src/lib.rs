//! What is measured: the records of a run, and the paths through the code that every record takes, for the program, its benches and
//! its counts of instructions.
//!
//! Must not know: how anything is measured.

pub mod hot;
pub mod plan;
pub mod record;
