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
    /// Transactions that were carried out, by the tokens of their callers, and when.
    carried_out: BTreeMap<String, u64>,
}

/// For how long the same transaction with the same token is carried out once, in milliseconds (ten minutes; the reference of
/// `TransactWriteItems`).
const TOKEN_MILLIS: u64 = 600_000;

impl Database {
    /// Lets readers of the indexes, and readers of items without strong consistency, see what is written from now on no sooner than so
    /// many milliseconds after it.
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
            "UpdateTimeToLive" => self.set_expiry(request),
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
                query(table, request, now)
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

    /// Now, and from when on those see it who may see late.
    fn times(&self) -> (u64, u64) {
        (self.now, self.now + self.lag)
    }

    fn set_expiry(&mut self, request: &Value) -> Result<Value, Failure> {
        let attribute = request["TimeToLiveSpecification"]["AttributeName"].as_str().map(str::to_owned);
        self.table(request)?.expires_by(attribute);
        Ok(json!({ "TimeToLiveSpecification": request["TimeToLiveSpecification"] }))
    }

    /// Puts items into a table without a request, for whoever needs a large one.
    ///
    /// # Errors
    /// When there is no such table, or it could not keep one of them.
    pub fn fill(
        &mut self,
        table: &str,
        items: impl IntoIterator<Item = Map<String, Value>>,
        now: u64,
    ) -> Result<(), Failure> {
        self.now = self.now.max(now);
        let table = self.tables.get_mut(table).ok_or(Failure::NoTable)?;
        for item in items {
            let primary = table.primary_of(&item)?;
            table.check(&primary, &item)?;
            table.set(&primary, Some(item), (now, now));
        }
        Ok(())
    }

    /// Deletes what has expired at `now`, as `DynamoDB` does by itself some time after.
    pub fn expire(&mut self, now: u64) {
        for table in self.tables.values_mut() {
            table.expire(now);
        }
    }

    fn table(&mut self, request: &Value) -> Result<&mut Table, Failure> {
        request["TableName"].as_str().and_then(|name| self.tables.get_mut(name)).ok_or(Failure::NoTable)
    }

    fn get_item(&mut self, request: &Value) -> Result<Value, Failure> {
        let (now, is_strong) = (self.now, request["ConsistentRead"] == true);
        let table = self.table(request)?;
        let item = table.seen(&table.exactly_primary(&request["Key"])?, is_strong, now);
        Ok(item.map_or_else(|| json!({}), |item| object([("Item", Value::Object(item))])))
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
            let is_strong = wanted["ConsistentRead"] == true;
            let found = primaries.iter().filter_map(|primary| table.seen(primary, is_strong, self.now));
            responses.insert(name.clone(), found.map(Value::Object).collect());
        }
        Ok(object([("Responses", Value::Object(responses)), ("UnprocessedKeys", json!({}))]))
    }

    fn write(&mut self, kind: Kind, request: &Value) -> Result<Value, Failure> {
        let times = self.times();
        let table = self.table(request)?;
        let Write { primary, before, after } = Write::of(table, kind, request)?;
        table.set(&primary, after.clone(), times);
        let told = match request["ReturnValues"].as_str() {
            // Of an update that makes an item, the item as it was has its keys, as dynoxide tells it.
            Some("ALL_OLD") if kind == Kind::Update => before.or_else(|| Some(table.blank(&request["Key"]))),
            Some("ALL_OLD") => before,
            Some("ALL_NEW") if kind == Kind::Update => after,
            None | Some("NONE") => None,
            Some(other) => return Err(Failure::invalid(format!("the return values {other} are not known here"))),
        };
        Ok(told.map_or_else(|| json!({}), |item| object([("Attributes", Value::Object(item))])))
    }

    /// Whether a transaction was carried out before under its token, so that it changes nothing at `now`.
    pub(crate) fn repeats(&self, request: &Value, now: u64) -> bool {
        let carried_out = request["ClientRequestToken"].as_str().and_then(|token| self.carried_out.get(token));
        carried_out.is_some_and(|at| *at + TOKEN_MILLIS > now)
    }

    fn transact(&mut self, request: &Value) -> Result<Value, Failure> {
        if self.repeats(request, self.now) {
            return Ok(json!({}));
        }
        let token = request["ClientRequestToken"].as_str().map(str::to_owned);
        let answer = self.transact_anew(request)?;
        if let Some(token) = token {
            self.carried_out.insert(token, self.now);
        }
        Ok(answer)
    }

    fn transact_anew(&mut self, request: &Value) -> Result<Value, Failure> {
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
        let times = self.times();
        for (name, Write { primary, after, .. }) in writes {
            let table = self.tables.get_mut(&name).ok_or(Failure::NoTable)?;
            table.set(&primary, after, times);
        }
        Ok(json!({}))
    }

    fn execute(&mut self, request: &Value) -> Value {
        let statements = request["Statements"].as_array().map(Vec::as_slice).unwrap_or_default();
        let responses: Vec<Value> = statements.iter().map(|statement| self.execute_one(statement)).collect();
        object([("Responses", Value::Array(responses))])
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
        let times = self.times();
        let Some(table) = self.tables.get_mut(&statement.table) else {
            return error(&statement.table, &Failure::NoTable);
        };
        let name = statement.table.clone();
        match Write::by(table, statement, request) {
            Ok((primary, after)) => {
                table.set(&primary, after, times);
                json!({ "TableName": name })
            }
            Err(failure) => error(&name, &failure),
        }
    }
}

/// An object of these parts, which are moved into it: answers are large.
fn object<const PARTS: usize>(parts: [(&str, Value); PARTS]) -> Value {
    Value::Object(parts.into_iter().map(|(name, value)| (name.to_owned(), value)).collect())
}
