//! Tests that the pages name as proof: each exists.
//!
//! Must not know: what a test shows.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

/// The pages that say what is shown by which test.
const PAGES: [&str; 3] = ["docs/ARCHITECTURE.md", "docs/reliability.md", "docs/security.md"];

/// A test's name is a sentence: it has at least so many underscores. Shorter words in code are settings and fields.
const OF_A_SENTENCE: usize = 4;

fn root() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
}

fn text(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|problem| panic!("{}: {problem}", path.display()))
}

/// The names of tests in a page: what stands between backticks, in the form of a name.
fn named(page: &str) -> BTreeSet<String> {
    let in_code = page.split('`').skip(1).step_by(2);
    let is_name =
        |word: &&str| word.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_');
    in_code.filter(is_name).filter(|word| word.matches('_').count() >= OF_A_SENTENCE).map(str::to_owned).collect()
}

/// The names of all functions in the Rust files below `folder`.
fn functions(folder: &Path, found: &mut BTreeSet<String>) {
    for entry in fs::read_dir(folder).expect("a folder of the project can be listed") {
        let path = entry.expect("a folder of the project can be listed").path();
        if path.is_dir() {
            functions(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let text = text(&path);
            let names = text.split("fn ").skip(1).filter_map(|rest| rest.split(['(', '<']).next());
            found.extend(names.map(|name| name.trim().to_owned()));
        }
    }
}

#[test]
fn every_test_that_a_page_names_is_there() {
    let mut there = BTreeSet::new();
    for folder in ["crates", "tests"] {
        functions(&root().join(folder), &mut there);
    }
    for page in PAGES {
        let named = named(&text(&root().join(page)));
        assert!(named.len() >= 10, "{page} names {}", named.len());
        let missing: Vec<&String> = named.difference(&there).collect();
        assert!(missing.is_empty(), "{page} names tests that are not there: {missing:?}");
    }
}

#[test]
fn a_test_that_is_not_there_is_found_out() {
    let page = "`a_name_that_no_test_has`, `api_version` and `crates/api`: `Fault`";
    assert_eq!(named(page), BTreeSet::from(["a_name_that_no_test_has".to_owned()]));
}
