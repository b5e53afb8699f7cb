//! `resync local` is killed with SIGKILL again and again, at a tick, in the middle of its requests and between them. What it
//! sent to Salesforce, whose log is the judge, and what it kept, must be as if nobody had.
//!
//! A life begins shortly before a tick of its own clock (libfaketime) and ends when Salesforce has got so many requests, or at
//! a moment that follows from a number. Every third life begins in the tick of the one before. `RESYNC_LIVES=200` plays a long
//! form of it.
//!
//! Must not know: what is inside the binary.

#[path = "killed/judge.rs"]
mod judge;
#[path = "../../../tests/kill/moment.rs"]
mod moment;
#[path = "killed/world.rs"]
mod world;

use std::time::Duration;

use rules::time::Timestamp;
use world::{Death, World};

/// As many lives as CI has time for.
const LIVES: u32 = 18;

const TICK: Duration = Duration::from_mins(20);

fn lives() -> u32 {
    std::env::var("RESYNC_LIVES").ok().and_then(|lives| lives.parse().ok()).unwrap_or(LIVES)
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_at_any_moment_it_loses_nothing_sends_nothing_twice_and_keeps_the_budget() {
    let first = Timestamp::parse("2026-11-23T09:20:00Z").expect("a time");
    let mut world = World::set(first - Duration::from_mins(10)).await;
    let mut tick = first;
    for life in 0..lives() {
        // Every third life begins in the tick of the one before, when its calls may still be committed.
        let start = if life % 3 == 2 { tick - TICK + Duration::from_secs(40) } else { tick - Duration::from_secs(1) };
        world.live_and_die(start, death(life)).await;
        judge::sent_apart(&world);
        judge::within_budget(&world);
        if life % 3 != 2 {
            tick = tick + TICK;
        }
    }
    // A day later the budget is whole again, and nobody kills it any more.
    world.live_until_done(first + Duration::from_hours(49)).await;
    judge::sent_apart(&world);
    judge::within_budget(&world);
    judge::nothing_is_lost(&world);
}

/// Deaths of all kinds, the same in every play.
fn death(life: u32) -> Death {
    match life % 4 {
        0 => Death::AfterRequests(1 + life as usize % 5),
        1 => Death::AfterMillis(u64::from(life * 67 % 400)),
        2 => Death::AfterRequests(2 + life as usize % 3),
        _ => Death::AfterMillis(u64::from(400 + life * 131 % 900)),
    }
}
