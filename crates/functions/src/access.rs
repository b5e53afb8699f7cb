//! Who may do what at the function URL: roles by patterns of ARNs, and the caller that Lambda has verified.
//!
//! Must not know: routes, headers. What a request says of itself is nobody's identity.

mod arn;

use api::{Caller, Role};
use serde::Deserialize;

pub use arn::{ArnPattern, BadPattern};

/// The patterns of those who may act, and of those who may read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Access {
    /// Who may do everything.
    pub operators: Vec<ArnPattern>,
    /// Who may read and plan.
    pub viewers: Vec<ArnPattern>,
}

/// Whose credentials signed a request, as Lambda says.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Signer {
    /// The ARN of a user, or of a role's session.
    pub user_arn: Option<String>,
    /// The user's id.
    pub user_id: Option<String>,
    /// The user's account.
    pub account_id: Option<String>,
}

/// Why somebody is not let in.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotLetIn {
    /// Lambda verified nobody.
    #[error("the request is not signed; sign it with AWS credentials (Signature Version 4, service lambda)")]
    Unsigned,
    /// Nobody gave them a role.
    #[error(
        "{0} matches no pattern; ask whoever deployed Resync to add it to the stack's parameter Operators or Viewers"
    )]
    Unknown(String),
}

impl Access {
    /// Who calls, by what Lambda says of the credentials that signed the request. One who matches both lists is an operator.
    ///
    /// # Errors
    /// When nobody signed, or the signer has no role here.
    pub fn caller(&self, signer: Option<&Signer>) -> Result<Caller, NotLetIn> {
        let signer = signer.ok_or(NotLetIn::Unsigned)?;
        let Some(arn) = signer.user_arn.as_deref().filter(|arn| !arn.is_empty()) else {
            return Err(NotLetIn::Unknown(without_arn(signer)));
        };
        let matches = |patterns: &[ArnPattern]| patterns.iter().any(|pattern| pattern.matches(arn));
        if matches(&self.operators) {
            Ok(Caller::new(arn, Role::Operator))
        } else if matches(&self.viewers) {
            Ok(Caller::new(arn, Role::Viewer))
        } else {
            Err(NotLetIn::Unknown(arn.to_owned()))
        }
    }
}

/// What can be said of a signer whose ARN is not known; it never gives a role.
fn without_arn(signer: &Signer) -> String {
    let part = |part: &Option<String>| part.clone().unwrap_or_else(|| "unknown".to_owned());
    format!("the user {} of the account {}", part(&signer.user_id), part(&signer.account_id))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn iam(arn: Option<&str>) -> Signer {
        let (user_id, account_id) = (Some("AIDAEXAMPLE".to_owned()), Some("111122223333".to_owned()));
        Signer { user_arn: arn.map(str::to_owned), user_id, account_id }
    }

    fn access(operators: &[&str], viewers: &[&str]) -> Access {
        let read = |patterns: &[&str]| {
            patterns.iter().map(|pattern| ArnPattern::parse(pattern).expect("a right pattern")).collect()
        };
        Access { operators: read(operators), viewers: read(viewers) }
    }

    const ADA: &str = "arn:aws:iam::111122223333:user/ada";
    const VIC: &str = "arn:aws:iam::111122223333:user/vic";

    #[test]
    fn a_signer_has_the_role_of_the_pattern_that_names_them() {
        let access = access(&[ADA], &[VIC]);
        assert_eq!(access.caller(Some(&iam(Some(ADA)))), Ok(Caller::new(ADA, Role::Operator)));
        assert_eq!(access.caller(Some(&iam(Some(VIC)))), Ok(Caller::new(VIC, Role::Viewer)));
    }

    #[test]
    fn one_who_is_both_is_an_operator() {
        let access = access(&[ADA], &["arn:aws:iam::111122223333:*"]);
        assert_eq!(access.caller(Some(&iam(Some(ADA)))).expect("let in").role(), Role::Operator);
        assert_eq!(access.caller(Some(&iam(Some(VIC)))).expect("let in").role(), Role::Viewer);
    }

    #[test]
    fn nobody_is_let_in_without_a_signature_a_pattern_or_an_arn() {
        let access = access(&["arn:aws:iam::111122223333:*"], &[]);
        assert_eq!(access.caller(None), Err(NotLetIn::Unsigned));
        let eve = "arn:aws:iam::444455556666:user/ada";
        assert_eq!(access.caller(Some(&iam(Some(eve)))), Err(NotLetIn::Unknown(eve.to_owned())));
        let nameless = "the user AIDAEXAMPLE of the account 111122223333".to_owned();
        for arn in [None, Some("")] {
            assert_eq!(access.caller(Some(&iam(arn))), Err(NotLetIn::Unknown(nameless.clone())));
        }
        assert!(Access::default().caller(Some(&iam(Some(ADA)))).is_err());
    }
}
