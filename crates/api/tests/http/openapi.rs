//! The `OpenAPI` document is held to the code: its routes are the code's, and generated requests get the answers that it tells of.
//!
//! Must not know: handlers.

mod answers;
mod document;
mod page;
mod requests;
mod routes;
mod schemas;
