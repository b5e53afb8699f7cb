//! What AWS says in place of the function, in words that name the mend.
//!
//! Must not know: what was asked.

use std::time::Duration;

use anyhow::Error;
use axum::http::{HeaderMap, StatusCode, header};
use rules::time::Timestamp;
use serde_json::Value;

use crate::exit::Failure;

/// How far a clock may be off: AWS takes a signature that is at most so old
/// (<https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-troubleshooting.html>).
const SKEW: Duration = Duration::from_mins(5);

/// A refusal by AWS.
#[derive(Debug)]
pub(super) struct Refused {
    status: StatusCode,
    said: String,
    /// What the clocks differ by, and whether this machine's is behind.
    skew: Option<(Duration, bool)>,
}

impl Refused {
    /// Reads what AWS answered at `now` by this machine's clock.
    pub(super) fn of(status: StatusCode, headers: &HeaderMap, text: &[u8], now: Timestamp) -> Self {
        let body: Value = serde_json::from_slice(text).unwrap_or_default();
        let said = body["message"].as_str().or_else(|| body["Message"].as_str());
        let said = said.map_or_else(|| format!("the answer was {status}"), str::to_owned);
        let theirs = headers.get(header::DATE).and_then(|date| date.to_str().ok()).and_then(date);
        let skew = theirs.map(|theirs| (theirs.since(now).max(now.since(theirs)), theirs > now));
        Self { status, said, skew: skew.filter(|(by, _)| *by > SKEW) }
    }

    /// Whether AWS reckons the signature otherwise.
    pub(super) fn is_of_the_signature(&self) -> bool {
        self.status == StatusCode::FORBIDDEN && self.said.contains("signature we calculated does not match")
    }

    /// What the person is told.
    pub(super) fn into_failure(self) -> Failure {
        let Self { status, said, skew } = &self;
        let words = match (*status, skew) {
            (StatusCode::FORBIDDEN, Some((by, behind))) => format!(
                "AWS refused the request ({said}): this machine's clock is {} min {} AWS's, and a signature holds for 5; \
                 set the clock",
                by.as_secs() / 60,
                if *behind { "behind" } else { "ahead of" }
            ),
            (StatusCode::FORBIDDEN, None) if self.is_of_the_signature() => format!(
                "AWS refused the signature ({said}): check that AWS_SECRET_ACCESS_KEY belongs to AWS_ACCESS_KEY_ID, and that \
                 the region is right"
            ),
            (StatusCode::FORBIDDEN, None) if said.contains("security token") => format!(
                "AWS does not know the credentials ({said}): sign in to AWS again, or correct AWS_ACCESS_KEY_ID and \
                 AWS_SESSION_TOKEN"
            ),
            (StatusCode::FORBIDDEN, None) => format!(
                "AWS did not let the request in ({said}): your user or role needs both lambda:InvokeFunctionUrl and \
                 lambda:InvokeFunction on the function, and credentials of the right account"
            ),
            (StatusCode::TOO_MANY_REQUESTS, _) => {
                format!("AWS has no room for a call of the function now ({said}); try again in a minute")
            }
            (StatusCode::PAYLOAD_TOO_LARGE, _) => {
                format!("AWS takes at most 6 MB in a request ({said}); ask for less at a time")
            }
            (StatusCode::GATEWAY_TIMEOUT, _) => {
                format!("the function did not answer in its time ({said}); ask for less at a time, or try again")
            }
            (status, _) => format!("the function failed with {status} ({said}); its log says why"),
        };
        match *status {
            StatusCode::TOO_MANY_REQUESTS => Failure::Conflict(words),
            StatusCode::PAYLOAD_TOO_LARGE => Failure::Wrong(words),
            _ => Failure::Other(Error::msg(words)),
        }
    }
}

/// An HTTP date, such as `Wed, 25 Nov 2026 13:25:42 GMT`.
fn date(text: &str) -> Option<Timestamp> {
    let date = jiff::fmt::rfc2822::DateTimeParser::new().parse_timestamp(text).ok()?;
    Some(Timestamp::from_millis(date.as_millisecond()))
}

#[cfg(test)]
mod tests {
    use axum::http::{HeaderMap, StatusCode, header};
    use rules::time::Timestamp;
    use serde_json::json;

    use super::Refused;
    use crate::exit::Failure;

    fn refused(status: StatusCode, field: &str, said: &str, date: &str) -> Failure {
        let mut headers = HeaderMap::new();
        headers.insert(header::DATE, date.parse().expect("a header"));
        let now = Timestamp::parse("2026-11-25T13:20:00Z").expect("a time");
        let body = json!({ field: said }).to_string();
        Refused::of(status, &headers, body.as_bytes(), now).into_failure()
    }

    const NOW: &str = "Wed, 25 Nov 2026 13:20:30 GMT";

    #[test]
    fn who_is_not_let_in_is_told_both_permissions() {
        let said = refused(StatusCode::FORBIDDEN, "Message", "Forbidden", NOW).to_string();
        assert!(said.contains("both lambda:InvokeFunctionUrl and lambda:InvokeFunction"), "{said}");
    }

    #[test]
    fn a_clock_that_is_off_is_told_by_how_much() {
        let expired = "Signature expired: 20261125T132000Z is now earlier than 20261125T133200Z";
        let said = refused(StatusCode::FORBIDDEN, "message", expired, "Wed, 25 Nov 2026 13:37:00 GMT").to_string();
        assert!(
            said.contains("this machine's clock is 17 min behind AWS's") && said.contains("set the clock"),
            "{said}"
        );
        let said = refused(StatusCode::FORBIDDEN, "message", "x", "Wed, 25 Nov 2026 12:20:00 GMT").to_string();
        assert!(said.contains("60 min ahead of AWS's"), "{said}");
    }

    #[test]
    fn wrong_keys_and_old_tokens_are_told_apart() {
        let mismatch = "The request signature we calculated does not match the signature you provided.";
        let said = refused(StatusCode::FORBIDDEN, "message", mismatch, NOW).to_string();
        assert!(said.contains("AWS_SECRET_ACCESS_KEY belongs to AWS_ACCESS_KEY_ID"), "{said}");
        let invalid = "The security token included in the request is invalid.";
        let said = refused(StatusCode::FORBIDDEN, "message", invalid, NOW).to_string();
        assert!(said.contains("sign in to AWS again"), "{said}");
    }

    #[test]
    fn what_is_no_refusal_of_access_has_words_of_its_own() {
        let throttled = refused(StatusCode::TOO_MANY_REQUESTS, "message", "Rate Exceeded.", NOW);
        assert!(matches!(throttled, Failure::Conflict(said) if said.contains("try again")));
        let failed = refused(StatusCode::BAD_GATEWAY, "Message", "Internal Server Error", NOW).to_string();
        assert!(failed.contains("its log says why"), "{failed}");
    }
}
