//! The database in memory answers as `dynoxide` does, which is itself held to what AWS answers: over random requests of the forms
//! that the store uses, on few keys, so that conditions hold as often as not.

use dynoxide::{Database as Dynoxide, DynoxideError};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};
use simulation::dynamodb::Database;

/// Requests of one history.
const LENGTH: usize = 4_000;

/// Histories of each test: more than 100,000 requests together.
const HISTORIES: u64 = 13;

/// Chance that follows from a seed (`SplitMix64`, Steele, Lea and Flood, 2014).
struct Chance(u64);

impl Chance {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, end: u64) -> u64 {
        self.next() % end
    }

    fn one_of<T: Copy>(&mut self, all: &[T]) -> T {
        all[usize::try_from(self.below(all.len() as u64)).expect("a small number")]
    }

    fn often(&mut self) -> bool {
        self.below(4) > 0
    }
}

fn table() -> Value {
    let key = |hash: &str, range: &str| json!([{ "AttributeName": hash, "KeyType": "HASH" }, { "AttributeName": range, "KeyType": "RANGE" }]);
    let index = |name: &str, hash: &str, range: &str| json!({ "IndexName": name, "KeySchema": key(hash, range), "Projection": { "ProjectionType": "KEYS_ONLY" } });
    let of = |name: &str, kind: &str| json!({ "AttributeName": name, "AttributeType": kind });
    json!({
        "TableName": "table", "BillingMode": "PAY_PER_REQUEST", "KeySchema": key("pk", "sk"),
        "AttributeDefinitions": [of("pk", "S"), of("sk", "S"), of("n", "S"), of("na", "N"), of("a", "S"), of("f", "N")],
        "GlobalSecondaryIndexes": [index("by-next", "n", "na"), index("by-age", "a", "f")],
    })
}

fn text(text: impl Into<String>) -> Value {
    json!({ "S": text.into() })
}

fn number(number: u64) -> Value {
    json!({ "N": number.to_string() })
}

fn key(chance: &mut Chance) -> Value {
    json!({ "pk": text(format!("p{}", chance.below(5))), "sk": text(chance.one_of(&["a", "b", "cé"])) })
}

/// A value of an attribute that this name has.
fn value(chance: &mut Chance, name: &str) -> Value {
    match name {
        "n" | "a" => text(chance.one_of(&["x", "y"])),
        "na" | "f" | "v" | "c" => number(chance.below(4)),
        _ => text(chance.one_of(&["one", "two"])),
    }
}

const NAMES: [&str; 7] = ["n", "na", "a", "f", "v", "c", "d"];

fn item(chance: &mut Chance) -> Value {
    let mut item = key(chance);
    for name in NAMES {
        if chance.often() {
            item[name] = value(chance, name);
        }
    }
    item
}

/// Adds a condition to a request, in one of the forms of the store.
fn with_condition(chance: &mut Chance, request: &mut Value) {
    let (expression, values): (&str, &[&str]) = match chance.below(8) {
        0 => return,
        1 => ("attribute_not_exists(#v)", &[]),
        2 => ("attribute_exists(#d) AND #v = :v", &["v"]),
        3 => ("#v = :v", &["v"]),
        4 => ("attribute_not_exists(#c) OR #c <= :c", &["c"]),
        5 => (
            "attribute_not_exists(#pk) OR #c <= :c OR #d = :d AND attribute_not_exists(#n) AND (attribute_not_exists(#v) OR #v <= :v)",
            &["c", "d", "v"],
        ),
        6 => ("NOT #d = :d", &["d"]),
        _ => ("#c > :c AND #d <> :d", &["c", "d"]),
    };
    request["ConditionExpression"] = json!(expression);
    for name in ["pk", "n", "v", "c", "d"] {
        if expression.contains(&format!("#{name}")) {
            request["ExpressionAttributeNames"][format!("#{name}")] = json!(name);
        }
    }
    for name in values {
        request["ExpressionAttributeValues"][format!(":{name}")] = value(chance, name);
    }
    if chance.often() {
        request["ReturnValuesOnConditionCheckFailure"] = json!("ALL_OLD");
    }
}

fn put(chance: &mut Chance) -> Value {
    let mut request = json!({ "TableName": "table", "Item": item(chance) });
    with_condition(chance, &mut request);
    request
}

fn update(chance: &mut Chance) -> Value {
    let mut request = json!({ "TableName": "table", "Key": key(chance) });
    let (expression, names, values): (&str, &[&str], &[&str]) = match chance.below(6) {
        0 => ("SET #n = :n, #na = :na REMOVE #a, #f", &["n", "na", "a", "f"], &["n", "na"]),
        1 => ("REMOVE #n, #na", &["n", "na"], &[]),
        2 => ("SET #d = if_not_exists(#d, :d) ADD #c :by, #v :by", &["d", "c", "v"], &["d"]),
        3 => ("SET #v = if_not_exists(#v, :by) + :by", &["v"], &[]),
        4 => ("SET #a = :a, #f = :f, #d = :d", &["a", "f", "d"], &["a", "f", "d"]),
        _ => ("ADD #c :by", &["c"], &[]),
    };
    with_condition(chance, &mut request);
    request["UpdateExpression"] = json!(expression);
    for name in names {
        request["ExpressionAttributeNames"][format!("#{name}")] = json!(name);
    }
    for name in values {
        // A condition may have it already.
        let place = &mut request["ExpressionAttributeValues"][format!(":{name}")];
        if place.is_null() {
            *place = value(chance, name);
        }
    }
    if expression.contains(":by") {
        request["ExpressionAttributeValues"][":by"] = number(1 + chance.below(2));
    }
    request
}

fn delete(chance: &mut Chance) -> Value {
    let mut request = json!({ "TableName": "table", "Key": key(chance) });
    with_condition(chance, &mut request);
    request
}

fn with_return(chance: &mut Chance, mut request: Value, kinds: &[&str]) -> Value {
    if chance.often() {
        request["ReturnValues"] = json!(chance.one_of(kinds));
    }
    request
}

fn statement(chance: &mut Chance) -> Value {
    let of = key(chance);
    let mut parameters = Vec::new();
    let mut text = if chance.often() {
        let mut text = "UPDATE \"table\"".to_owned();
        for name in NAMES {
            match chance.below(3) {
                0 => {
                    text.extend([" SET \"", name, "\"=?"]);
                    parameters.push(value(chance, name));
                }
                1 => text.extend([" REMOVE \"", name, "\""]),
                _ => {}
            }
        }
        if text.ends_with('"') && !text.contains("SET") && !text.contains("REMOVE") {
            text += " SET \"d\"=?";
            parameters.push(value(chance, "d"));
        }
        text
    } else {
        "DELETE FROM \"table\"".to_owned()
    };
    text += " WHERE \"pk\"=? AND \"sk\"=? AND \"v\"=?";
    parameters.extend([of["pk"].clone(), of["sk"].clone(), value(chance, "v")]);
    json!({ "Statement": text, "Parameters": parameters, "ReturnValuesOnConditionCheckFailure": "ALL_OLD" })
}

/// Statements of one batch are about different items.
fn batch(chance: &mut Chance) -> Value {
    let mut statements: Vec<Value> = (0..=chance.below(4)).map(|_| statement(chance)).collect();
    let key = |one: &Value| {
        let parameters = one["Parameters"].as_array().expect("a list");
        parameters[parameters.len() - 3..parameters.len() - 1].to_vec()
    };
    let mut seen = Vec::new();
    statements.retain(|one| {
        let is_new = !seen.contains(&key(one));
        seen.push(key(one));
        is_new
    });
    json!({ "Statements": statements })
}

fn transaction(chance: &mut Chance) -> Value {
    let mut parts: Vec<Value> = Vec::new();
    let mut seen: Vec<Value> = Vec::new();
    for _ in 0..=chance.below(3) {
        let part = match chance.below(3) {
            0 => json!({ "Put": put(chance) }),
            1 => json!({ "Update": update(chance) }),
            _ => json!({ "Delete": delete(chance) }),
        };
        let inner = part.as_object().and_then(|part| part.values().next()).expect("one");
        let of = inner.get("Item").unwrap_or(&inner["Key"]);
        let of = json!([of["pk"], of["sk"]]);
        if !seen.contains(&of) {
            seen.push(of);
            parts.push(part);
        }
    }
    json!({ "TransactItems": parts })
}

fn query(chance: &mut Chance) -> Value {
    let (index, hash, range) =
        chance.one_of(&[(None, "pk", "sk"), (Some("by-next"), "n", "na"), (Some("by-age"), "a", "f")]);
    let mut request = json!({ "TableName": "table", "ExpressionAttributeNames": { "#p": hash } });
    let partition = if hash == "pk" { key(chance)["pk"].clone() } else { value(chance, hash) };
    request["ExpressionAttributeValues"][":p"] = partition;
    request["KeyConditionExpression"] = json!("#p = :p");
    if let Some(index) = index {
        request["IndexName"] = json!(index);
        let from = chance.below(4);
        request["KeyConditionExpression"] = json!("#p = :p AND #s BETWEEN :from AND :to");
        request["ExpressionAttributeNames"]["#s"] = json!(range);
        request["ExpressionAttributeValues"][":from"] = number(from);
        request["ExpressionAttributeValues"][":to"] = number(from + chance.below(3));
    } else {
        request["ConsistentRead"] = json!(true);
        request["ScanIndexForward"] = json!(chance.often());
    }
    if chance.often() {
        request["Limit"] = json!(1 + chance.below(4));
    }
    request
}

fn batch_get(chance: &mut Chance) -> Value {
    let mut keys: Vec<Value> = Vec::new();
    for _ in 0..=chance.below(6) {
        let one = key(chance);
        if !keys.contains(&one) {
            keys.push(one);
        }
    }
    json!({ "RequestItems": { "table": { "Keys": keys, "ConsistentRead": true } } })
}

fn request(chance: &mut Chance) -> (&'static str, Value) {
    match chance.below(12) {
        0 | 1 => {
            let request = put(chance);
            ("PutItem", with_return(chance, request, &["NONE", "ALL_OLD"]))
        }
        2..=4 => {
            let request = update(chance);
            ("UpdateItem", with_return(chance, request, &["NONE", "ALL_OLD", "ALL_NEW"]))
        }
        5 => {
            let request = delete(chance);
            ("DeleteItem", with_return(chance, request, &["NONE", "ALL_OLD"]))
        }
        6 => ("GetItem", json!({ "TableName": "table", "Key": key(chance), "ConsistentRead": true })),
        7 => ("BatchGetItem", batch_get(chance)),
        8 => ("TransactWriteItems", transaction(chance)),
        9 => ("BatchExecuteStatement", batch(chance)),
        _ => ("Query", query(chance)),
    }
}

fn read<T: DeserializeOwned>(request: &Value) -> T {
    serde_json::from_value(request.clone()).unwrap_or_else(|problem| panic!("{problem}: {request}"))
}

fn told(answer: Result<impl Serialize, DynoxideError>) -> Value {
    match answer {
        Ok(answer) => serde_json::to_value(answer).expect("it is JSON"),
        Err(error) => serde_json::from_str(&error.to_json()).expect("it is JSON"),
    }
}

fn dynoxide(database: &Dynoxide, operation: &str, request: &Value) -> Value {
    match operation {
        "PutItem" => told(database.put_item(read(request))),
        "UpdateItem" => told(database.update_item(read(request))),
        "DeleteItem" => told(database.delete_item(read(request))),
        "GetItem" => told(database.get_item(read(request))),
        "BatchGetItem" => told(database.batch_get_item(read(request))),
        "TransactWriteItems" => told(database.transact_write_items(read(request))),
        "BatchExecuteStatement" => told(database.batch_execute_statement(read(request))),
        "Query" => told(database.query(read(request))),
        other => panic!("{other}"),
    }
}

/// What matters of an answer: no capacity, no texts of refusals, an order where none is promised.
fn essence(answer: &Value) -> Value {
    match answer {
        Value::Object(fields) => {
            let left_out =
                |name: &str| ["ConsumedCapacity", "message", "Message", "ItemCollectionMetrics"].contains(&name);
            let mut kept = Map::new();
            for (name, value) in fields {
                let is_empty = value.is_null() || value.as_object().is_some_and(Map::is_empty);
                if name == "__type" {
                    let code = value.as_str().and_then(|name| name.rsplit('#').next()).unwrap_or_default();
                    kept.insert(name.clone(), json!(code));
                } else if name == "Responses" && value.is_object() {
                    let mut found: Vec<Value> = value["table"].as_array().into_iter().flatten().map(essence).collect();
                    found.sort_by_key(ToString::to_string);
                    kept.insert(name.clone(), json!(found));
                } else if !left_out(name) && !is_empty {
                    kept.insert(name.clone(), essence(value));
                }
            }
            kept.sort_keys();
            Value::Object(kept)
        }
        Value::Array(all) => Value::Array(all.iter().map(essence).collect()),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => answer.clone(),
    }
}

fn a_history_is_answered_alike(seed: u64) {
    let (mut ours, theirs, mut chance) = (Database::default(), Dynoxide::memory().expect("it opens"), Chance(seed));
    theirs.create_table(read(&table())).expect("it is created");
    ours.carry_out("CreateTable", &table(), 0).expect("it is created");
    let mut next = None;
    for number in 0..LENGTH {
        let (operation, request) = next.take().unwrap_or_else(|| request(&mut chance));
        let expected = essence(&dynoxide(&theirs, operation, &request));
        let found = ours.carry_out(operation, &request, number as u64).unwrap_or_else(|failure| failure.body());
        let found = essence(&found);
        assert_eq!(found, expected, "seed {seed}, request {number}: {operation} {request}");
        // A page that was cut is gone on with.
        if operation == "Query" && !expected["LastEvaluatedKey"].is_null() {
            let mut again = request;
            again["ExclusiveStartKey"] = expected["LastEvaluatedKey"].clone();
            next = Some((operation, again));
        }
    }
}

#[test]
fn random_requests_are_answered_as_dynoxide_answers_them() {
    for seed in 0..HISTORIES {
        a_history_is_answered_alike(seed);
    }
}

/// In two parts, which two processors go through at the same time.
#[test]
fn other_random_requests_are_answered_so_too() {
    for seed in HISTORIES..2 * HISTORIES {
        a_history_is_answered_alike(seed);
    }
}
