//! The local table itself.
//!
//! Must not know: the store.

use store::create_table;
use store::local::{LocalTable, Place};

#[tokio::test(flavor = "multi_thread")]
async fn a_local_table_in_a_file_keeps_its_items_from_one_start_to_the_next() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("resync.db");
    for start in 0..2 {
        let table = LocalTable::start(Place::File(&file), "resync").await.unwrap();
        let found = table.client().scan().table_name("resync").send().await.unwrap();
        assert_eq!(found.count(), start);
        let item = table.client().put_item().table_name("resync");
        let text = |value: &str| aws_sdk_dynamodb::types::AttributeValue::S(value.to_owned());
        item.item("PK", text("k#acme")).item("SK", text("control")).send().await.unwrap();
        table.stop().await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn creating_a_table_that_is_there_leaves_it_as_it_is() {
    let table = LocalTable::start(Place::Memory, "resync").await.unwrap();
    create_table(&table.client(), "resync").await.unwrap();
    let client = table.client();
    let description = client.describe_table().table_name("resync").send().await.unwrap().table.unwrap();
    let names: Vec<_> = description.global_secondary_indexes().iter().filter_map(|index| index.index_name()).collect();
    assert_eq!(names, ["by-next-attempt", "by-age"]);
    let expiry = client.describe_time_to_live().table_name("resync").send().await.unwrap();
    assert_eq!(expiry.time_to_live_description.unwrap().attribute_name.unwrap(), "x");
}
