//! The memory of the whole command does not grow with the file, whichever way the rows go: into a directory that it opens
//! itself, and into a `resync local` that runs.
//!
//! A million rows may need a tenth more than ten thousand, a hundred times as few. Here a file is ten times as long as another,
//! so that a twentieth is allowed where the command has the whole database in it. Where it has not, it is so small that a few
//! pages of the program itself count: there it is a tenth. Both files are long enough that every buffer was full once.
//!
//! Must not know: what is kept of a row.

use std::fs;
use std::fs::File;
use std::io::{BufWriter, Write};
use std::process::{Child, Stdio};
use std::time::Duration;

use super::place::Place;

const FEW: u32 = 3_000;
const MANY: u32 = 30_000;

/// How often the command's memory is looked at.
const APART: Duration = Duration::from_millis(5);

fn write(place: &Place, name: &str, rows: u32) {
    let mut file = BufWriter::new(File::create(place.path(name)).expect("it is created"));
    writeln!(file, "Ext_Id__c,LastName,Email,Description,ERROR").expect("it is written");
    for row in 1..=u64::from(rows) {
        // Ids in no order, as a source's are.
        let id = row.wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let text = "text ".repeat(20);
        writeln!(file, "{id:016x},Kaya {row},{row}@company.example,{text},UNABLE_TO_LOCK_ROW:locked:--")
            .expect("written");
    }
    file.flush().expect("it is written");
}

/// The most memory that a process has had so far, in kilobytes; none once it has ended.
fn peak(child: &Child) -> Option<u64> {
    let status = fs::read_to_string(format!("/proc/{}/status", child.id())).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.trim().trim_end_matches(" kB").parse().ok()
}

/// Imports so many rows and gives the command's peak. A peak never falls, so the last look tells it but for what its very end
/// needs.
fn import(place: &Place, rows: u32) -> u64 {
    let name = format!("{rows}.csv");
    write(place, &name, rows);
    let args = ["import", &name, "--connection", "sales", "--object", "Contact"];
    let mut child =
        place.command(&args).stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("the binary starts");
    let mut most = 0;
    let ended = loop {
        most = peak(&child).unwrap_or(most);
        if let Some(ended) = child.try_wait().expect("it is our child") {
            break ended;
        }
        #[expect(clippy::disallowed_methods, reason = "a real process is looked at")]
        std::thread::sleep(APART);
    };
    assert_eq!(ended.code(), Some(0));
    most
}

/// Whether the long file needs at most one part in `parts` more.
fn is_within(parts: u64, way: &str, few: u64, many: u64) {
    let said = format!("{way}: {few} KB for {FEW} rows, {many} KB for {MANY}");
    println!("{said}");
    assert!(few > 0 && many * parts <= few * (parts + 1), "{said}");
}

#[test]
fn a_file_ten_times_as_long_needs_no_more_than_a_twentieth_more_memory() {
    let (few, many) = (import(&Place::new(), FEW), import(&Place::new(), MANY));
    is_within(20, "the command opens the directory", few, many);
}

#[test]
fn nor_does_it_into_a_local_that_runs() {
    let import_into_local = |rows| {
        let place = Place::new();
        let paused = place.resync(&["connection", "pause", "sales"]);
        assert_eq!(paused.status.code(), Some(0), "nothing is sent, whichever tick comes meanwhile");
        let local = place.local();
        let most = import(&place, rows);
        drop(local);
        most
    };
    let (few, many) = (import_into_local(FEW), import_into_local(MANY));
    is_within(10, "a local runs", few, many);
}
