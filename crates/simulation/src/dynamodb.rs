//! `DynamoDB` in memory, by its requests and answers in JSON: the operations, and the forms of expressions and statements, that the store
//! uses. What it does not know it refuses, so that nothing is answered by guess.
//!
//! Numbers are whole. Limits on sizes are not checked.
//!
//! Must not know: what is kept in a table, who asks, or how requests reach it.

mod condition;
mod failure;
mod index;
mod item;
mod kept;
mod operations;
mod query;
mod span;
mod statement;
mod table;
mod token;
mod transaction;
mod unseen;
mod update;
mod values;

pub use failure::Failure;
pub use operations::Database;
