//! Plans, and what carries them out: retries of all that fit a description, and deletions.

use serde_json::json;

use super::world::World;

const ROW_LOCKS: [&str; 4] = ["--type", "row-lock", "--connection", "marketing"];

#[test]
fn a_plan_says_what_a_retry_would_do_and_changes_nothing() {
    let world = World::filled();
    let shown = world.done(&[&["plan"], &ROW_LOCKS[..]].concat());
    assert!(shown.starts_with("Retrying all with row-lock in marketing: "), "{shown}");
    for line in ["  API calls ", "  starts ", "  ends ", "  resync retry --connection marketing --plan "] {
        assert!(shown.contains(line), "{line} is not in {shown}");
    }
    let plan = world.json(&[&["plan"], &ROW_LOCKS[..]].concat())["plan"].clone();
    let failing = world.json(&["errors", "marketing"])["errors"].clone();
    let failing = failing.as_array().expect("a list").iter().find(|error| error["type"] == "row-lock").expect("some");
    assert_eq!(plan["records"]["number"], failing["records"]);
    let named = world.done(&["plan", "marketing/Contact/C-00001", "marketing/Contact/nobody"]);
    assert!(named.contains("Retrying 2 records in marketing: 1 record"), "{named}");
    assert!(named.contains("left out    1, no failure is known"), "{named}");
    assert_eq!(world.json(&["retries", "marketing"])["resyncs"], json!([]));
}

/// Times that nobody is there to keep are told with that, in words and in JSON.
#[test]
fn what_promises_a_time_says_when_nobody_is_there_to_keep_it() {
    let world = World::filled();
    let stopped =
        format!("`resync local` is not running on {}: nothing is retried until it is started", world.data().display());
    let record = "marketing/Contact/C-00001";
    let asked = [&["plan", record][..], &["explain", record], &["record", record], &["usage", "marketing"]];
    for args in asked {
        let shown = world.done(args);
        assert!(shown.contains(&stopped), "{args:?}: {shown}");
        assert_eq!(world.json(args)["stopped"], json!(stopped), "{args:?}");
    }
    assert!(world.done(&["explain", record]).contains(") if it runs by then\n"));
    let retry = [&["retry"], &ROW_LOCKS[..]].concat();
    assert!(world.refused(&retry, 3).contains(&stopped), "what is shown before a retry");
    let _local = world.local();
    for args in asked {
        assert!(!world.done(args).contains("is not running"), "{args:?}");
        assert_eq!(world.json(args)["stopped"], json!(null), "{args:?}");
    }
}

#[test]
fn the_same_descriptions_mean_the_same_to_a_plan_whatever_they_say() {
    let world = World::filled();
    let number = |args: &[&str]| {
        let plan = world.json(&[&["plan", "--connection", "marketing"], args].concat());
        plan["plan"]["records"]["number"].as_u64().expect("a number")
    };
    assert_eq!(number(&["--all"]), 199);
    assert_eq!(number(&["--object", "Contact"]), 199);
    assert_eq!(number(&["--object", "Account"]), 0);
    let locks = number(&["--type", "row-lock"]);
    assert!(locks > 0);
    assert_eq!(number(&["--type", "row-lock", "--failed-from", "1d"]), locks);
    assert_eq!(number(&["--type", "row-lock", "--failed-from", "2020-01-01T00:00:00Z"]), locks);
    assert_eq!(number(&["--type", "row-lock", "--failed-to", "1d"]), 0);
    assert_eq!(number(&["--type", "row-lock", "--since", "1d"]), locks, "as it was once called");
}

#[test]
fn what_a_description_means_is_not_retried_unless_somebody_says_yes() {
    let world = World::filled();
    let said = world.refused(&[&["retry"], &ROW_LOCKS[..]].concat(), 3);
    assert!(said.contains("Retrying all with row-lock in marketing:") && said.contains("say so by --yes"), "{said}");
    assert_eq!(world.json(&["retries", "marketing"])["resyncs"], json!([]));
    let nothing = world.done(&["retry", "--object", "Lead", "--connection", "marketing"]);
    assert_eq!(nothing, "No failing record of marketing is meant.\n");
}

/// A description that means no record looks like one that is right, and is not.
#[test]
fn a_name_that_nobody_knows_is_told_with_those_that_are_near() {
    let world = World::filled();
    for (description, told) in [
        (["--type", "row-lok"], "there is no error type row-lok; did you mean row-lock?"),
        (["--type", "zebra"], "there is no error type zebra; `resync errors marketing` lists"),
        (["--object", "Contcat"], "no record of an object Contcat is known; did you mean Contact?"),
    ] {
        for command in [
            &["plan", "--connection", "marketing"][..],
            &["retry", "--connection", "marketing", "--yes"],
            &["delete", "--connection", "marketing", "--yes"],
            &["records", "marketing"],
            &["export", "marketing"],
        ] {
            let said = world.refused(&[command, &description[..]].concat(), 4);
            assert!(said.contains(told), "{command:?}: {said}");
        }
    }
    let said = world.refused(&["plan", "marketing/Contact/C-0001"], 4);
    assert!(said.contains("no failure is known") && said.contains("did you mean marketing/Contact/C-00"), "{said}");
    let said = world.refused(&["plan", "--type", "Row-Lock", "--connection", "marketing"], 3);
    assert!(said.contains("is written with capitals; write it in small letters"), "{said}");
    assert!(world.refused(&["audit", "marketign"], 4).contains("did you mean marketing?"));
    for command in ["retry", "delete"] {
        let said = world.refused(&[command, "marketing/Contact/C-0001", "--yes"], 4);
        assert!(said.contains("left out    1, no failure is known") && said.contains("Contact/C-0001"), "{said}");
        assert!(said.contains("did you mean marketing/Contact/C-00"), "{said}");
        let said = world.refused(&[command, "marketing/Contact/x", "marketing/Contact/y", "--yes"], 4);
        assert!(said.contains("no failure of Contact/x, Contact/y is known"), "{said}");
    }
    assert_eq!(world.json(&["retries", "marketing"])["resyncs"], json!([]), "nothing was asked for");
    let errors = world.json(&["errors", "marketing"])["records"].clone();
    assert_eq!(errors, 199);
}

/// Exactly what was shown is accepted under the name, and the same again is told how it stands.
#[test]
fn a_named_request_is_the_plan_that_was_shown() {
    let world = World::filled();
    let named = |command: &'static str| [&[command, "--yes", "--id", command][..], &ROW_LOCKS].concat();
    for command in ["retry", "delete"] {
        let first = world.json(&named(command));
        let planned = first["request"]["planned"]["records"]["number"].as_u64();
        assert!(planned > Some(0), "{first}");
        assert_eq!(world.json(&named(command))["request"], first["request"]);
        let other = ["--all", "--connection", "marketing", "--yes", "--id", command];
        let said = world.refused(&[&[command], &other[..]].concat(), 8);
        assert!(said.contains(&format!("{command} is another request's name")), "{said}");
    }
    let said = world.refused(&[&["delete", "--yes", "--id", "retry"][..], &ROW_LOCKS].concat(), 8);
    assert!(said.contains("is another request's name: Retry retry of all with row-lock"), "{said}");
    let listed = world.done(&["retries", "marketing"]);
    let actions = |name: &str| listed.lines().any(|line| line.starts_with(name) && line.contains(" resync "));
    assert!(
        listed.contains("ACTION") && listed.contains("DELETED") && actions("retry") && !actions("delete"),
        "{listed}"
    );
}

#[test]
fn a_plan_is_carried_out_by_its_id_as_what_it_is_and_where_it_is_of() {
    let world = World::filled();
    let plan = |more: &[&str]| {
        let made = world.json(&[&["plan"], &ROW_LOCKS[..], more].concat());
        made["plan"]["id"].as_str().expect("an id").to_owned()
    };
    let (retry, delete) = (plan(&[]), plan(&["--delete"]));
    let asked = world.json(&["retry", "--connection", "marketing", "--plan", &retry]);
    assert_eq!(asked["request"]["action"], "resync");
    assert!(asked["request"]["planned"]["records"]["number"].as_u64() > Some(0), "{asked}");
    for (args, told) in [
        (["retry", "--connection", "marketing", "--plan", delete.as_str()], "plans something else"),
        (["retry", "--connection", "billing", "--plan", retry.as_str()], "is of another connection"),
        (["delete", "--connection", "marketing", "--plan", "0123"], "is not the id of a plan"),
    ] {
        let said = world.refused(&[&args[..], &["--yes"]].concat(), 3);
        assert!(said.contains(told), "{args:?}: {said}");
    }
    world.refused(&["delete", "--connection", "marketing", "--plan", &delete], 3);
    let asked = world.json(&["delete", "--connection", "marketing", "--plan", &delete, "--yes"]);
    assert_eq!(asked["request"]["action"], "delete");
}

#[test]
fn what_is_deleted_fails_no_more_and_salesforce_is_not_asked() {
    let world = World::filled();
    let local = world.local();
    let said = world.refused(&["delete", "marketing/Contact/C-00001"], 3);
    assert!(said.contains("Deleting the failures of Contact/C-00001 in marketing: 1 record"), "{said}");
    let deleted = world.json(&["delete", "marketing/Contact/C-00001", "--yes", "--wait"]);
    assert_eq!((&deleted["request"]["state"], &deleted["request"]["progress"]["deleted"]), (&json!("done"), &json!(1)));
    assert_eq!(world.json(&["errors", "marketing"])["records"], 198);
    let all = world.done(&[&["delete", "--yes", "--wait"], &ROW_LOCKS[..]].concat());
    assert!(all.starts_with("Deletion ") && all.contains(" of all with row-lock: done; "), "{all}");
    assert!(!world.done(&["errors", "marketing"]).contains("row-lock"));
    assert_eq!(world.simulator.calls_used(), 0);
    drop(local);
}

#[test]
fn a_description_that_makes_no_sense_is_refused() {
    let world = World::with_connections();
    for args in [
        &["plan"][..],
        &["plan", "--all"],
        &["delete", "--all"],
        &["plan", "--connection", "marketing"],
        &["plan", "marketing/Contact/C-1", "--object", "Contact"],
        &["plan", "--all", "--failed-from", "yesterday", "--connection", "marketing"],
        &["retry", "--all", "--plan", "0f", "--connection", "marketing"],
        &["retry", "--plan", "0f"],
    ] {
        assert_eq!(world.resync(args).status.code(), Some(2), "{args:?}");
    }
    let args = ["plan", "--failed-from", "1d", "--failed-to", "2d", "--connection", "marketing"];
    assert!(world.refused(&args, 3).contains("failed_to"), "from after to");
    world.refused(&["plan", "--all", "--connection", "nobody"], 4);
}
