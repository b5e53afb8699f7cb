//! Spoilt inputs: what comes from outside, as it should not come.
//!
//! A corpus of inputs is kept in this crate's folder `corpus`, one folder a target, together with the inputs that once broke
//! something. [`hunt`] hands all of them to a test's code, and then as many mutations of them as the environment asks for. None may
//! make the code panic, keep it for long, or make it say a value that must not be seen.
//!
//! Mutations are drawn by seed: the same seed spoils the same input in the same way.
//!
//! Must not know: what reads the inputs. Only tests depend on it.

mod bytes;
mod corpus;
mod hunt;
mod json;
mod odd;

pub use corpus::{Corpus, Input};
pub use hunt::{Shape, hunt};

/// How every value begins that may be seen in no text about an input.
pub const CANARY: &str = "canary-";
