//! The rooms and the arrows between them, as docs/ARCHITECTURE.md draws them, checked against what cargo really links.
//!
//! Must not know: what a room holds.

use std::collections::{BTreeMap, BTreeSet};

use cargo_metadata::{DependencyKind, MetadataCommand};

/// Each room, and the rooms that it may know.
const ALLOWED: [(&str, &[&str]); 13] = [
    ("rules", &[]),
    ("engine", &["rules"]),
    ("store", &["engine", "rules"]),
    ("salesforce", &["engine", "rules"]),
    ("salesforce-sim", &[]),
    ("functions", &["api", "engine", "rules", "salesforce", "store"]),
    ("api", &["engine", "rules"]),
    ("imports", &["rules"]),
    ("fuzz", &[]),
    ("model", &["rules"]),
    ("simulation", &["engine", "rules", "store"]),
    ("bench", &["engine", "functions", "rules", "salesforce", "salesforce-sim", "store"]),
    ("cli", &["api", "engine", "functions", "imports", "rules", "salesforce", "salesforce-sim", "store"]),
];

/// What each room of the workspace depends on of the others; what only its tests need is left out.
fn arrows() -> BTreeMap<String, BTreeSet<String>> {
    let metadata = MetadataCommand::new()
        .manifest_path(concat!(env!("CARGO_MANIFEST_DIR"), "/../Cargo.toml"))
        .other_options(["--offline".to_owned(), "--no-deps".to_owned()])
        .exec()
        .expect("cargo describes the workspace");
    let packages: Vec<_> =
        metadata.workspace_packages().into_iter().filter(|package| package.name.as_str() != "tests").collect();
    let rooms: BTreeSet<String> = packages.iter().map(|package| package.name.to_string()).collect();
    let linked = |package: &cargo_metadata::Package| {
        let linked = package.dependencies.iter().filter(|needed| needed.kind != DependencyKind::Development);
        linked.map(|needed| needed.name.clone()).filter(|name| rooms.contains(name)).collect()
    };
    packages.iter().map(|package| (package.name.to_string(), linked(package))).collect()
}

#[test]
fn arrows_between_the_rooms_go_one_way() {
    let allowed: BTreeMap<&str, &[&str]> = BTreeMap::from(ALLOWED);
    for (room, linked) in arrows() {
        let may =
            allowed.get(room.as_str()).unwrap_or_else(|| panic!("the room {room} is not in the table of this test"));
        for other in linked {
            assert!(may.contains(&other.as_str()), "{room} must not know {other}; it may know {may:?}");
        }
    }
}

#[test]
fn every_room_of_the_table_is_in_the_workspace() {
    let rooms = arrows();
    for (room, _) in ALLOWED {
        assert!(rooms.contains_key(room), "the table names {room}, and there is no such room");
    }
}
