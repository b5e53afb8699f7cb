//! The end of a soak: nothing breaks any more, nobody is killed, and time goes on until there is nothing left to do.
//!
//! Must not know: what is right.

use std::time::Duration;

use rules::time::Timestamp;

use super::moments;
use super::play::Play;

/// Ticks that are all played: for what is in doubt, and for suspensions.
const ALL: usize = 7;

/// Ticks that are left out afterwards, each time.
const SELDOM: u64 = 8;

/// What dead runs had reserved counts for a day; and a child of the recent policy needs three sweeps, if at the first its parent's row
/// is locked and at the second its own.
const LONG: Duration = Duration::from_hours(38);

/// Then all ticks are played again, so that nothing waits because a tick was left out.
const LAST: Duration = Duration::from_hours(1);

/// Lives of `ingest` that the queue may need.
const LIVES: usize = 50;

impl Play {
    /// Lets everything come to rest. Gives the tick since when nothing waits.
    pub(super) async fn rest(&mut self) -> Timestamp {
        for org in &self.orgs {
            org.salesforce.clear_faults();
        }
        self.at_rest = true;
        self.deaths.end();
        self.queue.end();
        self.asking.end();
        for _ in 0..LIVES {
            self.take_in().await;
        }
        if !self.queue.is_empty() {
            self.notes.wrong.push("conservation: the queue never gets empty".to_owned());
        }
        let (began, mut played) = (self.now, 0);
        loop {
            let seldom = played >= ALL && self.now < began + LONG;
            let moment = moments::next(self.now, if seldom { SELDOM } else { 0 });
            self.play(&moment, None).await;
            self.told();
            played += 1;
            if moment.tick > began + LONG + LAST {
                return moment.tick;
            }
        }
    }
}
