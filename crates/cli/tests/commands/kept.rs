//! What a demo kept is looked at with the same commands, and never changed.

use super::world::World;

#[test]
fn a_kept_demo_is_read_like_any_directory_and_changed_by_nothing() {
    let world = World::new();
    let kept = world.path("kept");
    let kept = kept.to_str().expect("the path is UTF-8");
    world.done(&["demo", "--records", "100", "--keep", kept]);
    let list = world.done(&["connection", "list", "--data", kept]);
    assert!(list.contains("marketing") && list.contains("billing"), "{list}");
    let plan = world.done(&["plan", "--all", "--connection", "marketing", "--data", kept]);
    assert!(plan.starts_with("Retrying all in marketing: "), "a plan changes nothing: {plan}");
    let before = world.done(&["errors", "billing", "--data", kept]);
    assert!(before.contains("daco-02") && before.contains("`resync records billing"), "{before}");
    assert!(!before.contains("resync retry"), "what would be refused is not suggested: {before}");
    assert!(world.done(&["runs", "marketing", "--data", kept]).lines().count() > 10);
    for change in [
        &["limit", "marketing", "5"][..],
        &["connection", "pause", "marketing"],
        &["retry", "--all", "--connection", "marketing", "--yes"],
        &["erase", "billing/Invoice__c/INV-00008", "--yes"],
        &["connection", "delete", "marketing", "--yes"],
        &["retention", "marketing", "--audit-days", "10"],
    ] {
        let said = world.refused(&[change, &["--data", kept]].concat(), 8);
        assert!(said.contains("what a demo kept"), "{change:?}: {said}");
    }
    assert_eq!(world.done(&["errors", "billing", "--data", kept]), before);
}
