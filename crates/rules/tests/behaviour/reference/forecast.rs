//! A backlog that is worked off, one 20 minutes after another, over two plain lists of calls: what sources make and what we
//! make, each number standing at the 20 minutes in which the calls are made.
//! It must not know ledgers, or how the rules look ahead.

/// Twenty minutes in a day.
const DAY: usize = 72;

/// The world of one forecast. Times are seconds, and 20 minutes number 0 begins at second 0.
pub(crate) struct Naive {
    pub(crate) cap: u64,
    /// How many seconds after its 20 minutes and 24 hours a call still counts.
    pub(crate) counts_longer: u64,
    /// Calls of sources, by 20 minutes, up to the one that is under way.
    pub(crate) sources: Vec<u64>,
    /// Our own, as many.
    pub(crate) own: Vec<u64>,
}

impl Naive {
    /// The second of the tick at which the last of `work` is made, calls by the second from which they may be; nothing within
    /// `days` days.
    pub(crate) fn clears(mut self, work: &[(u64, u64)], days: u64) -> Option<u64> {
        let under_way = self.sources.len() - 1;
        let a_day_ago = self.sources[under_way - DAY];
        self.sources[under_way] = self.sources[under_way].max(a_day_ago);
        let last = usize::try_from((under_way as u64 * 1_200 + days * 86_400) / 1_200).expect("a small number") + 1;
        for number in under_way + 1..=last {
            self.sources.push(self.sources[number - DAY]);
            self.own.push(0);
        }
        let mut work: Vec<(u64, u64)> = work.iter().copied().filter(|&(_, calls)| calls > 0).collect();
        let mut second = work.iter().map(|&(from, _)| from).min()?;
        while second <= under_way as u64 * 1_200 + 1_199 + days * 86_400 {
            let current = usize::try_from(second / 1_200).expect("a small number");
            if current > last {
                return None;
            }
            let counts = |number: usize| (number as u64 + 1) * 1_200 + 86_400 + self.counts_longer > second;
            // What sources make in these very 20 minutes is not made yet at their beginning.
            let made: u64 = (0..current).filter(|&number| counts(number)).map(|number| self.sources[number]).sum();
            let ours: u64 = (0..=current).filter(|&number| counts(number)).map(|number| self.own[number]).sum();
            let mut left = self.cap.saturating_sub(made + ours);
            for (_, needed) in work.iter_mut().filter(|(from, _)| *from <= second) {
                let calls = left.min(*needed);
                (left, *needed, self.own[current]) = (left - calls, *needed - calls, self.own[current] + calls);
            }
            if work.iter().all(|&(_, needed)| needed == 0) {
                return Some(second);
            }
            second = (second / 1_200 + 1) * 1_200;
        }
        None
    }
}
