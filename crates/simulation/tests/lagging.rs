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
fn a_partition_is_listed_as_it_was_by_whoever_does_not_ask_for_strong_consistency() {
    let mut database = database(50);
    put(&mut database, "a", None, 100);
    let mut found = |strong: bool, now| {
        let request = json!({
            "TableName": "t", "ConsistentRead": strong, "KeyConditionExpression": "#p = :p",
            "ExpressionAttributeNames": { "#p": "pk" }, "ExpressionAttributeValues": { ":p": { "S": "a" } },
        });
        database.carry_out("Query", &request, now).expect("it is answered")["Count"].clone()
    };
    assert_eq!([found(true, 149), found(false, 149), found(false, 150)], [json!(1), json!(0), json!(1)]);
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

#[test]
fn a_reader_without_strong_consistency_finds_an_item_as_it_was() {
    let mut database = database(50);
    put(&mut database, "a", Some(1), 100);
    put(&mut database, "a", Some(2), 120);
    let due = |database: &mut Database, is_strong: bool, now: u64| {
        let key = json!({ "pk": { "S": "a" }, "sk": { "S": "r" } });
        let request = json!({ "TableName": "t", "Key": key, "ConsistentRead": is_strong });
        let answer = database.carry_out("GetItem", &request, now).expect("it is answered");
        answer["Item"]["na"]["N"].as_str().map(str::to_owned)
    };
    assert_eq!(due(&mut database, true, 130), Some("2".to_owned()));
    assert_eq!(due(&mut database, false, 130), None);
    assert_eq!(due(&mut database, false, 155), Some("1".to_owned()));
    assert_eq!(due(&mut database, false, 170), Some("2".to_owned()));
}

#[test]
fn a_transaction_with_the_token_of_one_that_was_carried_out_is_not_carried_out_again() {
    let mut database = database(0);
    let count = |database: &mut Database| {
        let key = json!({ "pk": { "S": "a" }, "sk": { "S": "r" } });
        let update = json!({
            "TableName": "t", "Key": key, "UpdateExpression": "ADD #c :one",
            "ExpressionAttributeNames": { "#c": "count" }, "ExpressionAttributeValues": { ":one": { "N": "1" } },
        });
        let request = json!({ "TransactItems": [{ "Update": update }], "ClientRequestToken": "once" });
        database.carry_out("TransactWriteItems", &request, 100).expect("it is carried out");
        let answer =
            database.carry_out("GetItem", &json!({ "TableName": "t", "Key": key, "ConsistentRead": true }), 100);
        answer.expect("it is answered")["Item"]["count"]["N"].clone()
    };
    assert_eq!(count(&mut database), "1");
    assert_eq!(count(&mut database), "1");
}

#[test]
fn what_has_expired_goes_when_it_is_swept() {
    let mut database = database(0);
    let expiry = json!({ "TableName": "t", "TimeToLiveSpecification": { "AttributeName": "x", "Enabled": true } });
    database.carry_out("UpdateTimeToLive", &expiry, 0).expect("it is set");
    let item = json!({ "pk": { "S": "a" }, "sk": { "S": "r" }, "x": { "N": "10" } });
    database.carry_out("PutItem", &json!({ "TableName": "t", "Item": item }), 0).expect("it is put");
    let key = json!({ "TableName": "t", "Key": { "pk": { "S": "a" }, "sk": { "S": "r" } }, "ConsistentRead": true });
    database.expire(10_000);
    assert!(database.carry_out("GetItem", &key, 10_000).expect("it is answered").get("Item").is_some());
    database.expire(10_001);
    assert!(database.carry_out("GetItem", &key, 10_001).expect("it is answered").get("Item").is_none());
}
