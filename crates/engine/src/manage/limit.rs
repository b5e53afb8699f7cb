//! An API limit may not be above the org's own: nobody could ever use it, and the budget's share of it would be no brake.
//!
//! Must not know: how limits are spent.

use rules::connection::Connection;
use rules::control::OrgUsage;
use rules::counts::ApiCalls;
use rules::fields::{Mistake, Mistakes};

use crate::parts::Ports;
use crate::ports::{Connections, PortError, Standings};

/// Connections into the same org that are asked what it said.
const MOST_ASKED: usize = 50;

/// What is wrong with a new limit, as far as Salesforce has told the `org`'s own by now. With another org in `after` it has not.
pub(super) fn above_the_orgs(before: &Connection, after: &Connection, org: Option<OrgUsage>) -> Option<Mistakes> {
    let wanted = after.budget.api_limit?;
    if before.budget.api_limit == Some(wanted) || before.target.login_url != after.target.login_url {
        return None;
    }
    above(wanted, org)
}

/// What is wrong with the limit of a new connection, as far as Salesforce has told the org's own to another connection into it.
///
/// # Errors
/// When the store fails.
pub(super) async fn above_a_known_orgs<P: Ports>(ports: &P, new: &Connection) -> Result<Option<Mistakes>, PortError> {
    let Some(wanted) = new.budget.api_limit else { return Ok(None) };
    let all = ports.store().connections().await?.into_iter().filter_map(Result::ok);
    let others: Vec<_> = all.filter(|other| other.target.login_url == new.target.login_url).collect();
    let named: Vec<_> = others.iter().take(MOST_ASKED).map(|other| other.id.clone()).collect();
    let facts = ports.store().facts_of_each(&named).await?.into_iter().filter_map(Result::ok);
    let newest = facts.filter_map(|facts| facts.control.org).max_by_key(|org| org.at);
    Ok(above(wanted, newest))
}

fn above(wanted: ApiCalls, org: Option<OrgUsage>) -> Option<Mistakes> {
    org.map(|org| org.limit).filter(|limit| *limit < wanted).map(|limit| {
        let field = "budget.api_limit".to_owned();
        let problem = format!("is above the org's own limit of {limit} calls in 24 hours");
        Mistakes(vec![Mistake { field, problem, mend: format!("write at most {limit}, or take the limit off") }])
    })
}
