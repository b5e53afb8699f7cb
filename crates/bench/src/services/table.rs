//! The table behind HTTP: every request is asked what it takes, and counted.
//!
//! Must not know: what is kept in the table.

use std::sync::{Mutex, PoisonError};

use dynoxide::{Database, DynoxideError};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::meter::Meter;

const CONSUMED: &str = "ConsumedCapacity";

/// Carries out one request and counts it. `at` is what the run's clock reads.
pub(super) fn carry_out(
    database: &Database,
    meter: &Mutex<Meter>,
    operation: &str,
    body: &[u8],
    at: Option<i64>,
) -> (u16, String) {
    let Ok(mut asked) = serde_json::from_slice::<Value>(body) else { return (400, String::new()) };
    asked["ReturnConsumedCapacity"] = json!("INDEXES");
    match dispatch(database, operation, &asked) {
        Ok(mut answered) => {
            let consumed = answered.as_object_mut().and_then(|answered| answered.remove(CONSUMED)).unwrap_or_default();
            let mut meter = meter.lock().unwrap_or_else(PoisonError::into_inner);
            meter.count(operation, body.len(), &consumed);
            if let (Some(at), "BatchExecuteStatement") = (at, operation) {
                note_statements(&mut meter, &asked, &answered, at);
            }
            (200, answered.to_string())
        }
        Err(error) => {
            meter.lock().unwrap_or_else(PoisonError::into_inner).count(operation, body.len(), &Value::Null);
            (error.status_code(), error.to_json())
        }
    }
}

fn note_statements(meter: &mut Meter, asked: &Value, answered: &Value, at: i64) {
    let list = |value: &Value, name: &str| value[name].as_array().cloned().unwrap_or_default();
    for (statement, answer) in list(asked, "Statements").iter().zip(list(answered, "Responses")) {
        if answer["Error"].is_null() {
            let text = statement["Statement"].as_str().unwrap_or_default();
            meter.keys.executed(text, &list(statement, "Parameters"), at);
        }
    }
}

fn dispatch(database: &Database, operation: &str, asked: &Value) -> Result<Value, DynoxideError> {
    match operation {
        "BatchExecuteStatement" => write(&database.batch_execute_statement(read(asked)?)?),
        "BatchGetItem" => write(&database.batch_get_item(read(asked)?)?),
        "BatchWriteItem" => write(&database.batch_write_item(read(asked)?)?),
        "CreateTable" => write(&database.create_table(read(asked)?)?),
        "DeleteItem" => write(&database.delete_item(read(asked)?)?),
        "DescribeTable" => write(&database.describe_table(read(asked)?)?),
        "GetItem" => write(&database.get_item(read(asked)?)?),
        "PutItem" => write(&database.put_item(read(asked)?)?),
        "Query" => write(&database.query(read(asked)?)?),
        "TransactWriteItems" => write(&database.transact_write_items(read(asked)?)?),
        "UpdateItem" => write(&database.update_item(read(asked)?)?),
        "UpdateTimeToLive" => write(&database.update_time_to_live(read(asked)?)?),
        other => Err(DynoxideError::ValidationException(format!("{other} is not measured here"))),
    }
}

fn read<T: DeserializeOwned>(asked: &Value) -> Result<T, DynoxideError> {
    T::deserialize(asked).map_err(|problem| DynoxideError::SerializationException(problem.to_string()))
}

fn write(answer: &impl Serialize) -> Result<Value, DynoxideError> {
    serde_json::to_value(answer).map_err(|problem| DynoxideError::InternalServerError(problem.to_string()))
}

#[cfg(test)]
#[path = "table_tests.rs"]
mod tests;
