//! Collections upserts: every row is planned first, then all plans are carried out, so that a request sees the state
//! before it. It must not know how a row is planned, nor HTTP, sessions or limits.

use std::collections::HashSet;

use crate::log::{Outcome, RecordLog};
use crate::names::{ExternalId, Millis};
use crate::org::answer::{Answer, RowResult};
use crate::org::data::{Data, Performed};
use crate::org::errors::{ApiError, RowError};
use crate::org::operation::{Collections, Sent};
use crate::org::write::{Plan, Written};

impl Data {
    /// Carries out a collections upsert.
    ///
    /// # Errors
    /// 404 for an unknown object or key field; a poison rule's 400.
    pub(crate) fn upsert_collection(&mut self, call: &Collections, now: Millis) -> Result<Performed, ApiError> {
        self.check_key(&call.object, &call.field)?;
        for sent in &call.rows {
            self.check_poison(&call.object, sent, now)?;
        }
        let plans = self.plan_all(call, now);
        let rows = call.rows.iter().zip(plans);
        let (results, records) =
            rows.map(|(sent, plan)| self.carry_out(call, sent, plan, now)).unzip::<_, _, Vec<_>, _>();
        Ok(Performed { answer: Answer::json(200, &results), records })
    }

    fn plan_all(&mut self, call: &Collections, now: Millis) -> Vec<Result<Plan, RowError>> {
        let twice = sent_twice(&call.rows);
        let plan = |sent: &Sent| match &sent.external_id {
            Some(id) if twice.contains(id) => Err(RowError::twice_in_request(id)),
            Some(id) => self.plan_upsert(&call.object, &call.field, id, sent, now),
            None => Err(RowError::external_id_missing(&call.field)),
        };
        let plans: Vec<_> = call.rows.iter().map(plan).collect();
        if call.all_or_none && plans.iter().any(Result::is_err) {
            return plans.into_iter().map(|plan| Err(plan.err().unwrap_or_else(RowError::rolled_back))).collect();
        }
        plans
    }

    fn carry_out(
        &mut self,
        call: &Collections,
        sent: &Sent,
        plan: Result<Plan, RowError>,
        now: Millis,
    ) -> (RowResult, RecordLog) {
        let (result, outcome) = match plan.and_then(|plan| self.apply(&call.object, plan, now)) {
            Ok(Written { id, created }) => {
                let outcome = Outcome::Committed { id: id.clone(), created, at: now };
                (RowResult::Written { id, success: true, created, errors: [] }, outcome)
            }
            Err(error) => {
                let outcome = Outcome::Refused { code: error.code.clone() };
                (RowResult::Refused { success: false, errors: [error] }, outcome)
            }
        };
        (result, sent.logged(&call.object, Some(&call.field), outcome))
    }
}

/// The external ids that more than one row has.
fn sent_twice(rows: &[Sent]) -> HashSet<ExternalId> {
    let mut seen = HashSet::with_capacity(rows.len());
    let ids = rows.iter().filter_map(|sent| sent.external_id.as_ref());
    ids.filter(|id| !seen.insert(*id)).cloned().collect()
}
