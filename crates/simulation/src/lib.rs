//! Services that the production code is played over, by seeds and in virtual time: a `DynamoDB` in memory, whose indexes lag as long
//! as they are told to.
//!
//! Must not know: the production code, clocks, chance.

pub mod dynamodb;
