//! An import that is killed at random moments, and then done to the end: over a directory that nobody else uses, and beside a
//! `resync local`.
//!
//! A moment is a place in the file, up to which the command is given rows, and a time after it has got them. Both follow from a
//! seed, which `RESYNC_SEED` sets; whatever it is, the outcome must be the same.
//!
//! Must not know: where in its work the command is when it is killed; every moment must do.

use std::fs;
use std::io::Write;
use std::process::Stdio;
use std::time::{Duration, UNIX_EPOCH};

use rules::time::Timestamp;
use serde_json::Value;

use super::place::{Place, rows, stderr};

const ROWS: usize = 1_500;
const KILLS: usize = 20;

/// The longest that a command lives after it was given its rows: longer than one request takes.
const LONGEST: u64 = 250;

/// Numbers that look random and follow from a seed: splitmix64.
struct Chance(u64);

impl Chance {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % bound
    }
}

fn seed() -> u64 {
    std::env::var("RESYNC_SEED").ok().map_or(1, |seed| seed.parse().expect("RESYNC_SEED is a number"))
}

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

#[expect(clippy::disallowed_methods, reason = "the moment at which a real process dies")]
fn pause(millis: u64) {
    std::thread::sleep(Duration::from_millis(millis));
}

/// Begins the import of `text` and kills it. It never gets to the file's end, so it dies by that.
fn begin_and_kill(place: &Place, text: &str, as_of: &str, chance: &mut Chance) {
    let import = ["import", "-", "--connection", "sales", "--object", "Contact", "--as-of", as_of];
    let mut child = place.command(&import).stdin(Stdio::piped()).stdout(Stdio::null()).spawn().expect("it starts");
    let written = usize::try_from(chance.below(text.len() as u64)).expect("a place in the text");
    child.stdin.as_mut().expect("a pipe").write_all(&text.as_bytes()[..written]).expect("it reads");
    pause(chance.below(LONGEST));
    child.kill().expect("it is our child");
    assert_eq!(child.wait().expect("it is our child").code(), None, "it ended before it was killed");
}

/// Kills imports into `killed` and then does one to the end; `whole` gets the one alone.
fn ends_alike(killed: &Place, whole: &Place) {
    let seed = seed();
    // A failure shows it.
    eprintln!("RESYNC_SEED={seed}");
    let (text, mut chance) = (rows(ROWS), Chance(seed));
    whole.write("error.csv", &text);
    killed.write("error.csv", &text);
    let as_of = date(whole, "error.csv");
    for _ in 0..KILLS {
        begin_and_kill(killed, &text, &as_of, &mut chance);
    }
    for place in [killed, whole] {
        let done = place.import(&["error.csv", "--object", "Contact", "--as-of", &as_of]);
        assert_eq!(done.status.code(), Some(0), "{}", stderr(&done));
    }
    assert_eq!(known(whole).len(), ROWS);
    assert_eq!(known(killed), known(whole));
}

#[test]
fn an_import_killed_at_twenty_moments_and_done_again_ends_as_one_that_was_never_killed() {
    ends_alike(&Place::new(), &Place::new());
}

#[test]
fn the_same_holds_for_an_import_into_a_local_that_runs() {
    let (killed, whole) = (Place::new(), Place::new());
    // Nothing is sent, whichever tick comes meanwhile.
    let paused = killed.resync(&["connection", "pause", "sales"]);
    assert_eq!(paused.status.code(), Some(0), "{}", stderr(&paused));
    let local = killed.local();
    ends_alike(&killed, &whole);
    drop(local);
}
