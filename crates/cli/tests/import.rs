//! `resync import` as a person and a script use it: the real binary over a data directory of the test's own.
//!
//! Must not know: how the command works inside.

mod import {
    mod files;
    mod kill;
    mod memory;
    mod place;
    #[path = "../support/running.rs"]
    mod running;
}
