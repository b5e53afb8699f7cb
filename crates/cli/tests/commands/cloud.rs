//! The commands over a function URL: each request signed, the answers the same as over a directory, refusals told in words.

use std::process::{Command, Output};

use axum::http::StatusCode;
use serde_json::json;

use super::function_url::FunctionUrl;
use super::running::Local;
use super::sigv4;
use super::world::{World, said};

/// A deployment, and a person with credentials who has no data directory.
pub(crate) struct Cloud {
    pub(crate) world: World,
    pub(crate) url: FunctionUrl,
    _local: Local,
}

impl Cloud {
    pub(crate) fn new() -> Self {
        let world = World::filled();
        let local = world.local();
        let url = FunctionUrl::before(&world.data());
        Self { world, url, _local: local }
    }

    /// The binary, for that person.
    pub(crate) fn command(&self, args: &[&str]) -> Command {
        let mut command = self.world.command(args);
        command.env_remove("RESYNC_DATA").env("RESYNC_URL", &self.url.url).env("HOME", self.world.path("nobody"));
        sign_in(&mut command);
        command
    }

    fn resync(&self, args: &[&str]) -> Output {
        self.command(args).output().expect("the binary starts")
    }

    fn done(&self, args: &[&str]) -> String {
        let output = self.resync(args);
        assert_eq!(output.status.code(), Some(0), "{args:?}: {}", said(&output));
        String::from_utf8(output.stdout).expect("the output is UTF-8")
    }
}

fn sign_in(command: &mut Command) {
    command.env("AWS_ACCESS_KEY_ID", sigv4::ACCESS_KEY).env("AWS_SECRET_ACCESS_KEY", sigv4::SECRET_KEY);
    command.env("AWS_SESSION_TOKEN", sigv4::SESSION_TOKEN).env("AWS_REGION", sigv4::REGION);
    command.env("AWS_EC2_METADATA_DISABLED", "true").env_remove("AWS_PROFILE");
}

#[test]
fn every_command_over_data_works_over_a_function_url_and_answers_alike() {
    let cloud = Cloud::new();
    for args in [
        &["connection", "list"][..],
        &["errors", "marketing"],
        &["records", "marketing", "--limit", "3"],
        &["record", "marketing/Contact/C-00001"],
        &["usage", "marketing"],
        &["runs", "marketing"],
        &["suspension", "marketing"],
        &["retries", "marketing"],
        &["audit", "marketing"],
        &["export", "marketing", "--format", "jsonl"],
    ] {
        assert_eq!(cloud.done(args), cloud.world.done(args), "{args:?}");
    }
    assert!(cloud.done(&["connection", "pause", "marketing"]).starts_with("marketing is paused"));
    assert!(cloud.done(&["connection", "resume", "marketing"]).starts_with("marketing goes on"));
    assert!(cloud.done(&["limit", "marketing", "20000"]).contains("15,000"));
    let asked = cloud.done(&["retry", "marketing/Contact/C-00001", "--id", "friday", "--wait"]);
    assert!(asked.contains("Retry friday of Contact/C-00001: done"), "{asked}");
    assert!(
        cloud.url.taken().iter().any(|taken| taken.headers.get("idempotency-key").is_some_and(|id| id == "friday"))
    );
}

#[test]
fn a_connection_is_created_in_a_deployment_with_its_secret_by_arn() {
    let cloud = Cloud::new();
    let arn = "arn:aws:secretsmanager:eu-central-1:123456789012:secret:resync/sales-AbCdEf";
    let created = cloud.done(&[
        "connection",
        "create",
        "sales",
        "--policy",
        "interval",
        "--login-url",
        "https://acme.my.salesforce.com",
        "--flow",
        "client-credentials",
        "--secret",
        arn,
        "--external-id",
        "Contact=Ext_Id__c",
        "--no-test",
    ]);
    assert!(created.contains("the stack runs its schedules"), "{created}");
    let shown: serde_json::Value =
        serde_json::from_str(&cloud.done(&["connection", "show", "sales", "--json"])).expect("JSON");
    assert_eq!(shown["connection"]["target"]["secret"], arn);
}

#[test]
fn ids_with_signs_that_are_encoded_in_a_path_are_signed_right() {
    let cloud = Cloud::new();
    let text = "Ext_Id__c,LastName,ERROR\na/b (c)+ü~*'!%20,Kaya,UNABLE_TO_LOCK_ROW: locked\n";
    std::fs::write(cloud.world.path("odd.csv"), text).expect("it is written");
    cloud.done(&["import", "odd.csv", "--connection", "marketing", "--object", "Contact"]);
    let shown = cloud.done(&["record", "marketing/Contact/a/b (c)+ü~*'!%20"]);
    assert!(shown.contains("a/b (c)+ü~*'!%20"), "{shown}");
}

#[test]
fn an_import_goes_over_a_function_url_in_requests_that_aws_takes() {
    let cloud = Cloud::new();
    // Quotes and control signs are longer in JSON, and the function gets the JSON within JSON.
    let row = |row: usize| format!("L-{row},\"{}\",UNABLE_TO_LOCK_ROW: locked\n", "\"\"\t\u{1}".repeat(9_000));
    let text = "Ext_Id__c,LastName,ERROR\n".to_owned() + &(1..=60).map(row).collect::<String>();
    std::fs::write(cloud.world.path("large.csv"), text).expect("it is written");
    let report = cloud.done(&["import", "large.csv", "--connection", "marketing", "--object", "Contact"]);
    assert!(report.contains("60 accepted, 0 updated, 0 unchanged, 0 refused"), "{report}");
    let largest = cloud.url.taken().iter().map(|taken| taken.bytes).max().unwrap_or(0);
    assert!(largest > 500_000 && largest < 3_000_000, "{largest}");
}

#[test]
fn refusals_of_aws_are_told_with_their_mend() {
    let cloud = Cloud::new();
    let now = "Thu, 01 Jan 2026 00:00:00 GMT";
    let list = ["connection", "list"];
    let wrong = cloud.command(&list).env("AWS_SECRET_ACCESS_KEY", "another").output().expect("the binary starts");
    assert_eq!(wrong.status.code(), Some(1));
    assert!(said(&wrong).contains("check that AWS_SECRET_ACCESS_KEY belongs to AWS_ACCESS_KEY_ID"), "{}", said(&wrong));
    assert!(!said(&wrong).contains("another"), "a secret is never shown: {}", said(&wrong));
    let none = cloud.command(&list).env_remove("AWS_ACCESS_KEY_ID").output().expect("the binary starts");
    assert_eq!(none.status.code(), Some(3));
    assert!(said(&none).contains("no AWS credentials were found; set AWS_ACCESS_KEY_ID"), "{}", said(&none));
    cloud.url.refuse(StatusCode::FORBIDDEN, json!({ "message": "Signature expired" }), now);
    let skewed = cloud.resync(&list);
    assert!(said(&skewed).contains("ahead of AWS's") && said(&skewed).contains("set the clock"), "{}", said(&skewed));
    cloud.url.refuse(StatusCode::BAD_GATEWAY, json!({ "Message": "Internal Server Error" }), now);
    assert!(said(&cloud.resync(&list)).contains("its log says why"));
}

#[test]
fn a_url_is_https_or_this_machine_and_stands_for_a_directory() {
    let world = World::new();
    let refused = |args: &[&str], code: i32, told: &str| {
        let mut command = world.command(args);
        command.env_remove("RESYNC_DATA").env_remove("AWS_REGION").env_remove("AWS_DEFAULT_REGION");
        let output = command.output().expect("the binary starts");
        assert_eq!(output.status.code(), Some(code), "{args:?}: {}", said(&output));
        assert!(said(&output).contains(told), "{args:?}: {}", said(&output));
    };
    refused(&["connection", "list", "--url", "http://abc.lambda-url.eu-central-1.on.aws"], 2, "only https");
    refused(&["connection", "list", "--url", "https://a.on.aws", "--data", "x"], 2, "cannot be used with");
    refused(&["connection", "list", "--url", "http://127.0.0.1:9"], 3, "name it by --region");
    let both = world.command(&["connection", "list"]).env("RESYNC_URL", "https://a.on.aws").output();
    let both = both.expect("the binary starts");
    assert_eq!(both.status.code(), Some(3));
    assert!(said(&both).contains("RESYNC_URL and RESYNC_DATA are both set"), "{}", said(&both));
}
