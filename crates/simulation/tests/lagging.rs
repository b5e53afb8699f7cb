//! An index that lags: its readers find what is gone, miss what is there, and see everything in the order in which it was written.

use serde_json::{Value, json};
use simulation::dynamodb::Database;

fn database(lag: u64) -> Database {
    let key = |hash: &str, range: &str| json!([{ "AttributeName": hash, "KeyType": "HASH" }, { "AttributeName": range, "KeyType": "RANGE" }]);
    let index =
        json!({ "IndexName": "by-next", "KeySchema": key("n", "na"), "Projection": { "ProjectionType": "KEYS_ONLY" } });
    let table = json!({ "TableName": "t", "KeySchema": key("pk", "sk"), "GlobalSecondaryIndexes": [index] });
    let mut database = Database::default();
    database.carry_out("CreateTable", &table, 0).expect("it is created");
    database.set_lag(lag);
    database
}

fn put(database: &mut Database, pk: &str, due: Option<u64>, now: u64) {
    let mut item = json!({ "pk": { "S": pk }, "sk": { "S": "r" } });
    if let Some(due) = due {
        item["n"] = json!({ "S": "queue" });
        item["na"] = json!({ "N": due.to_string() });
    }
    database.carry_out("PutItem", &json!({ "TableName": "t", "Item": item }), now).expect("it is put");
}

/// The records that the index lists at `now`.
fn listed(database: &mut Database, now: u64) -> Vec<String> {
    let request = json!({
        "TableName": "t", "IndexName": "by-next", "KeyConditionExpression": "#p = :p",
        "ExpressionAttributeNames": { "#p": "n" }, "ExpressionAttributeValues": { ":p": { "S": "queue" } },
    });
    let answer = database.carry_out("Query", &request, now).expect("it is answered");
    let items = answer["Items"].as_array().expect("a list");
    items.iter().map(|item: &Value| item["pk"]["S"].as_str().expect("a text").to_owned()).collect()
}

#[test]
fn what_is_written_is_listed_when_the_lag_is_over_and_not_before() {
    let mut database = database(50);
    put(&mut database, "a", Some(1), 100);
    assert_eq!(listed(&mut database, 149), Vec::<String>::new());
    assert_eq!(listed(&mut database, 150), ["a"]);
    put(&mut database, "a", None, 160);
    assert_eq!(listed(&mut database, 209), ["a"], "an entry that is gone is found");
    assert_eq!(listed(&mut database, 210), Vec::<String>::new());
}

#[test]
fn a_shorter_lag_overtakes_no_change_that_came_before() {
    let mut database = database(50);
    put(&mut database, "a", Some(1), 100);
    database.set_lag(0);
    put(&mut database, "a", None, 101);
    assert_eq!(listed(&mut database, 149), Vec::<String>::new());
    assert_eq!(listed(&mut database, 150), Vec::<String>::new(), "what was taken off stays off");
}

#[test]
fn time_that_goes_back_shows_nothing_sooner() {
    let mut database = database(50);
    put(&mut database, "a", Some(1), 100);
    assert_eq!(listed(&mut database, 150), ["a"]);
    put(&mut database, "b", Some(2), 10);
    assert_eq!(listed(&mut database, 199), ["a"]);
    assert_eq!(listed(&mut database, 200), ["a", "b"]);
}

#[test]
fn what_is_not_known_is_refused_and_not_guessed() {
    let mut database = database(0);
    for (operation, request) in [
        ("Scan", json!({ "TableName": "t" })),
        ("PutItem", json!({ "TableName": "u", "Item": {} })),
        ("PutItem", json!({ "TableName": "t", "Item": { "pk": { "S": "a" } } })),
        (
            "PutItem",
            json!({ "TableName": "t", "Item": { "pk": { "S": "a" }, "sk": { "S": "r" }, "x": { "N": "1.5" } } }),
        ),
        (
            "UpdateItem",
            json!({
                "TableName": "t", "Key": { "pk": { "S": "a" }, "sk": { "S": "r" } }, "UpdateExpression": "DELETE #x :x",
            }),
        ),
        (
            "DeleteItem",
            json!({
                "TableName": "t", "Key": { "pk": { "S": "a" }, "sk": { "S": "r" } },
                "ConditionExpression": "begins_with(#x, :x)",
            }),
        ),
    ] {
        assert!(database.carry_out(operation, &request, 0).is_err(), "{operation} {request}");
    }
}
