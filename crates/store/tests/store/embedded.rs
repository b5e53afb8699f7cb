//! The table in this process: what it keeps, what it clears away, and what it says when the disk is full.
//!
//! Must not know: what the store's ports promise; the conformance suite asks that of it too.

use std::error::Error;
use std::path::Path;
use std::process::Command;

use aws_sdk_dynamodb::error::ProvideErrorMetadata;
use aws_sdk_dynamodb::types::AttributeValue;
use engine::ports::{PortError, Records, Written};
use store::DynamoStore;
use store::local::{Embedded, LocalFailure, Place};

use crate::support::clock::Patient;
use crate::support::samples::{contact, failed_again, failing, first, keeping};

async fn in_file(file: &Path) -> Embedded {
    Embedded::open(Place::File(file), "resync").await.unwrap()
}

fn text(value: &str) -> AttributeValue {
    AttributeValue::S(value.to_owned())
}

async fn put(table: &Embedded, sk: &str, content: &str, expires: &str) {
    let item = table.client().put_item().table_name("resync").item("PK", text("k#acme")).item("SK", text(sk));
    let item = item.item("d", text(content)).item("x", AttributeValue::N(expires.to_owned()));
    item.send().await.unwrap();
}

async fn sort_keys(table: &Embedded) -> Vec<String> {
    let found = table.client().scan().table_name("resync").send().await.unwrap();
    let mut keys: Vec<_> = found.items().iter().map(|item| item["SK"].as_s().cloned().unwrap()).collect();
    keys.sort();
    keys
}

/// Whether any file in the folder holds the text.
fn is_in_a_file(folder: &Path, text: &str) -> bool {
    let files = std::fs::read_dir(folder).unwrap().map(|file| std::fs::read(file.unwrap().path()).unwrap());
    files.into_iter().any(|bytes| bytes.windows(text.len()).any(|part| part == text.as_bytes()))
}

#[tokio::test]
async fn a_table_in_a_file_keeps_its_items_from_one_start_to_the_next() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("resync.db");
    for start in 0..3 {
        let table = in_file(&file).await;
        assert_eq!(sort_keys(&table).await.len(), start);
        put(&table, &start.to_string(), "content", "4000000000").await;
    }
}

#[tokio::test]
async fn what_has_expired_is_swept_and_the_rest_stays() {
    let table = Embedded::open(Place::Memory, "resync").await.unwrap();
    put(&table, "in 1970", "content", "1").await;
    put(&table, "in 2096", "content", "4000000000").await;
    assert_eq!(table.sweep_expired().await.unwrap(), 1);
    assert_eq!(sort_keys(&table).await, ["in 2096"]);
    assert_eq!(table.sweep_expired().await.unwrap(), 0);
}

#[tokio::test]
async fn what_was_deleted_is_in_no_file_after_the_table_was_compacted() {
    let folder = tempfile::tempdir().unwrap();
    let table = in_file(&folder.path().join("resync.db")).await;
    put(&table, "one", "the-name-of-a-person", "4000000000").await;
    put(&table, "other", "what-stays", "4000000000").await;
    let delete = table.client().delete_item().table_name("resync");
    delete.key("PK", text("k#acme")).key("SK", text("one")).send().await.unwrap();
    assert!(is_in_a_file(folder.path(), "the-name-of-a-person"), "deleting alone leaves it");
    table.compact().await.unwrap();
    assert!(!is_in_a_file(folder.path(), "the-name-of-a-person"));
    assert!(is_in_a_file(folder.path(), "what-stays"));
    assert_eq!(sort_keys(&table).await, ["other"]);
}

#[tokio::test]
async fn a_table_in_memory_is_compacted_too() {
    let table = Embedded::open(Place::Memory, "resync").await.unwrap();
    put(&table, "one", "content", "4000000000").await;
    table.compact().await.unwrap();
    assert_eq!(sort_keys(&table).await, ["one"]);
}

#[tokio::test]
async fn a_file_that_is_no_database_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("resync.db");
    std::fs::write(&file, "not a database, but long enough to be taken for the header of one: ".repeat(20)).unwrap();
    let refused = Embedded::open(Place::File(&file), "resync").await.unwrap_err();
    assert!(matches!(refused, LocalFailure::Database(_)), "{refused:?}");
}

#[tokio::test]
async fn a_file_in_a_folder_that_is_not_there_cannot_be_opened() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("gone").join("resync.db");
    let refused = Embedded::open(Place::File(&file), "resync").await.unwrap_err();
    assert!(refused.to_string().starts_with("opening the local database failed: "), "{refused}");
}

#[cfg(unix)]
#[tokio::test]
async fn no_other_user_of_the_machine_can_read_the_file_or_its_log() {
    let folder = tempfile::tempdir().unwrap();
    let table = in_file(&folder.path().join("resync.db")).await;
    put(&table, "one", "content", "4000000000").await;
    for file in std::fs::read_dir(folder.path()).unwrap().map(Result::unwrap) {
        let mode = std::os::unix::fs::PermissionsExt::mode(&file.metadata().unwrap().permissions());
        assert_eq!(mode & 0o077, 0, "{:?} has the mode {mode:o}", file.file_name());
    }
}

#[tokio::test]
async fn an_operation_that_the_store_does_not_use_is_refused() {
    let table = Embedded::open(Place::Memory, "resync").await.unwrap();
    let refused = table.client().list_tables().send().await.unwrap_err();
    let said = refused.as_service_error().and_then(ProvideErrorMetadata::message);
    assert_eq!(said, Some("the embedded table does not carry out ListTables"));
}

const FILE: &str = "RESYNC_TEST_FILE_ON_A_FULL_DISK";

/// The shell lets no file of the process grow past 2,000 blocks of 512 bytes, which is what a full disk is to it.
#[test]
fn a_full_disk_is_told_at_once_and_what_was_written_before_is_there_when_there_is_room_again() {
    if let Ok(file) = std::env::var(FILE) {
        return runtime().block_on(fill(Path::new(&file)));
    }
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("resync.db");
    let test = "embedded::a_full_disk_is_told_at_once_and_what_was_written_before_is_there_when_there_is_room_again";
    let filled = Command::new("sh")
        .args(["-c", "trap '' XFSZ; ulimit -f 2000; exec \"$0\" \"$@\""])
        .arg(std::env::current_exe().unwrap())
        .args(["--exact", test, "--nocapture", "--test-threads=1"])
        .env(FILE, &file)
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&filled.stdout).into_owned();
    assert!(filled.status.success(), "{said}{}", String::from_utf8_lossy(&filled.stderr));
    let written = said.split("written: ").nth(1).and_then(|rest| rest.lines().next()?.parse().ok());
    let written: usize = written.unwrap_or_else(|| panic!("{said}"));
    runtime().block_on(async {
        let store = DynamoStore::new(in_file(&file).await.client(), "resync", Patient::default());
        let keys: Vec<_> = (0..written).map(|number| contact(&format!("c-{number}"))).collect();
        assert_eq!(store.read(&keys).await.unwrap().len(), written);
        let one_more = first(&failing("one-more"));
        assert_eq!(store.put(&one_more, &keeping(1)).await.unwrap(), Written::Done);
    });
}

/// Writes records until there is no room, and then an outcome, which is written by a statement.
async fn fill(file: &Path) {
    let clock = Patient::default();
    let store = DynamoStore::new(in_file(file).await.client(), "resync", clock.clone());
    let mut written = 0;
    let error = loop {
        match store.put(&first(&failing(&format!("c-{written}"))), &keeping(1)).await {
            Ok(done) => assert_eq!(done, Written::Done),
            Err(error) => break error,
        }
        written += 1;
    };
    assert_says_full(&error);
    let outcomes: Vec<_> = (0..written).map(|number| failed_again(&failing(&format!("c-{number}")))).collect();
    let error = store.write_outcomes(&outcomes, &keeping(1)).await.unwrap_err();
    assert_says_full(&error);
    assert_eq!(clock.waits(), 0, "what cannot be mended by waiting is not waited for");
    println!("written: {written}");
}

fn assert_says_full(error: &PortError) {
    assert_eq!(error.source().unwrap().to_string(), "the disk is full or cannot be written", "{error:?}");
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap()
}
