//! A demo that is served, and a way to ask it without a browser.
//!
//! Must not know: what is tested.

use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Output, Stdio};

use reqwest::header::{COOKIE, SET_COOKIE};
use reqwest::redirect::Policy;
use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};

/// A running `resync demo --serve`.
pub(crate) struct Served {
    child: Child,
    base: String,
    /// The directory by which the commands find it.
    pub(crate) data: PathBuf,
    cookie: String,
    http: reqwest::Client,
}

impl Served {
    /// Plays the three days and serves the morning after. Its first link is used here, for the cookie.
    pub(crate) async fn start() -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_resync"))
            .args(["demo", "--serve", "--json", "--records", "60"])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .expect("the binary starts");
        let (link, data) = served(&mut child);
        let (base, _) = link.split_once("/open").expect("the link opens the console");
        let http = reqwest::Client::builder().no_proxy().redirect(Policy::none()).build().expect("a client");
        let opened = http.get(&link).send().await.expect("it answers");
        assert_eq!(opened.status(), 303);
        let cookie =
            opened.headers()[SET_COOKIE].to_str().expect("a text").split(';').next().expect("a pair").to_owned();
        Self { child, base: base.to_owned(), data, cookie, http }
    }

    /// Runs a command against it, in another terminal as it were.
    pub(crate) fn resync(&self, args: &[&str]) -> Output {
        let mut command = Command::new(env!("CARGO_BIN_EXE_resync"));
        command.args(args).env("RESYNC_DATA", &self.data).env_remove("RESYNC_URL").output().expect("the binary starts")
    }

    /// Ends it as a person does.
    pub(crate) fn end(&mut self) -> ExitStatus {
        kill_process(Pid::from_child(&self.child), Signal::INT).expect("it is running");
        self.child.wait().expect("it ends")
    }

    /// The address of a page.
    pub(crate) fn url(&self, path: &str) -> String {
        format!("{}{path}", self.base)
    }

    /// The session's cookie: its name and its value.
    pub(crate) fn cookie(&self) -> (&str, &str) {
        self.cookie.split_once('=').expect("a pair")
    }

    /// Reads a page or a route: its status and its text.
    pub(crate) async fn get(&self, path: &str) -> (u16, String) {
        self.sent(self.http.get(self.url(path))).await
    }

    /// Sends a form as a browser without JavaScript does: its status, and where it leads or what it says.
    pub(crate) async fn post(&self, path: &str, form: &[(&str, &str)]) -> (u16, String) {
        let body = form.iter().fold(String::new(), |body, (name, value)| {
            let value = percent_encoding::utf8_percent_encode(value, percent_encoding::NON_ALPHANUMERIC);
            format!("{body}{name}={value}&")
        });
        let request = self.http.post(self.url(path)).header("content-type", "application/x-www-form-urlencoded");
        self.sent(request.header("origin", &self.base).body(body)).await
    }

    /// The answer of a JSON route.
    pub(crate) async fn json(&self, path: &str) -> Value {
        let (status, text) = self.get(path).await;
        assert_eq!(status, 200, "{path}: {text}");
        serde_json::from_str(&text).expect("it answers JSON")
    }

    /// A source's file says that this Contact of marketing failed.
    pub(crate) async fn report(&self, id: &str, message: &str) {
        let row = json!({
            "object": "Contact", "external_id": id, "source_version": 1, "failed_at": "2026-10-27T05:00:00Z",
            "payload": { "LastName": "x" },
            "error": { "code": "FIELD_CUSTOM_VALIDATION_EXCEPTION", "message": message },
        });
        let request = self.http.post(self.url("/v1/connections/marketing/imports")).header("origin", &self.base);
        let (status, text) = self.sent(request.json(&json!({ "rows": [row] }))).await;
        assert_eq!(status, 200, "{text}");
        assert!(text.contains("accepted"), "{text}");
    }

    async fn sent(&self, request: reqwest::RequestBuilder) -> (u16, String) {
        let request = request.header(COOKIE, &self.cookie).header("accept", "text/html");
        let answer = request.send().await.expect("it answers");
        let status = answer.status().as_u16();
        let place = answer.headers().get("location").map(|place| place.to_str().expect("a text").to_owned());
        let text = answer.text().await.expect("it answers a text");
        (status, place.unwrap_or(text))
    }
}

/// The link that opens the console, and the directory for the commands.
fn served(child: &mut Child) -> (String, PathBuf) {
    let output = BufReader::new(child.stdout.take().expect("it is piped"));
    for line in output.lines().map_while(Result::ok) {
        let said: Value = serde_json::from_str(&line).unwrap_or(Value::Null);
        if let Some(link) = said["open"].as_str() {
            return (link.to_owned(), said["data"].as_str().expect("a directory").into());
        }
    }
    panic!("the demo ended before it was served");
}

impl Drop for Served {
    fn drop(&mut self) {
        // So that it removes its directory.
        if matches!(self.child.try_wait(), Ok(None)) {
            self.end();
        }
    }
}
