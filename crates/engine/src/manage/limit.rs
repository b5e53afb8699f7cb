//! An API limit may not be above the org's own: nobody could ever use it, and the budget's share of it would be no brake.
//!
//! Must not know: how limits are spent.

use rules::connection::Connection;
use rules::fields::{Mistake, Mistakes};

use crate::parts::Ports;
use crate::ports::{Controls, PortError};

/// What is wrong with a new limit, as far as Salesforce has told the org's own by now. With another org in `after` it has not.
///
/// # Errors
/// When the store fails.
pub(super) async fn above_the_orgs<P: Ports>(
    ports: &P,
    before: &Connection,
    after: &Connection,
) -> Result<Option<Mistakes>, PortError> {
    let Some(wanted) = after.budget.api_limit else { return Ok(None) };
    if before.budget.api_limit == Some(wanted) || before.target.login_url != after.target.login_url {
        return Ok(None);
    }
    let org = ports.store().control(&before.id).await?.org;
    Ok(org.map(|org| org.limit).filter(|limit| *limit < wanted).map(|limit| {
        let field = "budget.api_limit".to_owned();
        let problem = format!("is above the org's own limit of {limit} calls in 24 hours");
        Mistakes(vec![Mistake { field, problem, mend: format!("write at most {limit}, or null for no limit") }])
    }))
}
