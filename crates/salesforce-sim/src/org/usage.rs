//! The org's API calls of the past 24 hours. It must not know who made them, nor refuse any.

use std::collections::VecDeque;

use crate::names::Millis;
use crate::settings::AppUsage;

const DAY: u64 = 24 * 60 * 60 * 1000;

/// A rolling count of calls.
#[derive(Debug)]
pub(crate) struct Usage {
    limit: u32,
    app: Option<AppUsage>,
    calls: VecDeque<(Millis, u32)>,
    used: u32,
}

impl Usage {
    pub(crate) const fn new(limit: u32, app: Option<AppUsage>) -> Self {
        Self { limit, app, calls: VecDeque::new(), used: 0 }
    }

    pub(crate) const fn set_limit(&mut self, limit: u32) {
        self.limit = limit;
    }

    pub(crate) const fn limit(&self) -> u32 {
        self.limit
    }

    /// Counts calls made now.
    pub(crate) fn count(&mut self, calls: u32, now: Millis) {
        self.used = self.used.saturating_add(calls);
        match self.calls.back_mut() {
            Some((at, same)) if *at == now => *same = same.saturating_add(calls),
            Some(_) | None => self.calls.push_back((now, calls)),
        }
    }

    /// The calls of the past 24 hours.
    pub(crate) fn used(&mut self, now: Millis) -> u32 {
        while let Some((at, calls)) = self.calls.front().copied() {
            if at > now.minus(DAY) {
                break;
            }
            self.used = self.used.saturating_sub(calls);
            self.calls.pop_front();
        }
        self.used
    }

    /// Whether another call would exceed the limit.
    pub(crate) fn is_spent(&mut self, now: Millis) -> bool {
        self.used(now) >= self.limit
    }

    /// The value of `Sforce-Limit-Info`.
    pub(crate) fn header(&mut self, now: Millis) -> String {
        let used = self.used(now);
        let limit = self.limit;
        match &self.app {
            None => format!("api-usage={used}/{limit}"),
            Some(AppUsage { name, limit: share }) => {
                format!("api-usage={used}/{limit}; per-app-api-usage={used}/{share}(appName={name})")
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_counts_for_exactly_24_hours() {
        let mut usage = Usage::new(2, None);
        usage.count(1, Millis(0));
        usage.count(1, Millis(1000));
        let day = i64::try_from(DAY).expect("a day fits");
        assert!(usage.is_spent(Millis(day - 1)));
        assert_eq!(usage.used(Millis(day)), 1);
        assert_eq!(usage.used(Millis(day + 1000)), 0);
    }
}
