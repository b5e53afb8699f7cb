//! The keys of the two indexes: which records are in them, and where.
//!
//! Must not know: how an index is queried.

use engine::ports::Queue;
use rules::catalogue::ErrorType;
use rules::ids::{ConnectionId, RecordKey};
use rules::record::{Next, Record, State};
use rules::time::Timestamp;

use super::hash::fnv1a_of;

/// The index of records by their next attempt.
pub(crate) const BY_NEXT_ATTEMPT: &str = "by-next-attempt";
/// Its partition key: connection, queue and shard.
pub(crate) const QUEUE: &str = "n";
/// Its sort key: the next attempt, in milliseconds.
pub(crate) const NEXT_ATTEMPT: &str = "na";

/// The index of failing records by error type and age.
pub(crate) const BY_AGE: &str = "by-age";
/// Its partition key: connection, error type and shard.
pub(crate) const TYPE: &str = "a";
/// Its sort key: the first failure, in milliseconds.
pub(crate) const FIRST_FAILED: &str = "fa";

/// The partition of a queue's shard.
pub(crate) fn queue(connection: &ConnectionId, queue: Queue, shard: u16) -> String {
    let letter = match queue {
        Queue::Interval => "#i#",
        Queue::TimedOut => "#t#",
    };
    [connection.as_str(), letter, &shard.to_string()].concat()
}

/// The partition of an error type's shard.
pub(crate) fn error_type(connection: &ConnectionId, error_type: &ErrorType, shard: u16) -> String {
    [connection.as_str(), "#", error_type.as_str(), "#", &shard.to_string()].concat()
}

/// The error type in such a partition's name.
pub(crate) fn error_type_of(partition: &str) -> Option<ErrorType> {
    partition.split('#').nth(1).and_then(|name| ErrorType::parse(name).ok())
}

/// The shard that a record is written to. It may be another one after the number of shards has grown.
pub(crate) fn shard(key: &RecordKey, shards: u16) -> u16 {
    let hash = fnv1a_of([key.object.as_str(), "#", key.id.as_str()].map(str::as_bytes));
    u16::try_from(hash % u64::from(shards.max(1))).expect("less than a u16")
}

/// Where a record stands in `by-next-attempt`, if a tick is set for it.
pub(crate) fn due(record: &Record) -> Option<(Queue, Timestamp)> {
    match record.state {
        State::Scheduled(Next::At(next)) => Some((Queue::Interval, next)),
        State::TimedOut { next } => Some((Queue::TimedOut, next)),
        State::Scheduled(Next::Sweep) | State::Held(_) | State::Resolved { .. } => None,
    }
}

#[cfg(test)]
mod tests {
    use rules::ids::{ObjectName, RecordId};

    use super::*;

    #[test]
    fn fifty_thousand_records_spread_evenly_over_sixteen_shards() {
        let mut sizes = [0_u32; 16];
        for number in 0..50_000 {
            let key = RecordKey {
                connection: ConnectionId::new("acme").unwrap(),
                object: ObjectName::new("Contact").unwrap(),
                id: RecordId::new(format!("c-{number:06}")).unwrap(),
            };
            sizes[usize::from(shard(&key, 16))] += 1;
        }
        assert!(sizes.iter().all(|&size| (2_800..=3_450).contains(&size)), "{sizes:?}");
    }

    #[test]
    fn an_error_type_is_found_again_in_the_name_of_its_partition() {
        let connection = ConnectionId::new("acme").unwrap();
        for name in ["daco-02", "unknown:A_CODE.X", "unknown"] {
            let known = ErrorType::parse(name).unwrap();
            assert_eq!(error_type_of(&error_type(&connection, &known, 3)), Some(known));
        }
    }
}
