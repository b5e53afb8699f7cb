//! The interval policy as its description has it, walked minute by minute with plain counters.
//! It must not know records, verdicts or states.

use rules::counts::TryKind;
use rules::time::Timestamp;

use super::calendar::{first_minute_after, ticks_at, utc_time_of_day};

/// What one try comes to, as far as the policy cares.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Said {
    /// Refused, or nobody knows: one of the record's tries is spent.
    Counts,
    /// Never processed: the record stays as it was.
    NotProcessed,
    /// Saved, or nothing is left to do.
    Done,
    /// Refused with a type that the policy excludes.
    Excluded,
}

/// The settings of the policy.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Settings {
    pub(crate) every_minutes: u64,
    pub(crate) tries: u32,
    pub(crate) nightly_at: (u16, u16),
}

/// Every try of one record: who asked, and at which minute.
pub(crate) type Trace = Vec<(TryKind, Timestamp)>;

/// Plays one record from its first failure on until `said` is used up or the record needs no schedule any more.
pub(crate) fn play(settings: Settings, failed: Timestamp, said: &[Said]) -> Trace {
    let mut trace = Trace::new();
    let mut spent = 0;
    let mut queued_at = None;
    let mut last_counted: Option<Timestamp> = None;
    let mut now = failed;
    let mut answers = said.iter();
    loop {
        let fires = |time| ticks_at(time) || time == settings.nightly_at;
        now = first_minute_after(now, |minute| fires(utc_time_of_day(minute)));
        let time = utc_time_of_day(now);
        let kind = match queued_at {
            Some(since) if time == settings.nightly_at && now > since => TryKind::Nightly,
            None if ticks_at(time) && waited(last_counted, now) >= settings.every_minutes => TryKind::Interval,
            Some(_) | None => continue,
        };
        let Some(answer) = answers.next() else { return trace };
        trace.push((kind, now));
        match answer {
            Said::NotProcessed => {}
            Said::Done | Said::Excluded => return trace,
            Said::Counts => {
                last_counted = Some(now);
                spent += u32::from(kind == TryKind::Interval);
                if spent >= settings.tries && queued_at.is_none() {
                    queued_at = Some(now);
                }
            }
        }
    }
}

fn waited(last: Option<Timestamp>, now: Timestamp) -> u64 {
    last.map_or(u64::MAX, |last| (now.as_millis() - last.as_millis()).unsigned_abs() / 60_000)
}
