//! One stretch of the index by age: what one request answers, each entry with its place, so that a reader may stop at any.
//!
//! Must not know: which records are still as the index says; it lags.

use engine::ports::{AgedKey, Clock, Look, PageToken, PortError, Stretch};

use super::{AGED, Last, Place, last_of, next, record_key, resume};
use crate::items::{Item, index};
use crate::ports::DynamoStore;

impl<C: Clock> DynamoStore<C> {
    /// The entries of one shard, or of a part of it, from `after` on.
    pub(super) async fn stretch(
        &self,
        look: Look<'_>,
        after: Option<&PageToken>,
        limit: usize,
    ) -> Result<Stretch, PortError> {
        let range = look.from..=look.to;
        if range.is_empty() {
            return Ok(Stretch::default());
        }
        let partition = |shard| index::error_type(look.connection, look.error_type, shard);
        let partitions: Vec<String> = (0..look.shards.max(1)).map(partition).collect();
        let place = match after {
            Some(token) => resume(token, &partitions)?,
            None => partitions.first().map(|first| Place { partition: first.clone(), last: None }),
        };
        let Some(at) = place else { return Ok(Stretch::default()) };
        let (found, last) = self.query(AGED, &at, &range, limit.max(1)).await?;
        let entries = found.iter().map(|entry| aged(entry, &at.partition)).collect::<Result<_, _>>()?;
        let next = match last {
            Some(last) => Some(Place { last: Some(last), ..at }),
            None => next(&partitions, &at.partition),
        };
        Ok(Stretch { entries, next: next.as_ref().map(Place::token) })
    }
}

fn aged(entry: &Item, partition: &str) -> Result<AgedKey, PortError> {
    let key = record_key(entry)?;
    let last = last_of(AGED, entry)?;
    let first_failed = rules::time::Timestamp::from_millis(last.1);
    let place = Place { partition: partition.to_owned(), last: Some(Last(last.0, last.1)) };
    Ok(AgedKey { key, first_failed, place: place.token() })
}
