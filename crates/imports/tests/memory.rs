//! A million rows are read in the memory of ten thousand.
//!
//! Must not know: how the reader keeps what it has seen.

use std::env;
use std::fs;
use std::io::{self, Read};
use std::process::Command;

use imports::{Layout, Reader, Row};
use rules::ids::FieldName;

const ROWS: &str = "RESYNC_TEST_ROWS";
const CHILD: &str = "the_rows_that_the_environment_asks_for_are_read";

/// A file of failed rows that is made while it is read. Every hundredth row repeats an id.
struct Made {
    rows: u64,
    row: u64,
    line: Vec<u8>,
    at: usize,
}

impl Made {
    fn new(rows: u64) -> Self {
        Self { rows, row: 0, line: b"Ext_Id__c,LastName,Email,Description,ERROR\n".to_vec(), at: 0 }
    }

    fn next_line(&mut self) {
        self.row += 1;
        // Ids in no order, as a source's are.
        let number = if self.row.is_multiple_of(100) { self.row - 1 } else { self.row };
        let id = number.wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let error = "UNABLE_TO_LOCK_ROW:unable to obtain exclusive access to this record:--";
        let line =
            format!("{id:016x},\"Kaya \"\"{number}\"\"\",{number}@company.example,{},{error}\n", "text ".repeat(20));
        (self.line, self.at) = (line.into_bytes(), 0);
    }
}

impl Read for Made {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.at == self.line.len() {
            if self.row == self.rows {
                return Ok(0);
            }
            self.next_line();
        }
        let read = (&self.line[self.at..]).read(buffer)?;
        self.at += read;
        Ok(read)
    }
}

/// The most memory that a process has had, in kilobytes.
fn peak() -> u64 {
    let status = fs::read_to_string("/proc/self/status").expect("the kernel tells");
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).expect("a peak");
    line.trim().trim_end_matches(" kB").parse().expect("a number")
}

#[test]
#[ignore = "started by the test below, in a process of its own"]
fn the_rows_that_the_environment_asks_for_are_read() {
    let rows: u64 = env::var(ROWS).expect("a number of rows").parse().expect("a number");
    let field = FieldName::new("Ext_Id__c").expect("a field");
    let reader = Reader::open(Made::new(rows), &Layout::default(), &field).expect("a sound file");
    let (mut failed, mut refused) = (0_u64, 0_u64);
    for row in reader {
        match row.expect("it is readable") {
            Row::Failed(_) => failed += 1,
            Row::Refused(_) => refused += 1,
        }
    }
    assert_eq!((failed, refused), (rows - rows / 100, rows / 100));
    println!("peak {}", peak());
}

fn peak_of(rows: u64) -> u64 {
    let mut child = Command::new(env::current_exe().expect("this test's binary"));
    child.args(["--exact", CHILD, "--ignored", "--nocapture"]).env(ROWS, rows.to_string());
    let output = child.output().expect("it starts");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).expect("UTF-8");
    let peak = text.lines().find_map(|line| line.split_once("peak ")).expect("it prints its peak").1;
    peak.trim().parse().expect("a number")
}

#[test]
fn a_million_rows_need_no_more_than_a_tenth_more_memory_than_ten_thousand() {
    let (few, many) = (peak_of(10_000), peak_of(1_000_000));
    println!("10,000 rows: {few} KB; 1,000,000 rows: {many} KB");
    assert!(many * 10 <= few * 11, "10,000 rows: {few} KB; 1,000,000 rows: {many} KB");
}
