//! The directory of error types: a type is listed before the first record of it is written, and a connection gets at most
//! 200 types of its own making.
//!
//! Must not know: how the directory is stored.

use std::collections::BTreeSet;

use rules::catalogue::ErrorType;
use rules::ids::ConnectionId;

use crate::ports::{ErrorTypes, PortError};

/// The unknown codes that a connection gets a type of its own for; further ones are all `unknown`.
pub const MOST_UNKNOWN: usize = 200;

/// What is known of one connection's directory.
#[derive(Clone, Debug, Default)]
pub struct TypeDirectory {
    listed: BTreeSet<ErrorType>,
    loaded: bool,
}

impl TypeDirectory {
    /// The type under which a record of `error_type` is to be written; it is listed when this returns.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn list(
        &mut self,
        store: &impl ErrorTypes,
        connection: &ConnectionId,
        error_type: ErrorType,
    ) -> Result<ErrorType, PortError> {
        if self.listed.contains(&error_type) {
            return Ok(error_type);
        }
        if !self.loaded {
            self.listed.extend(store.error_types(connection).await?);
            self.loaded = true;
        }
        let folded = self.fold(error_type);
        if !self.listed.contains(&folded) {
            store.list_error_type(connection, &folded).await?;
            self.listed.insert(folded.clone());
        }
        Ok(folded)
    }

    fn fold(&self, error_type: ErrorType) -> ErrorType {
        let is_own = |known: &ErrorType| known.as_str().starts_with("unknown:");
        let full = self.listed.iter().filter(|known| is_own(known)).count() >= MOST_UNKNOWN;
        if is_own(&error_type) && full && !self.listed.contains(&error_type) {
            ErrorType::parse("unknown").expect("a valid error type")
        } else {
            error_type
        }
    }
}
