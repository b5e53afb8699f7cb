//! The store in memory passes every check that the table passes.
//!
//! Must not know: how either is built.

use engine::memory::MemoryStore;

macro_rules! one_test_each {
    ($($group:ident::$check:ident,)+) => {
        $(
            #[tokio::test]
            async fn $check() {
                engine::conformance::$group::$check(&MemoryStore::new()).await;
            }
        )+
    };
}

engine::every_conformance_check!(one_test_each);

#[tokio::test]
async fn the_suite_runs_every_check_on_a_store_of_its_own() {
    engine::conformance::check_all(async || MemoryStore::new()).await;
}
