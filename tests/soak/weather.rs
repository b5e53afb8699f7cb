//! What Salesforce does wrong, chosen from the seed: limits, outages, answers that are lost or come to nothing, locked rows.
//!
//! Must not know: who calls.

use std::time::Duration;

use fastrand::Rng;
use rules::time::Timestamp;
use salesforce_sim::{Calls, Canned, Commit, Effect, Failure, Fault, Millis, Rule, Selector, Simulator};

use super::sources::{Sources, Temper};

/// The weather over all orgs.
pub(super) struct Weather(pub(super) Rng);

/// What the org does with each record, whatever the weather.
pub(super) fn climate(org: &Simulator, sources: &Sources) {
    let rule = |temper, failure| {
        let mut rule = Rule::refusing(sources.ids(temper));
        rule.failure = failure;
        rule
    };
    let text = || "this record cannot be read".to_owned();
    org.add_rule(Rule::refusing(sources.ids(Temper::Refused)));
    org.add_rule(rule(Temper::Gone, Failure::EntityDeleted));
    org.add_rule(rule(Temper::Locked, Failure::RowLock).for_first_tries(1));
    org.add_rule(rule(Temper::Poison, Failure::Poison { code: "JSON_PARSER_ERROR".into(), message: text() }));
}

impl Weather {
    /// The weather over one org until the next tick.
    pub(super) fn turn(&mut self, org: &Simulator, now: Timestamp) {
        let chance = &mut self.0;
        if chance.u8(..100) < 6 {
            let until = now + Duration::from_mins(chance.u64(20..60));
            let every = Rule::new("locked", "Contact", Selector::Every, Failure::RowLock);
            org.add_rule(every.until(Millis(until.as_millis())));
        }
        if chance.u8(..100) < 30 {
            org.fault(self.fault());
        }
    }

    fn fault(&mut self) -> Fault {
        let chance = &mut self.0;
        let times = chance.u32(1..4);
        match chance.u8(..16) {
            0 => Fault::answer(Canned::ServerUnavailable).times(times),
            1 | 2 => Fault::answer(Canned::ConcurrentLimit).times(times),
            3 => Fault::answer(Canned::TotalLimit),
            4 | 5 => Fault::answer(Canned::ExpiredSession),
            6 => Fault::answer(Canned::ServerUnavailable).on(Calls::Token),
            7 => Fault::latency(chance.u64(20..300)).times(times),
            8 => Fault::new(Effect::Answer(Canned::Html(500), self.commit())),
            9 => Fault::new(Effect::Answer(Canned::Empty(502), self.commit())),
            10 => Fault::new(Effect::Answer(Canned::Garbage, self.commit())),
            11 if times == 1 => Fault::time_out(self.commit()),
            _ => Fault::reset(self.commit()),
        }
    }

    fn commit(&mut self) -> Commit {
        match self.0.u8(..3) {
            0 => Commit::Never,
            1 => Commit::First,
            _ => Commit::Late(self.0.u64(1_000..590_000)),
        }
    }
}
