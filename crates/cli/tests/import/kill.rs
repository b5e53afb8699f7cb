//! An import that is killed, at many points of its file, and then done to the end.
//!
//! Must not know: where in its work the command is when it is killed; every place must do.

use std::fs;
use std::io::Write;
use std::process::Stdio;
use std::time::UNIX_EPOCH;

use rules::time::Timestamp;
use serde_json::Value;

use super::place::{Place, rows, stderr};

const ROWS: usize = 1_000;
const KILLS: usize = 20;

/// What is known of each record, without the next try: that depends on when the import was done.
fn known(place: &Place) -> Vec<Value> {
    let record = |line: String| {
        let mut record: Value = serde_json::from_str(&line).expect("JSON");
        record.as_object_mut().expect("an object").remove("next_try");
        record
    };
    place.records().into_iter().map(record).collect()
}

/// The date of a file as an option takes it.
fn date(place: &Place, name: &str) -> String {
    let modified = fs::metadata(place.path(name)).and_then(|metadata| metadata.modified()).expect("it has a date");
    let since = modified.duration_since(UNIX_EPOCH).expect("after 1970");
    Timestamp::from_millis(i64::try_from(since.as_millis()).expect("this century")).to_string()
}

#[test]
fn an_import_killed_at_twenty_points_and_done_again_ends_as_one_that_was_never_killed() {
    let text = rows(ROWS);
    let (killed, whole) = (Place::new(), Place::new());
    whole.write("error.csv", &text);
    let as_of = date(&whole, "error.csv");
    let import = ["import", "-", "--connection", "sales", "--object", "Contact", "--as-of", &as_of];
    for kill in 1..=KILLS {
        let mut child = killed.command(&import).stdin(Stdio::piped()).stdout(Stdio::null()).spawn().expect("it starts");
        // The pipe holds a part of what is written, so about so many rows are read when the last byte is taken.
        let written = text.len() * kill / (KILLS + 1);
        child.stdin.as_mut().expect("a pipe").write_all(&text.as_bytes()[..written]).expect("it reads");
        child.kill().expect("it is our child");
        child.wait().expect("it is our child");
    }
    killed.write("error.csv", &text);
    for place in [&killed, &whole] {
        let done = place.import(&["error.csv", "--object", "Contact", "--as-of", &as_of]);
        assert_eq!(done.status.code(), Some(0), "{}", stderr(&done));
    }
    assert_eq!(known(&whole).len(), ROWS);
    assert_eq!(known(&killed), known(&whole));
}
