//! What operators' questions, pages and actions cost the table on a bad morning.
//!
//! Must not know: how the answers are found.

mod counting;
mod deleting;
mod morning;
mod questions;
mod routes;

/// A page or a route costs no more requests than this.
const MOST: usize = 10;
