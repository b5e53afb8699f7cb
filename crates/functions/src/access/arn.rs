//! Patterns of ARNs of IAM's principals.
//!
//! Must not know: what a principal that matches may do.

/// A pattern such as `arn:aws:iam::111122223333:user/ada`, `arn:aws:iam::111122223333:role/Operators` or
/// `arn:aws:sts::111122223333:assumed-role/Operators/ada*`, where `*` stands for any characters of its part.
///
/// A role is named by its own ARN, although whoever has assumed it calls as
/// `arn:aws:sts::111122223333:assumed-role/Operators/SESSION`. That ARN holds no path: a role's path is left out of the
/// comparison, as a role's name is unique in its account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ArnPattern {
    partition: String,
    service: String,
    account: String,
    resource: String,
}

/// Why a text is no pattern that can be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BadPattern {
    /// What is wrong with it.
    pub problem: &'static str,
    /// What a right one looks like.
    pub mend: &'static str,
}

impl ArnPattern {
    /// Reads a pattern.
    ///
    /// # Errors
    /// When it is no ARN of IAM or STS, or would match more than it seems to.
    pub fn parse(text: &str) -> Result<Self, BadPattern> {
        let parts = parts(text).ok_or(BadPattern {
            problem: "holds what is no ARN of a principal",
            mend: "write arn:aws:iam::ACCOUNT:user/NAME, or role/NAME",
        })?;
        if parts.account.len() != 12 || !parts.account.bytes().all(|byte| byte.is_ascii_digit()) {
            let problem = "holds an ARN without an account of 12 digits";
            return Err(BadPattern { problem, mend: "write the account out; * cannot stand for it" });
        }
        let Some(path_and_name) = parts.resource.strip_prefix("role/") else { return Ok(parts) };
        let Some((path, name)) = path_and_name.rsplit_once('/') else { return Ok(parts) };
        if path.contains('*') || name.contains('*') {
            let problem = "holds a role's path together with *, and the ARN of whoever assumed it has no path";
            return Err(BadPattern { problem, mend: "leave the path out: arn:aws:iam::ACCOUNT:role/NAME*" });
        }
        Ok(Self { resource: format!("role/{name}"), ..parts })
    }

    /// Whether it names the principal with this ARN, or the role that the principal has assumed.
    #[must_use]
    pub fn matches(&self, arn: &str) -> bool {
        let Some(caller) = parts(arn) else { return false };
        self.fits(&caller) || caller.role().is_some_and(|role| self.fits(&role))
    }

    fn fits(&self, arn: &Self) -> bool {
        wild(&self.partition, &arn.partition)
            && self.service == arn.service
            && self.account == arn.account
            && wild(&self.resource, &arn.resource)
    }

    /// The role behind an assumed one.
    fn role(&self) -> Option<Self> {
        let (name, _) = self.resource.strip_prefix("assumed-role/")?.split_once('/')?;
        let (service, resource) = ("iam".to_owned(), format!("role/{name}"));
        (self.service == "sts").then(|| Self { service, resource, ..self.clone() })
    }
}

/// The parts of `arn:PARTITION:SERVICE::ACCOUNT:RESOURCE`, where the service is IAM or STS, neither of which has a region.
fn parts(arn: &str) -> Option<ArnPattern> {
    let mut parts = arn.splitn(6, ':');
    let mut next = || parts.next();
    let ("arn", partition, service, "", account, resource) = (next()?, next()?, next()?, next()?, next()?, next()?)
    else {
        return None;
    };
    let is_right = !partition.is_empty() && ["iam", "sts"].contains(&service) && !resource.is_empty();
    let [partition, service, account, resource] = [partition, service, account, resource].map(str::to_owned);
    is_right.then_some(ArnPattern { partition, service, account, resource })
}

/// Whether `text` is `pattern`, in which each `*` stands for any characters, or none. What stands between two of them is
/// taken where it comes first, which leaves the most for what follows.
fn wild(pattern: &str, text: &str) -> bool {
    let mut pieces = pattern.split('*');
    let first = pieces.next().unwrap_or_default();
    let Some(mut rest) = text.strip_prefix(first) else { return false };
    let Some(last) = pieces.next_back() else { return rest.is_empty() };
    for piece in pieces {
        let Some(at) = rest.find(piece) else { return false };
        rest = &rest[at + piece.len()..];
    }
    rest.ends_with(last)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn matches(pattern: &str, arn: &str) -> bool {
        ArnPattern::parse(pattern).expect("a right pattern").matches(arn)
    }

    #[test]
    fn a_pattern_without_a_wildcard_names_one_principal() {
        let ada = "arn:aws:iam::111122223333:user/ada";
        assert!(matches(ada, ada));
        for other in [
            "arn:aws:iam::111122223333:user/ad",
            "arn:aws:iam::111122223333:user/adam",
            "arn:aws:iam::111122223333:user/Ada",
            "arn:aws:iam::444455556666:user/ada",
            "arn:aws-cn:iam::111122223333:user/ada",
            "arn:aws:sts::111122223333:user/ada",
            "arn:aws:iam::111122223333:role/ada",
            "xarn:aws:iam::111122223333:user/ada",
            "",
        ] {
            assert!(!matches(ada, other), "{other}");
        }
    }

    #[test]
    fn a_role_names_whoever_has_assumed_it_in_any_session() {
        let session = "arn:aws:sts::111122223333:assumed-role/Operators/ada@example.com";
        for pattern in [
            "arn:aws:iam::111122223333:role/Operators",
            "arn:aws:iam::111122223333:role/teams/crm/Operators",
            "arn:aws:iam::111122223333:role/Oper*",
            "arn:aws:sts::111122223333:assumed-role/Operators/*",
            "arn:aws:sts::111122223333:assumed-role/Operators/ada@*",
            "arn:*:sts::111122223333:assumed-role/*/ada@example.com",
            "arn:aws:iam::111122223333:*",
        ] {
            assert!(matches(pattern, session), "{pattern}");
        }
        for pattern in [
            "arn:aws:iam::111122223333:role/Operator",
            "arn:aws:iam::111122223333:role/ada@example.com",
            "arn:aws:iam::111122223333:role/Operators/ada@example.com",
            "arn:aws:iam::111122223333:user/*",
            "arn:aws:sts::111122223333:assumed-role/Operators/bob*",
            "arn:aws:sts::111122223333:assumed-role/Operators",
            "arn:aws:iam::444455556666:role/Operators",
        ] {
            assert!(!matches(pattern, session), "{pattern}");
        }
    }

    #[test]
    fn a_session_that_is_called_like_a_role_is_not_that_role() {
        let session = "arn:aws:sts::111122223333:assumed-role/Interns/Operators";
        assert!(!matches("arn:aws:iam::111122223333:role/Operators", session));
        assert!(!matches("arn:aws:sts::111122223333:assumed-role/Operators*", session));
    }

    #[test]
    fn a_wildcard_stands_for_any_characters_of_its_part_and_of_no_other() {
        let users = "arn:aws:iam::111122223333:user/*";
        assert!(matches(users, "arn:aws:iam::111122223333:user/ada"));
        assert!(matches(users, "arn:aws:iam::111122223333:user/teams/crm/ada"));
        assert!(!matches(users, "arn:aws:iam::111122223333:root"));
        assert!(!matches("arn:*:iam::111122223333:user/ada", "arn:aws:x:iam::111122223333:user/ada"));
        for (pattern, text, fits) in [
            ("*", "", true),
            ("a*", "a", true),
            ("a*a", "a", false),
            ("a*a", "aa", true),
            ("*ab", "aab", true),
            ("a*b*c", "a-b-b-c", true),
            ("a*b*c", "a-c-b", false),
            ("a**c", "abc", true),
            ("*a*", "bbb", false),
        ] {
            assert_eq!(wild(pattern, text), fits, "{pattern} {text}");
        }
    }

    #[test]
    fn what_is_no_principal_or_too_wide_is_refused() {
        for (pattern, problem) in [
            ("*", "holds what is no ARN of a principal"),
            ("ada", "holds what is no ARN of a principal"),
            ("arn:aws:lambda:eu-central-1:111122223333:function:x", "holds what is no ARN of a principal"),
            ("arn:aws:iam:eu-central-1:111122223333:user/ada", "holds what is no ARN of a principal"),
            ("arn:aws:iam::111122223333:", "holds what is no ARN of a principal"),
            ("arn:aws:*::111122223333:user/ada", "holds what is no ARN of a principal"),
            ("arn:aws:iam::*:user/ada", "holds an ARN without an account of 12 digits"),
            ("arn:aws:iam::11112222333:user/ada", "holds an ARN without an account of 12 digits"),
            (
                "arn:aws:iam::111122223333:role/teams/*",
                "holds a role's path together with *, and the ARN of whoever assumed it has no path",
            ),
        ] {
            assert_eq!(ArnPattern::parse(pattern).expect_err(pattern).problem, problem);
        }
    }
}
