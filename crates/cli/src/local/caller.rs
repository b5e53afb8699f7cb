//! Who is calling: the user of this machine whose process this is, who may do everything here.
//!
//! Must not know: what is asked.

use std::env;

use api::{Caller, Role};

/// The user, by name where the environment knows it and by number in any case.
pub(crate) fn user() -> Caller {
    let number = rustix::process::getuid().as_raw();
    let name = ["USER", "LOGNAME"].into_iter().find_map(|name| env::var(name).ok().filter(|name| !name.is_empty()));
    Caller::new(&name.map_or_else(|| format!("uid {number}"), |name| format!("{name} (uid {number})")), Role::Operator)
}
