//! What the functions are made of: the bill of materials and the licences that `infra/notices.py` writes, held to what cargo linked
//! when the functions were built.
//!
//! Must not know: what a crate is for.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::{Value, json};

use super::template::{path, text};

/// Where cargo puts what is compiled for a function's processor; what runs on the builder lies elsewhere.
const OF_TARGET: &str = "-unknown-linux-gnu/release/";

/// A folder for what a test has written.
fn folder(name: &str) -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join(name)
}

/// Writes both documents into a folder, by the licences that this file allows.
fn write(folder: &Path, allowed: &Path) -> Output {
    let mut python = Command::new(path(".venv/bin/python"));
    python.arg(path("infra/notices.py")).arg(std::env::consts::ARCH).args([folder, allowed]).output().unwrap()
}

/// The project's documents: the bill of materials, and the text of the notices.
fn documents(name: &str) -> (Value, String) {
    let folder = folder(name);
    let written = write(&folder, &path("infra/licences.json"));
    assert!(written.status.success(), "{}", String::from_utf8_lossy(&written.stderr));
    let read = |file: &str| std::fs::read_to_string(folder.join(file)).unwrap();
    (serde_json::from_str(&read("sbom.cdx.json")).unwrap(), read("third-party-notices.txt"))
}

/// The crates whose libraries cargo gave to the linker, by name and version, as it said while it built the functions.
fn linked() -> BTreeSet<(String, String)> {
    let said = std::fs::read_to_string(path(".aws-sam/linked.json"))
        .expect("what the functions were linked from is not known; run tests/run once, which builds them");
    let messages = said.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let is_linked = |message: &Value| {
        let files = message["filenames"].as_array().into_iter().flatten();
        message["reason"] == "compiler-artifact"
            && message["target"]["kind"] != json!(["bin"])
            && files.filter_map(Value::as_str).any(|file| file.contains(OF_TARGET))
    };
    messages.filter(is_linked).map(|message| name_and_version(message["package_id"].as_str().unwrap())).collect()
}

/// `registry+https://…#itoa@1.0.19`, or `path+file:///…/crates/rules#0.1.0`.
fn name_and_version(id: &str) -> (String, String) {
    let (place, crated) = id.split_once('#').unwrap();
    let folder = || (place.rsplit_once('/').unwrap().1, crated);
    let (name, version) = crated.split_once('@').unwrap_or_else(folder);
    (name.to_owned(), version.to_owned())
}

fn named(component: &Value) -> (String, String) {
    let text = |field: &str| component[field].as_str().unwrap().to_owned();
    (text("name"), text("version"))
}

#[test]
fn the_bill_of_materials_is_valid_and_names_exactly_what_cargo_linked_the_standard_library_and_the_consoles_script() {
    let (bill, _) = documents("bill");
    let mut python = Command::new(path(".venv/bin/python"));
    let valid =
        python.arg(path("tests/deploy/valid_bill.py")).arg(folder("bill").join("sbom.cdx.json")).output().unwrap();
    assert!(valid.status.success(), "{}", String::from_utf8_lossy(&valid.stderr));

    let components = bill["components"].as_array().unwrap();
    let mut named: BTreeSet<_> = components.iter().map(named).collect();
    assert_eq!(named.len(), components.len(), "a component is named twice");
    let others: Vec<_> = named.extract_if(.., |(name, _)| ["std", "htmx.org"].contains(&name.as_str())).collect();
    assert_eq!(others.len(), 2);
    let linked = linked();
    assert!(linked.len() > 100, "{linked:?}");
    let unnamed: Vec<_> = linked.difference(&named).collect();
    assert!(unnamed.is_empty(), "{unnamed:?} are linked, and the bill does not name them");
    let idle: Vec<_> = named.difference(&linked).collect();
    assert!(idle.is_empty(), "the bill names {idle:?}, which are not linked");
}

#[test]
fn every_crate_of_the_registry_has_its_checksum_its_licence_and_a_text_in_the_notices() {
    let (bill, notices) = documents("notices");
    let lock = text("Cargo.lock");
    for component in bill["components"].as_array().unwrap() {
        let (name, version) = named(component);
        let licence = component["licenses"][0]["expression"].as_str().unwrap();
        if component.get("purl").is_none() {
            assert!(name == "std" || path("crates").join(&name).exists(), "{name} comes from nowhere");
            continue;
        }
        assert!(notices.contains(&format!("{name} {version} ({licence})\n")), "{name} {version} has no text");
        if name == "htmx.org" {
            assert!(text("crates/api/assets/htmx.min.js").contains(&format!("version:\"{version}\"")), "{version}");
            continue;
        }
        let sum = component["hashes"][0]["content"].as_str().unwrap();
        assert!(lock.contains(&format!("name = \"{name}\"\nversion = \"{version}\"")) && lock.contains(sum), "{name}");
    }
    assert!(notices.contains("Copyright notices for The Rust Standard Library"));
    assert!(notices.contains("Permission is hereby granted, free of charge") && notices.contains("Apache License"));
}

#[test]
fn a_crate_whose_licence_is_not_allowed_is_named_and_every_licence_that_is_has_its_reason() {
    let mut allowed: BTreeMap<String, String> = serde_json::from_str(&text("infra/licences.json")).unwrap();
    assert!(allowed.values().all(|reason| reason.len() > 10), "{allowed:?}");
    allowed.remove("Zlib").unwrap();
    let fewer = folder("licences.json");
    std::fs::write(&fewer, json!(allowed).to_string()).unwrap();
    let refused = write(&folder("refused"), &fewer);
    let said = String::from_utf8(refused.stderr).unwrap();
    assert!(!refused.status.success());
    assert!(said.starts_with("foldhash ") && said.contains("may be used by Zlib, which"), "{said}");
}
