//! A route's problem details (RFC 9457) as the command's failure, with the exit code that fits.
//!
//! Must not know: which route was asked.

use axum::http::StatusCode;
use rules::fields::{Mistake, Mistakes};
use serde_json::Value;

use crate::exit::Failure;

/// The failure that `status` and the problem details in `text` stand for.
pub(super) fn failure(status: StatusCode, text: &[u8]) -> Failure {
    let problem: Value = serde_json::from_slice(text).unwrap_or_default();
    let said = said(&problem).unwrap_or_else(|| format!("the answer was {status}, without a reason"));
    match status {
        StatusCode::BAD_REQUEST | StatusCode::UNPROCESSABLE_ENTITY => wrong(said, &problem),
        StatusCode::PAYLOAD_TOO_LARGE => Failure::Wrong(said),
        StatusCode::NOT_FOUND => Failure::NotFound(said),
        StatusCode::FORBIDDEN | StatusCode::CONFLICT | StatusCode::TOO_MANY_REQUESTS => Failure::Conflict(said),
        _ => Failure::Other(anyhow::Error::msg(said)),
    }
}

fn said(problem: &Value) -> Option<String> {
    let detail = problem["detail"].as_str().filter(|detail| !detail.is_empty());
    detail.or_else(|| problem["title"].as_str()).map(str::to_owned)
}

fn wrong(said: String, problem: &Value) -> Failure {
    let read = |mistake: &Value| {
        let text = |name: &str| mistake[name].as_str().unwrap_or_default().to_owned();
        Mistake { field: text("field"), problem: text("problem"), mend: text("mend") }
    };
    let mistakes: Vec<Mistake> = problem["mistakes"].as_array().into_iter().flatten().map(read).collect();
    if mistakes.is_empty() {
        return Failure::Wrong(said);
    }
    // The detail says the same mistakes over again.
    Failure::Input {
        what: "nothing was changed, because the input has mistakes".to_owned(),
        mistakes: Mistakes(mistakes),
    }
}

#[cfg(test)]
mod tests {
    use axum::http::StatusCode;
    use serde_json::json;

    use super::failure;
    use crate::exit::Failure;

    fn text(status: StatusCode, problem: &serde_json::Value) -> (Failure, String) {
        let failure = failure(status, problem.to_string().as_bytes());
        let said = failure.to_string();
        (failure, said)
    }

    #[test]
    fn mistakes_are_all_said() {
        let mistakes = json!([
            { "field": "id", "problem": "is missing", "mend": "add it" },
            { "field": "policy", "problem": "is a text, not an object", "mend": "write it as {…}" },
        ]);
        let (failure, said) =
            text(StatusCode::UNPROCESSABLE_ENTITY, &json!({ "detail": "the same in words", "mistakes": mistakes }));
        assert!(matches!(failure, Failure::Input { .. }));
        let lines: Vec<&str> = said.lines().collect();
        assert_eq!(
            lines,
            [
                "nothing was changed, because the input has mistakes:",
                "id: is missing; add it",
                "policy: is a text, not an object; write it as {…}"
            ]
        );
    }

    #[test]
    fn what_stands_against_it_is_told_apart_from_what_is_not_there() {
        assert!(matches!(text(StatusCode::CONFLICT, &json!({ "detail": "x" })).0, Failure::Conflict(_)));
        assert!(matches!(text(StatusCode::TOO_MANY_REQUESTS, &json!({ "title": "x" })).0, Failure::Conflict(_)));
        assert!(matches!(text(StatusCode::NOT_FOUND, &json!({ "detail": "x" })).0, Failure::NotFound(_)));
        assert!(matches!(text(StatusCode::SERVICE_UNAVAILABLE, &json!({ "detail": "x" })).0, Failure::Other(_)));
    }

    #[test]
    fn an_answer_that_is_no_problem_details_still_says_something() {
        let failure = failure(StatusCode::BAD_GATEWAY, b"<html>");
        assert_eq!(failure.to_string(), "the answer was 502 Bad Gateway, without a reason");
    }
}
