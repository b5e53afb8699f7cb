//! The instructions that the hot paths take, held to what is kept in `instructions.tsv`. Needs valgrind, which `tests/run` installs.
//!
//! Must not know: how they are counted.

use std::process::Command;

#[test]
fn no_hot_path_takes_two_percent_more_instructions_than_is_kept() {
    let output = Command::new(env!("CARGO_BIN_EXE_bench")).arg("instructions").output().expect("the program starts");
    let said = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
    assert_eq!(said.matches(" ok\n").count(), 7, "{said}");
}
