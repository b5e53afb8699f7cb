//! Spoilt answers of Salesforce, spoilt headers and spoilt secrets: sorted, or nothing, and never quoted.
//!
//! Must not know: what an answer means.

use engine::ports::UpsertAnswer;
use fuzz::{Corpus, Shape, hunt};
use rules::connection::{Flow, Target};

use crate::allow::Allowed;
use crate::secret::Secret;
use crate::sort::Login;
use crate::{body, limit_info, sort};

const STATUSES: [u16; 14] = [200, 201, 204, 300, 302, 400, 401, 403, 404, 414, 429, 500, 502, 503];
const HOST: &str = "acme.my.salesforce.com";

fn allowed() -> Allowed {
    let target = Target {
        login_url: format!("https://{HOST}"),
        allowed_hosts: vec![HOST.to_owned()],
        api_version: "62.0".to_owned(),
        flow: Flow::ClientCredentials,
        secret: "sf/acme".to_owned(),
    };
    Allowed::by(&target).expect("the login is allowed")
}

/// Sorts an answer to a batch of this many records, and says what a log would.
fn batch(status: u16, bytes: &[u8], records: usize) -> String {
    let answer = sort::upsert(status, bytes, records);
    if let UpsertAnswer::Processed(answers) = &answer {
        assert_eq!(answers.len(), records, "every record has one answer");
    }
    format!("{:?}", sort::probe(status, bytes))
}

/// Sorts an answer to a login. A token goes to the one allowed host, or nowhere.
fn login(status: u16, bytes: &[u8], allowed: &Allowed) -> String {
    match sort::login(status, bytes) {
        Login::Granted(grant) => match allowed.instance(&grant.instance_url) {
            Ok(origin) => {
                let sent_to = origin.at("/services").to_string();
                assert_eq!(sent_to, format!("https://{HOST}/services"), "a token would be sent there");
                String::new()
            }
            Err(problem) => format!("{problem} {problem:?}"),
        },
        Login::Answer(answer) => {
            let said = body::said(bytes);
            format!("{answer:?} {:?}", said.as_ref().and_then(body::Said::loggable_code))
        }
    }
}

#[test]
fn no_answer_breaks_the_sorting_and_none_is_quoted() {
    let allowed = allowed();
    hunt(Corpus::of("answers"), Shape::Json, move |bytes| {
        let all = STATUSES.into_iter();
        let batches = all.clone().flat_map(|status| (0..3).map(move |records| batch(status, bytes, records)));
        let logins = all.map(|status| login(status, bytes, &allowed));
        let figure = limit_info::org_figure(&String::from_utf8_lossy(bytes));
        batches.chain(logins).chain([format!("{figure:?}")]).collect()
    });
}

#[test]
fn no_secret_breaks_the_reading_and_none_is_quoted() {
    hunt(Corpus::of("secrets"), Shape::Json, |bytes| match Secret::parse("1", &String::from_utf8_lossy(bytes)) {
        Ok(secret) => format!("{secret:?}"),
        Err(mistakes) => format!("{mistakes} {mistakes:?}"),
    });
}
