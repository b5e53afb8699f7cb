//! The patches that take one rule of the protocol away. Whether the simulation notices is told by `broken/try.py`, which builds each of
//! them; here they only have to fit the code.

use std::path::Path;
use std::process::Command;

#[test]
fn every_rule_that_is_to_be_taken_away_is_still_where_its_patch_looks_for_it() {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let patches = std::fs::read_dir(here.join("broken")).expect("the patches are there");
    let patches: Vec<_> = patches.map(|entry| entry.expect("an entry").path()).collect();
    let patches: Vec<_> = patches.iter().filter(|path| path.extension().is_some_and(|kind| kind == "patch")).collect();
    assert!(patches.len() >= 13, "{patches:?}");
    for patch in patches {
        let root = here.join("../..");
        let checked = Command::new("git").arg("apply").arg("--check").arg(patch).current_dir(root).output();
        let checked = checked.expect("git is there");
        let said = String::from_utf8_lossy(&checked.stderr);
        assert!(checked.status.success(), "{} does not fit: make it anew. {said}", patch.display());
    }
}
