//! The write units that each key of an index gets in each second of a run's clock: no more than 1,000 are taken by one.
//!
//! Read from the statements that a run writes records with: nothing else of a run touches an index.
//!
//! Must not know: how a statement is carried out.

use std::collections::{BTreeMap, HashMap};

use serde_json::{Value, json};

/// Both indexes: the attribute of the partition, and of the place in it.
const INDEXES: [(&str, &str); 2] = [("n", "na"), ("a", "fa")];

type Entry = Option<(String, String)>;

/// Where records stand, and what was written where and when.
#[derive(Default)]
pub(super) struct IndexKeys {
    places: HashMap<String, [Entry; 2]>,
    writes: BTreeMap<(String, i64), f64>,
}

impl IndexKeys {
    /// A record that the table is filled with.
    pub(super) fn place(&mut self, pk: &str, attribute: impl Fn(&str) -> Option<String>) {
        let entry = |(partition, sort): (&str, &str)| attribute(partition).zip(attribute(sort));
        self.places.insert(pk.to_owned(), INDEXES.map(entry));
    }

    /// A statement that took effect at this instant, in milliseconds.
    pub(super) fn executed(&mut self, statement: &str, parameters: &[Value], at: i64) {
        let Some(update) = Update::read(statement, parameters) else { return };
        let Some(places) = self.places.get_mut(&update.pk) else { return };
        for (place, (partition, sort)) in places.iter_mut().zip(INDEXES) {
            let before = place.clone();
            let now = |name: &str, was: Option<&String>| match update.changes.get(name) {
                Some(changed) => changed.clone(),
                None => was.cloned(),
            };
            let (was_in, was_at) = (before.as_ref().map(|entry| &entry.0), before.as_ref().map(|entry| &entry.1));
            let after = now(partition, was_in).zip(now(sort, was_at));
            if before != after {
                let second = at.div_euclid(1_000);
                for (key, _) in [&before, &after].into_iter().flatten() {
                    *self.writes.entry((format!("{partition}:{key}"), second)).or_default() += 1.0;
                }
                *place = after;
            }
        }
    }

    /// The most that one key got in one second, and which.
    pub(super) fn hottest(&self) -> Value {
        let most = self.writes.iter().max_by(|one, other| one.1.total_cmp(other.1));
        most.map_or(Value::Null, |((key, _), units)| json!({ "key": key, "units_in_a_second": units }))
    }

    /// Moves out where records stand, and leaves the writes.
    pub(super) fn without_writes(&mut self) -> Self {
        Self { places: std::mem::take(&mut self.places), writes: BTreeMap::new() }
    }
}

/// An update by statement, as far as it says what it sets and removes.
struct Update {
    pk: String,
    /// What is set, and what is removed.
    changes: HashMap<String, Option<String>>,
}

impl Update {
    fn read(statement: &str, parameters: &[Value]) -> Option<Self> {
        let (clauses, conditions) = statement.strip_prefix("UPDATE ")?.split_once(" WHERE ")?;
        let mut values = parameters.iter().map(text_of);
        let mut changes = HashMap::new();
        let mut removes = false;
        for word in clauses.split([' ', ',']).skip(1).filter(|word| !word.is_empty()) {
            match word.split_once("=?") {
                Some((name, _)) => drop(changes.insert(bare(name), values.next()?)),
                None if word == "SET" || word == "REMOVE" => removes = word == "REMOVE",
                None if removes => drop(changes.insert(bare(word), None)),
                None => return None,
            }
        }
        let first = conditions.split(" AND ").next()?;
        (first == "\"PK\"=?").then_some(())?;
        Some(Self { pk: values.next()??, changes })
    }
}

fn bare(name: &str) -> String {
    name.trim_matches('"').to_owned()
}

fn text_of(value: &Value) -> Option<String> {
    ["S", "N"].iter().find_map(|kind| value[*kind].as_str()).map(str::to_owned).or_else(|| Some(value.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys() -> IndexKeys {
        let mut keys = IndexKeys::default();
        let item = BTreeMap::from([("n", "acme#i#0"), ("na", "1"), ("a", "acme#x#0"), ("fa", "1")]);
        keys.place("r#1", |name| item.get(name).map(|&value| value.to_owned()));
        keys
    }

    fn execute(keys: &mut IndexKeys, clauses: &str, set: &[&str]) {
        let values = set.iter().chain(&["r#1", "r", "7"]).map(|value| json!({ "S": value })).collect::<Vec<_>>();
        let statement = format!(r#"UPDATE "resync" {clauses} WHERE "PK"=? AND "SK"=? AND "v"=?"#);
        keys.executed(&statement, &values, 1_500);
    }

    fn written(keys: &IndexKeys) -> Vec<(&str, f64)> {
        keys.writes.iter().map(|((key, _), units)| (key.as_str(), *units)).collect()
    }

    #[test]
    fn an_entry_that_moves_takes_two_units_of_its_key_and_one_that_stays_none() {
        let mut keys = keys();
        execute(&mut keys, r#"SET "v"=? SET "na"=?"#, &["8", "2"]);
        assert_eq!(written(&keys), [("n:acme#i#0", 2.0)]);
    }

    #[test]
    fn an_entry_that_goes_takes_one_unit_of_each_index() {
        let mut keys = keys();
        execute(&mut keys, r#"SET "v"=? REMOVE "n" REMOVE "na" REMOVE "a" REMOVE "fa""#, &["8"]);
        assert_eq!(written(&keys), [("a:acme#x#0", 1.0), ("n:acme#i#0", 1.0)]);
        execute(&mut keys, r#"SET "v"=?"#, &["9"]);
        assert_eq!(written(&keys).len(), 2, "it is in no index any more");
    }

    #[test]
    fn an_entry_that_goes_to_another_key_takes_one_unit_of_either() {
        let mut keys = keys();
        execute(&mut keys, r#"SET "n"=? SET "na"=?"#, &["acme#i#3", "2"]);
        assert_eq!(written(&keys), [("n:acme#i#0", 1.0), ("n:acme#i#3", 1.0)]);
    }
}
