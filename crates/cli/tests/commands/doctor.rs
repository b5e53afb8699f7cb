//! `resync doctor`: what it looks at, what it finds, how it ends.

use axum::Router;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::runtime::Runtime;

use super::cloud::Cloud;
use super::sigv4;
use super::world::{World, said};

/// What `resync doctor --json` prints, and how it ends.
fn examined(world: &World, args: &[&str]) -> (Value, Option<i32>) {
    let output = world.resync(&[&["doctor", "--json"], args].concat());
    let told = serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("no JSON: {}", said(&output)));
    (told, output.status.code())
}

/// `connection check state` of each finding.
fn states(told: &Value) -> Vec<String> {
    let text = |value: &Value| value.as_str().unwrap_or("-").to_owned();
    let findings = told["findings"].as_array().expect("a list");
    let line = |one: &Value| format!("{} {} {}", text(&one["connection"]), text(&one["check"]), text(&one["state"]));
    findings.iter().map(line).collect()
}

fn of<'a>(told: &'a Value, check: &str) -> &'a Value {
    let findings = told["findings"].as_array().expect("a list");
    findings.iter().find(|finding| finding["check"] == check).expect("it is looked at")
}

#[test]
fn where_nothing_is_wrong_everything_is_fine_and_salesforce_was_asked_within_the_budget() {
    let world = World::with_connections();
    let _local = world.local();
    let (told, code) = examined(&world, &["marketing"]);
    let fine = |check: &str| format!("marketing {check} fine");
    let of_all = ["- way fine", "- version fine", "- table fine"].map(str::to_owned);
    let of_one = ["secret", "indexes", "ticks", "gates", "salesforce"].map(fine);
    assert_eq!(states(&told), [of_all.as_slice(), &of_one].concat());
    assert_eq!((&told["wrong"], code), (&json!(0), Some(0)));
    assert!(of(&told, "salesforce")["said"].as_str().expect("a text").contains("the org has used"), "{told}");
    assert_eq!(world.json(&["usage", "marketing"])["own"], 2, "a login and a call");
    let shown = world.done(&["doctor", "--no-call"]);
    assert!(shown.contains("fine   billing: secret: the secret acme can be read\n"), "{shown}");
    assert!(!shown.contains("salesforce"), "{shown}");
    assert_eq!(world.json(&["usage", "marketing"])["own"], 2);
}

#[test]
fn what_is_wrong_is_told_with_its_mend_and_the_code_says_so() {
    let world = World::with_connections();
    std::fs::remove_file(world.path("acme.json")).expect("it is there");
    let (told, code) = examined(&world, &["marketing"]);
    assert_eq!(code, Some(8));
    assert_eq!(
        (&of(&told, "way")["state"], &of(&told, "way")["mend"]),
        (&json!("wrong"), &json!("start `resync local`"))
    );
    assert_eq!(of(&told, "secret")["state"], "wrong");
    assert_eq!(of(&told, "salesforce")["state"], "wrong");
    assert!(told["wrong"].as_u64() == Some(3), "{told}");
    let output = world.resync(&["doctor", "marketing", "--no-call"]);
    assert!(said(&output).contains("2 findings wrong"), "{}", said(&output));
    let shown = String::from_utf8(output.stdout).expect("the output is UTF-8");
    assert!(shown.contains("WRONG  marketing: secret: the secret acme cannot be read"), "{shown}");
}

#[test]
fn a_gate_that_is_closed_is_no_fault_and_a_name_that_is_none_is() {
    let world = World::with_connections();
    let _local = world.local();
    world.done(&["connection", "pause", "marketing"]);
    let (told, code) = examined(&world, &["marketing", "--no-call"]);
    assert_eq!((&of(&told, "gates")["state"], code), (&json!("waits"), Some(0)));
    assert!(world.refused(&["doctor", "marketnig"], 4).contains("did you mean marketing?"));
}

/// `EventBridge` Scheduler on loopback, with these schedules: their names, times and states.
async fn scheduler(schedules: Vec<(&'static str, &'static str, &'static str)>) -> String {
    async fn answer(
        State(schedules): State<Vec<(&'static str, &'static str, &'static str)>>,
        request: Request,
    ) -> Response {
        let (parts, _) = request.into_parts();
        if let Err(problem) = sigv4::check("scheduler", &parts.method, &parts.uri, &parts.headers, b"") {
            return (StatusCode::FORBIDDEN, json!({ "Message": problem }).to_string()).into_response();
        }
        let one = |(name, expression, state): &(&str, &str, &str)| json!({ "Name": name, "State": state, "ScheduleExpression": expression, "ScheduleExpressionTimezone": "UTC" });
        match parts.uri.path().strip_prefix("/schedules/") {
            None => {
                assert!(parts.uri.query().is_some_and(|query| query.contains("NamePrefix=resync-")), "{}", parts.uri);
                let listed: Vec<Value> = schedules.iter().map(|(name, ..)| json!({ "Name": name })).collect();
                json!({ "Schedules": listed }).to_string().into_response()
            }
            Some(name) => {
                let found = schedules.iter().find(|(known, ..)| *known == name).expect("it is listed");
                one(found).to_string().into_response()
            }
        }
    }
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("some port is free");
    let address = listener.local_addr().expect("it listens");
    let router = Router::new().fallback(answer).with_state(schedules);
    tokio::spawn(async move { axum::serve(listener, router).await });
    format!("http://{address}")
}

#[test]
fn a_deployment_is_asked_through_its_function_url_and_its_schedules_of_the_scheduler() {
    let (cloud, runtime) = (Cloud::new(), Runtime::new().expect("a runtime starts"));
    let due = ("resync-RetryDueTick-1A", "cron(0/20 * * * ? *)", "ENABLED");
    let night = ("resync-RetryTimedOutTick-2B", "cron(0 0 * * ? *)", "ENABLED");
    let sweep = ("resync-RetryRecentTick-3C", "cron(30 11,23 * * ? *)", "ENABLED");
    let asleep = (sweep.0, sweep.1, "DISABLED");
    for (schedules, code, says) in [
        (vec![due, night, sweep], 0, "the three schedules of resync are enabled"),
        (vec![due, night, asleep], 8, "the schedule resync-RetryRecentTick-3C is disabled"),
        (vec![due, sweep], 8, "no schedule of resync ticks at cron(0 0 * * ? *), every midnight UTC"),
    ] {
        let url = runtime.block_on(scheduler(schedules));
        let mut command = cloud.command(&["doctor", "--stack", "resync", "--no-call"]);
        let output = command.env("AWS_ENDPOINT_URL_SCHEDULER", url).output().expect("the binary starts");
        let shown = String::from_utf8_lossy(&output.stdout).into_owned();
        assert_eq!(output.status.code(), Some(code), "{shown}{}", said(&output));
        assert!(shown.contains(says), "{shown}");
        assert!(
            shown.contains("fine   way: the deployment takes requests signed with your AWS credentials"),
            "{shown}"
        );
        assert!(shown.contains("fine   clock: "), "{shown}");
    }
}
