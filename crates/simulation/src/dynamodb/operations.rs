//! The operations: each a request and its answer.
//!
//! Must not know: who asks.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};

use super::failure::Failure;
use super::query::query;
use super::statement::Statement;
use super::table::Table;
use super::transaction::{Kind, Write};

/// A database in memory. The time of a request is given with it, in milliseconds, and never goes back.
#[derive(Clone, Debug, Default)]
pub struct Database {
    tables: BTreeMap<String, Table>,
    now: u64,
    lag: u64,
}

impl Database {
    /// Lets readers of the indexes see what is written from now on no sooner than so many milliseconds after it.
    pub fn set_lag(&mut self, lag: u64) {
        self.lag = lag;
    }

    /// Carries out a request.
    ///
    /// # Errors
    /// As `DynamoDB` refuses it; what is not known here is refused as a mistake of the request.
    pub fn carry_out(&mut self, operation: &str, request: &Value, now: u64) -> Result<Value, Failure> {
        self.now = self.now.max(now);
        match operation {
            "CreateTable" => self.create_table(request),
            "GetItem" => self.get_item(request),
            "BatchGetItem" => self.batch_get_item(request),
            "PutItem" => self.write(Kind::Put, request),
            "UpdateItem" => self.write(Kind::Update, request),
            "DeleteItem" => self.write(Kind::Delete, request),
            "Query" => {
                let now = self.now;
                let table = self.table(request)?;
                for index in table.indexes.values_mut() {
                    index.catch_up(now);
                }
                query(table, request)
            }
            "TransactWriteItems" => self.transact(request),
            "BatchExecuteStatement" => Ok(self.execute(request)),
            other => Err(Failure::invalid(format!("the operation {other} is not known here"))),
        }
    }

    fn create_table(&mut self, request: &Value) -> Result<Value, Failure> {
        let name = request["TableName"].as_str().ok_or(Failure::NoTable)?;
        self.tables.insert(name.to_owned(), Table::of(request)?);
        Ok(json!({ "TableDescription": { "TableName": name, "TableStatus": "ACTIVE" } }))
    }

    fn table(&mut self, request: &Value) -> Result<&mut Table, Failure> {
        request["TableName"].as_str().and_then(|name| self.tables.get_mut(name)).ok_or(Failure::NoTable)
    }

    fn get_item(&mut self, request: &Value) -> Result<Value, Failure> {
        let table = self.table(request)?;
        let item = table.items.get(&table.exactly_primary(&request["Key"])?);
        Ok(item.map_or_else(|| json!({}), |item| json!({ "Item": item })))
    }

    fn batch_get_item(&mut self, request: &Value) -> Result<Value, Failure> {
        let mut responses = Map::new();
        for (name, wanted) in request["RequestItems"].as_object().into_iter().flatten() {
            let table = self.tables.get(name).ok_or(Failure::NoTable)?;
            let keys = wanted["Keys"].as_array().map(Vec::as_slice).unwrap_or_default();
            let primaries: Vec<_> = keys.iter().map(|key| table.exactly_primary(key)).collect::<Result<_, _>>()?;
            if primaries.iter().collect::<BTreeSet<_>>().len() < primaries.len() {
                return Err(Failure::invalid("a batch names a key twice"));
            }
            let found: Vec<_> = primaries.iter().filter_map(|primary| table.items.get(primary)).collect();
            responses.insert(name.clone(), json!(found));
        }
        Ok(json!({ "Responses": responses, "UnprocessedKeys": {} }))
    }

    fn write(&mut self, kind: Kind, request: &Value) -> Result<Value, Failure> {
        let visible = self.now + self.lag;
        let table = self.table(request)?;
        let Write { primary, before, after } = Write::of(table, kind, request)?;
        table.set(&primary, after.clone(), visible);
        let told = match request["ReturnValues"].as_str() {
            // Of an update that makes an item, the item as it was has its keys, as dynoxide tells it.
            Some("ALL_OLD") if kind == Kind::Update => before.or_else(|| Some(table.blank(&request["Key"]))),
            Some("ALL_OLD") => before,
            Some("ALL_NEW") if kind == Kind::Update => after,
            None | Some("NONE") => None,
            Some(other) => return Err(Failure::invalid(format!("the return values {other} are not known here"))),
        };
        Ok(told.map_or_else(|| json!({}), |item| json!({ "Attributes": item })))
    }

    fn transact(&mut self, request: &Value) -> Result<Value, Failure> {
        let parts = request["TransactItems"].as_array().map(Vec::as_slice).unwrap_or_default();
        let (mut writes, mut reasons) = (Vec::new(), Vec::new());
        for part in parts {
            let kinds = [("Put", Kind::Put), ("Update", Kind::Update), ("Delete", Kind::Delete)];
            let found = kinds.into_iter().find_map(|(name, kind)| Some((kind, part.get(name)?)));
            let (kind, part) = found.ok_or_else(|| Failure::invalid("a part of a transaction is not known here"))?;
            let name = part["TableName"].as_str().unwrap_or_default().to_owned();
            let table = self.tables.get(&name).ok_or(Failure::NoTable)?;
            match Write::of(table, kind, part) {
                Ok(write) => {
                    writes.push((name, write));
                    reasons.push(None);
                }
                Err(failure @ Failure::Condition(_)) => reasons.push(Some(Box::new(failure))),
                Err(failure) => return Err(failure),
            }
        }
        if reasons.iter().any(Option::is_some) {
            return Err(Failure::Cancelled(reasons));
        }
        let keys: BTreeSet<_> = writes.iter().map(|(name, write)| (name, &write.primary)).collect();
        if keys.len() < writes.len() {
            return Err(Failure::invalid("a transaction writes an item twice"));
        }
        let visible = self.now + self.lag;
        for (name, Write { primary, after, .. }) in writes {
            let table = self.tables.get_mut(&name).ok_or(Failure::NoTable)?;
            table.set(&primary, after, visible);
        }
        Ok(json!({}))
    }

    fn execute(&mut self, request: &Value) -> Value {
        let statements = request["Statements"].as_array().map(Vec::as_slice).unwrap_or_default();
        let responses: Vec<Value> = statements.iter().map(|statement| self.execute_one(statement)).collect();
        json!({ "Responses": responses })
    }

    /// Each statement stands by itself; so does its error.
    fn execute_one(&mut self, request: &Value) -> Value {
        let error = |name: &str, failure: &Failure| {
            let code = failure.code().trim_end_matches("Exception").replace("Validation", "ValidationError");
            let mut error = json!({ "Code": code, "Message": failure.to_string() });
            if let Failure::Condition(Some(item)) = failure {
                error["Item"] = json!(item);
            }
            json!({ "TableName": name, "Error": error })
        };
        let statement = match Statement::of(request) {
            Ok(statement) => statement,
            Err(failure) => return error("", &failure),
        };
        let visible = self.now + self.lag;
        let Some(table) = self.tables.get_mut(&statement.table) else {
            return error(&statement.table, &Failure::NoTable);
        };
        match Write::by(table, &statement, request) {
            Ok(Write { primary, after, .. }) => {
                table.set(&primary, after, visible);
                json!({ "TableName": statement.table })
            }
            Err(failure) => error(&statement.table, &failure),
        }
    }
}
