//! `resync console --url`: a browser on this machine asks a deployment, and only this browser.

use std::io::Read;
use std::process::{Child, ExitStatus, Stdio};

use axum::http::StatusCode;
use reqwest::header::{CONTENT_SECURITY_POLICY, COOKIE, HOST, LOCATION, ORIGIN, SET_COOKIE};
use reqwest::redirect::Policy;
use reqwest::{Client, Response};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};

use super::cloud::Cloud;
use super::world::said;

/// A running console, and the browser that its link let in.
struct Console {
    child: Child,
    base: String,
    cookie: String,
    http: Client,
}

impl Console {
    async fn open(cloud: &Cloud) -> Self {
        let mut command = cloud.command(&["console", "--no-open", "--json"]);
        let mut child = command.stdout(Stdio::piped()).spawn().expect("the binary starts");
        let link = link(&mut child);
        let http = Client::builder().no_proxy().redirect(Policy::none()).build().expect("a client");
        let opened = http.get(&link).send().await.expect("it answers");
        assert_eq!((opened.status().as_u16(), &opened.headers()[LOCATION]), (303, &"/".parse().expect("a header")));
        let cookie =
            opened.headers()[SET_COOKIE].to_str().expect("a text").split(';').next().expect("a pair").to_owned();
        let again = http.get(&link).send().await.expect("it answers");
        assert_eq!(again.status(), 401, "the link works once");
        let base = link.split_once("/open").expect("the link opens the console").0.to_owned();
        Self { child, base, cookie, http }
    }

    async fn get(&self, path: &str) -> Response {
        let request = self.http.get(format!("{}{path}", self.base)).header(COOKIE, &self.cookie);
        request.header("accept", "text/html").header("x-forwarded-for", "10.0.0.1").send().await.expect("it answers")
    }

    async fn post(&self, path: &str, origin: Option<&str>) -> u16 {
        let request = self.http.post(format!("{}{path}", self.base)).header(COOKIE, &self.cookie).json(&json!({}));
        let request = origin.into_iter().fold(request, |request, origin| request.header(ORIGIN, origin));
        request.send().await.expect("it answers").status().as_u16()
    }

    fn end(mut self) -> ExitStatus {
        kill_process(Pid::from_child(&self.child), Signal::INT).expect("it is running");
        self.child.wait().expect("it ends")
    }
}

/// The link in what the command prints.
fn link(child: &mut Child) -> String {
    let mut printed = Vec::new();
    let mut output = child.stdout.take().expect("it is piped");
    let mut byte = [0];
    while output.read(&mut byte).is_ok_and(|read| read == 1) {
        printed.push(byte[0]);
        if let Ok(said) = serde_json::from_slice::<Value>(&printed) {
            return said["url"].as_str().expect("a link").to_owned();
        }
    }
    panic!("it ended: {}", String::from_utf8_lossy(&printed));
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Runtime::new().expect("a runtime starts")
}

#[test]
fn a_browser_sees_the_pages_of_a_deployment_and_acts_there_signed() {
    let cloud = Cloud::new();
    runtime().block_on(async {
        let console = Console::open(&cloud).await;
        let page = console.get("/").await;
        assert_eq!(page.status(), 200);
        let policy = page.headers()[CONTENT_SECURITY_POLICY].to_str().expect("a text").to_owned();
        assert!(policy.contains("default-src"), "{policy}");
        assert!(page.headers().get(SET_COOKIE).is_none());
        let text = page.text().await.expect("it is a text");
        assert!(text.contains("marketing"), "{text}");
        let errors = console.get("/v1/connections/marketing/errors").await;
        assert_eq!(errors.json::<Value>().await.expect("JSON")["records"], 199);
        assert_eq!(console.post("/v1/connections/marketing/pause", Some(&console.base)).await, 200);
        for taken in cloud.url.taken() {
            for told in ["cookie", "origin", "x-forwarded-for", "referer"] {
                assert!(taken.headers.get(told).is_none(), "the function is told {told}");
            }
            let host = taken.headers[HOST].to_str().expect("a text");
            assert_eq!(format!("http://{host}"), cloud.url.url, "and its own host");
        }
        assert_eq!(console.end().code(), Some(0));
    });
    let shown = cloud.world.json(&["connection", "show", "marketing"]);
    assert_eq!(shown["connection"]["paused"], true);
}

#[test]
fn no_other_page_and_no_other_program_acts_through_it() {
    let cloud = Cloud::new();
    runtime().block_on(async {
        let console = Console::open(&cloud).await;
        let before = cloud.url.taken().len();
        assert_eq!(console.post("/v1/connections/marketing/pause", Some("https://evil.example")).await, 403);
        assert_eq!(console.post("/v1/connections/marketing/pause", None).await, 403);
        let without = console.http.get(format!("{}/", console.base)).send().await.expect("it answers");
        assert_eq!(without.status(), 401);
        let named = console.http.get(format!("{}/", console.base)).header(HOST, "evil.example");
        let named = named.header(COOKIE, &console.cookie).send().await.expect("it answers");
        assert_eq!(named.status(), 421);
        assert_eq!(cloud.url.taken().len(), before, "the function is not asked");
        assert_eq!(console.end().code(), Some(0));
    });
}

#[test]
fn an_export_that_comes_in_parts_reaches_the_browser_as_one_file() {
    let cloud = Cloud::new();
    let rows = (0..1_900).map(|row| format!("P-{row:05},Ada,UNABLE_TO_LOCK_ROW: locked"));
    let lines: Vec<String> = std::iter::once("Ext_Id__c,LastName,ERROR".to_owned()).chain(rows).collect();
    std::fs::write(cloud.world.path("many.csv"), lines.join("\n") + "\n").expect("it is written");
    cloud.world.done(&["import", "many.csv", "--connection", "marketing", "--object", "Contact"]);
    runtime().block_on(async {
        let console = Console::open(&cloud).await;
        let file = console.get("/v1/connections/marketing/export").await;
        let kind = file.headers()["content-type"].to_str().expect("a text").to_owned();
        assert!(kind.starts_with("text/csv"), "{kind}");
        let text = file.text().await.expect("it is a text");
        let lines: std::collections::BTreeSet<&str> = text.lines().collect();
        assert_eq!(
            (text.lines().count(), lines.len()),
            (1 + 199 + 1_900, 1 + 199 + 1_900),
            "a head, and each record once"
        );
        let asked = cloud.url.taken().iter().filter(|taken| taken.path.contains("/export?limit=")).count();
        assert!(asked > 1, "it came in {asked} parts");
        assert_eq!(console.end().code(), Some(0));
    });
}

#[test]
fn what_aws_refuses_is_said_before_a_browser_opens_and_in_it() {
    let cloud = Cloud::new();
    let now = "Thu, 01 Jan 2026 00:00:00 GMT";
    let console = runtime().block_on(Console::open(&cloud));
    cloud.url.refuse(StatusCode::TOO_MANY_REQUESTS, json!({ "message": "Rate Exceeded." }), now);
    let (status, text) = runtime().block_on(async {
        let page = console.get("/").await;
        (page.status(), page.text().await.expect("it is a text"))
    });
    assert_eq!(status, 503, "{text}");
    assert!(text.contains("AWS has no room for a call of the function now"), "{text}");
    assert_eq!(console.end().code(), Some(0));
    let refused = cloud.command(&["console", "--no-open"]).output().expect("the binary starts");
    assert_eq!(refused.status.code(), Some(8));
    assert!(said(&refused).contains("AWS has no room"), "{}", said(&refused));
}
