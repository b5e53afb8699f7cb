//! The table's figures, held to the rules that the price list states: what is measured is only worth as much as these.
//!
//! Must not know: how a run works.

use super::*;

/// A table with both indexes, as the template has them.
struct Table {
    database: Database,
    meter: Mutex<Meter>,
}

impl Table {
    fn new() -> Self {
        let table = Self { database: Database::memory().unwrap(), meter: Mutex::default() };
        let index = |name: &str, partition: &str, sort: &str| {
            let keys = json!([{ "AttributeName": partition, "KeyType": "HASH" }, { "AttributeName": sort, "KeyType": "RANGE" }]);
            json!({ "IndexName": name, "KeySchema": keys, "Projection": { "ProjectionType": "KEYS_ONLY" } })
        };
        let of_type = |(name, kind)| json!({ "AttributeName": name, "AttributeType": kind });
        let attributes = [("PK", "S"), ("SK", "S"), ("n", "S"), ("na", "N"), ("a", "S"), ("fa", "N")].map(of_type);
        table.units(
            "CreateTable",
            &json!({
                "TableName": "tab", "BillingMode": "PAY_PER_REQUEST", "AttributeDefinitions": attributes,
                "KeySchema": [{ "AttributeName": "PK", "KeyType": "HASH" }, { "AttributeName": "SK", "KeyType": "RANGE" }],
                "GlobalSecondaryIndexes": [index("by-next-attempt", "n", "na"), index("by-age", "a", "fa")],
            }),
        );
        table
    }

    /// What a request takes, in write units and in read units.
    fn units(&self, operation: &str, asked: &Value) -> (f64, f64) {
        let (status, answer) = carry_out(&self.database, &self.meter, operation, asked.to_string().as_bytes(), Some(0));
        assert_eq!(status, 200, "{answer}");
        let taken = self.meter.lock().unwrap().take();
        (taken["write_units"].as_f64().unwrap(), taken["read_units"].as_f64().unwrap())
    }

    fn put(&self, id: &str, bytes: usize) -> (f64, f64) {
        self.units("PutItem", &json!({ "TableName": "tab", "Item": item(id, bytes) }))
    }

    fn update(&self, clauses: &str, set: &[Value]) -> (f64, f64) {
        self.units("BatchExecuteStatement", &json!({ "Statements": [statement("1", clauses, set)] }))
    }
}

/// An item in both indexes, with so many bytes all told: names and values, and a number takes a byte for two digits and one more.
fn item(id: &str, bytes: usize) -> Value {
    let fixed = ("PK".len() + id.len())
        + ("SK".len() + 1)
        + ("n".len() + 1)
        + ("na".len() + 2)
        + ("a".len() + 1)
        + ("fa".len() + 2)
        + ("v".len() + 2)
        + "d".len();
    json!({
        "PK": { "S": id }, "SK": { "S": "r" }, "n": { "S": "q" }, "na": { "N": "1" }, "a": { "S": "e" }, "fa": { "N": "1" },
        "v": { "N": "1" }, "d": { "S": "d".repeat(bytes - fixed) },
    })
}

fn statement(id: &str, clauses: &str, set: &[Value]) -> Value {
    let parameters: Vec<Value> =
        set.iter().cloned().chain([json!({ "S": id }), json!({ "S": "r" }), json!({ "N": "1" })]).collect();
    let text = format!(r#"UPDATE "tab" {clauses} WHERE "PK"=? AND "SK"=? AND "v"=?"#);
    json!({ "Statement": text, "Parameters": parameters })
}

#[test]
fn a_kilobyte_takes_one_unit_and_each_index_entry_one_more() {
    let table = Table::new();
    assert_eq!(table.put("1", 1_024), (3.0, 0.0));
    assert_eq!(table.put("2", 1_025), (4.0, 0.0));
}

#[test]
fn an_entry_that_moves_takes_two_units_and_one_that_stays_none() {
    let table = Table::new();
    table.put("1", 1_000);
    assert_eq!(table.update(r#"SET "na"=?"#, &[json!({ "N": "2" })]), (3.0, 0.0));
    assert_eq!(table.update(r#"SET "x"=?"#, &[json!({ "S": "x" })]), (1.0, 0.0));
    let leaves = r#"REMOVE "n" REMOVE "na" REMOVE "a" REMOVE "fa""#;
    assert_eq!(table.update(leaves, &[]), (3.0, 0.0));
}

#[test]
fn the_larger_of_an_item_before_and_after_is_charged() {
    let table = Table::new();
    table.put("1", 3_000);
    assert_eq!(table.update(r#"REMOVE "d""#, &[]), (3.0, 0.0));
}

#[test]
fn statements_of_a_batch_are_charged_one_by_one_and_one_that_is_refused_too() {
    let table = Table::new();
    table.put("1", 500);
    table.put("2", 500);
    let two = |of: [&str; 2]| {
        let statements = of.map(|id| statement(id, r#"SET "v"=?"#, &[json!({ "N": "2" })]));
        table.units("BatchExecuteStatement", &json!({ "Statements": statements }))
    };
    assert_eq!(two(["1", "2"]), (2.0, 0.0));
    table.put("2", 500);
    assert_eq!(two(["1", "2"]), (2.0, 0.0), "the version of the first is another by now");
}

#[test]
fn a_transaction_takes_twice_as_much_of_the_table_and_no_more_of_an_index() {
    let table = Table::new();
    let put = json!({ "Put": { "TableName": "tab", "Item": item("1", 1_000) } });
    assert_eq!(table.units("TransactWriteItems", &json!({ "TransactItems": [put] })), (4.0, 0.0));
}

#[test]
fn strong_reads_take_a_unit_for_four_kilobytes_of_each_item_and_a_query_rounds_its_page() {
    let table = Table::new();
    table.put("1", 1_000);
    table.put("2", 4_097);
    let key = |id: &str| json!({ "PK": { "S": id }, "SK": { "S": "r" } });
    let wanted = json!({ "tab": { "Keys": [key("1"), key("2")], "ConsistentRead": true } });
    assert_eq!(table.units("BatchGetItem", &json!({ "RequestItems": wanted })), (0.0, 3.0));
    let query = json!({
        "TableName": "tab", "IndexName": "by-next-attempt", "KeyConditionExpression": "n = :n",
        "ExpressionAttributeValues": { ":n": { "S": "q" } },
    });
    assert_eq!(table.units("Query", &query), (0.0, 0.5), "two small entries, read as they were a moment ago");
}
