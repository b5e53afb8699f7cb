//! What is done for every record without waiting, for whoever measures how long that takes.
//!
//! Must not know: who measures.

use engine::ports::UpsertRequest;
use rules::verdict::Answer;

/// The body of a request.
#[must_use]
pub fn body(request: &UpsertRequest) -> Vec<u8> {
    crate::records::body(request)
}

/// The answers in a body, one for each record; nothing when there are not as many.
#[must_use]
pub fn answers(body: &[u8], records: usize) -> Option<Vec<Answer>> {
    crate::body::results(body, records)
}
