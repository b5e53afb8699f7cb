//! What is built to be deployed: how large it is, how much memory it needs, and what becomes of a panic in it.
//!
//! Must not know: what a function does.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::json;

use super::environment::Environment;
use super::process::{Binary, Function};

/// Megabytes, of 1,048,576 bytes as AWS counts them, that the zip of a function may have.
const LARGEST_ZIP: f64 = 4.5;

/// Megabytes that a function may have used when it first asks for work.
const MOST_MEMORY: f64 = 15.0;

/// What `infra/measure.py` says of a program.
#[derive(Clone, Copy, Debug)]
struct Measured {
    zip: f64,
    resident: f64,
}

fn project(file: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(file)
}

/// Measures these programs by the project's own command. The time that it says as well depends on the machine, and is held to nothing.
fn measured(programs: &[PathBuf]) -> BTreeMap<String, Measured> {
    let mut measure = Command::new(project(".venv/bin/python"));
    let done = measure.arg(project("infra/measure.py")).args(programs).output().unwrap();
    let said = String::from_utf8(done.stdout).unwrap();
    assert!(done.status.success(), "{said}{}", String::from_utf8_lossy(&done.stderr));
    let of_line = |line: &str| {
        let words: Vec<&str> = line.split_whitespace().collect();
        assert_eq!([words[2], words[4], words[6]], ["MB", "ms", "MB"], "{line}");
        let [zip, millis, resident] = [words[1], words[3], words[5]].map(|figure| figure.parse::<f64>().unwrap());
        assert!([zip, millis, resident].iter().all(|figure| *figure > 0.0), "{line}");
        (words[0].to_owned(), Measured { zip, resident })
    };
    said.lines().skip(1).map(of_line).collect()
}

#[test]
fn what_sam_built_fits_into_four_and_a_half_megabytes_each_and_asks_for_work_with_fifteen_resident() {
    let folder = std::env::var_os("RESYNC_BUILT").map_or_else(|| project(".aws-sam/build"), PathBuf::from);
    let programs = Binary::FUNCTIONS.map(|binary| binary.built_in(&folder));
    for program in &programs {
        assert!(program.exists(), "{} is not built; run tests/run once, which builds it", program.display());
    }
    let measured = measured(&programs);
    assert_eq!(measured.len(), programs.len());
    for (function, Measured { zip, resident }) in measured {
        assert!(zip <= LARGEST_ZIP, "the zip of {function} has {zip} MB");
        assert!(resident <= MOST_MEMORY, "{function} has used {resident} MB before it does anything");
    }
}

#[test]
fn the_command_that_measures_functions_says_size_time_and_memory_of_each() {
    let programs = [Binary::Ingest, Binary::Api].map(Binary::path);
    assert_eq!(measured(&programs).len(), 2);
}

/// No real function panics on any event that is known; this one has their shell, is built by the command that builds them, and panics.
#[tokio::test(flavor = "multi_thread")]
async fn a_panic_is_reported_as_the_invocations_error_and_the_process_serves_on() {
    let environment = [("RESYNC_TABLE", "t"), ("RESYNC_EVENT_BUS", "b")];
    let environment: Environment = environment.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
    let mut function = Function::start(Binary::Panics, &environment).await;
    for _ in 0..2 {
        let error = function.fail(json!({})).await;
        assert!(error["errorMessage"].as_str().unwrap().contains("a panic on purpose"), "{error}");
    }
}
