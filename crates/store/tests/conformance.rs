//! What every store must do, asked of the one in `DynamoDB`: the engine's suite, one test a check, each on a table of its own,
//! once with the table behind a port and once with the one in this process.
//!
//! Must not know: what is checked.

use std::time::Duration;

use engine::ports::Clock;
use rules::time::Timestamp;
use store::DynamoStore;
use store::local::{Embedded, LocalTable, Place};

/// Nothing here may have to wait.
struct NeverWaits;

impl Clock for NeverWaits {
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(0)
    }

    fn since_boot(&self) -> Duration {
        Duration::ZERO
    }

    async fn wait(&self, span: Duration) {
        panic!("the store waited {span:?} although nothing was refused");
    }
}

macro_rules! tests {
    ($($group:ident::$check:ident,)+) => { $(
        #[tokio::test(flavor = "multi_thread")]
        async fn $check() {
            let table = LocalTable::start(Place::Memory, "resync").await.expect("the local table starts");
            let store = DynamoStore::new(table.client(), table.name(), NeverWaits);
            engine::conformance::$group::$check(&store).await;
            table.stop().await.expect("the local table stops");
        }
    )+ };
}

engine::every_conformance_check!(tests);

mod in_process {
    use super::{DynamoStore, Embedded, NeverWaits, Place};

    macro_rules! tests_in_process {
        ($($group:ident::$check:ident,)+) => { $(
            #[tokio::test]
            async fn $check() {
                let table = Embedded::open(Place::Memory, "resync").await.expect("the embedded table opens");
                let store = DynamoStore::new(table.client(), table.name(), NeverWaits);
                engine::conformance::$group::$check(&store).await;
            }
        )+ };
    }

    engine::every_conformance_check!(tests_in_process);
}
