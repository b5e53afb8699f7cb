//! Listing what is due: the horizon, and pages that cover all.
//!
//! Must not know: listing by age.

use std::time::Duration;

use rules::record::{Next, Record};
use rules::time::Timestamp;

use super::given::{ANSWERS, due, keys, put_new, settle};
use crate::fakes::sample;
use crate::ports::{Queue, Store};

fn tick() -> Timestamp {
    sample::time(sample::TICK)
}

/// Records due at five different ticks up to [`tick`], several at each.
fn due_by_tick(count: u32) -> Vec<Record> {
    let at = |number: u32| tick() - Duration::from_mins(20) * (number % 5);
    (0..count).map(|number| sample::failing("acme", &format!("c-{number}")).schedule(Next::At(at(number)))).collect()
}

/// The tick itself is due, in both queues; what comes after it is not.
pub async fn a_record_is_due_at_the_horizon_and_not_a_millisecond_after_it<S: Store>(store: &S) {
    let after = tick() + Duration::from_millis(1);
    let record = |id: String| sample::failing("acme", &id);
    let scheduled = [tick(), after].map(|at| record(format!("scheduled {at}")).schedule(Next::At(at)));
    let timed_out = [tick(), after].map(|at| record(format!("timed out {at}")).time_out(at));
    for record in scheduled.iter().chain(&timed_out) {
        put_new(store, record, 1).await;
    }
    let connection = sample::connection_id("acme");
    for (queue, records) in [(Queue::Interval, scheduled), (Queue::TimedOut, timed_out)] {
        assert_eq!(due(store, &connection, queue, tick(), 1, 10).await, keys(&records[..1]), "{queue:?} at the tick");
        assert_eq!(due(store, &connection, queue, after, 1, 10).await, keys(&records), "{queue:?} after it");
    }
}

/// Whatever the number of shards.
pub async fn a_listing_of_nothing_comes_to_its_end<S: Store>(store: &S) {
    for shards in [1, 4] {
        let found = due(store, &sample::connection_id("acme"), Queue::Interval, tick(), shards, 10).await;
        assert_eq!(found, [], "{shards} shards");
    }
}

/// A page ends anywhere: between two ticks or within one.
pub async fn pages_of_any_size_cover_all_due_records_once<S: Store>(store: &S) {
    let records = due_by_tick(53);
    for record in &records {
        put_new(store, record, 1).await;
    }
    for limit in [1, 7, 52, 53, 54, 1_000] {
        let found = due(store, &sample::connection_id("acme"), Queue::Interval, tick(), 1, limit).await;
        assert_eq!(found, keys(&records), "pages of {limit}");
    }
}

/// The number of shards grows while records are there; those from before are not lost.
pub async fn pages_cover_all_shards_and_records_from_before_there_were_more<S: Store>(store: &S) {
    let records = due_by_tick(60);
    for (number, record) in records.iter().enumerate() {
        let shards = [1, 2, 8][number / 20];
        put_new(store, record, shards).await;
    }
    for limit in [1, 7, 60, 1_000] {
        let found = due(store, &sample::connection_id("acme"), Queue::Interval, tick(), 8, limit).await;
        assert_eq!(found, keys(&records), "pages of {limit}");
    }
}

/// A run reschedules what it has listed before it asks for the next page.
pub async fn a_listing_goes_on_while_the_records_it_listed_move_away<S: Store>(store: &S) {
    let records = due_by_tick(30);
    for record in &records {
        put_new(store, record, 2).await;
    }
    let connection = sample::connection_id("acme");
    let (mut found, mut after) = (Vec::new(), None);
    loop {
        let page = store.due(&connection, Queue::Interval, tick(), 2, after.as_ref(), 4).await.expect(ANSWERS);
        for record in records.iter().filter(|record| page.keys.contains(&record.key)) {
            settle(store, record, &record.clone().time_out(tick()).advance()).await;
        }
        found.extend(page.keys);
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    found.sort();
    assert_eq!(found, keys(&records));
}
