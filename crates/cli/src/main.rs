//! resync
fn main(){}
