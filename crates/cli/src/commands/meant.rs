//! Asks a person whether it is meant.
//!
//! Must not know: what is going to be done.

use std::io::IsTerminal;

use anyhow::Context;

use crate::exit::Failure;

/// Whether somebody at the terminal says yes. With nobody there, it must be said by `--yes`.
pub(super) fn is_meant(question: String) -> Result<bool, Failure> {
    if !std::io::stdin().is_terminal() || !std::io::stderr().is_terminal() {
        return Err(Failure::Wrong("nobody is there to ask whether it is meant; say so by --yes".to_owned()));
    }
    let asked = dialoguer::Confirm::new().with_prompt(question).default(false).interact();
    Ok(asked.context("asking whether it is meant")?)
}
