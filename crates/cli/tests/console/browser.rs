//! A real browser, driven over `WebDriver` (W3C) by Debian's chromedriver: just what the tests need of it.
//!
//! Must not know: the console.

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use tempfile::TempDir;

/// The most that anything may take: the looks at it, and how long they are apart.
const LOOKS: usize = 600;
const APART: Duration = Duration::from_millis(50);

/// How many drivers are asked for a port.
const DRIVERS: usize = 5;

/// The name under which `WebDriver` gives an element.
const ELEMENT: &str = "element-6066-11e4-a52e-4f735466cecf";

/// One browser with one window.
pub(crate) struct Browser {
    driver: Child,
    http: reqwest::Client,
    session: String,
    downloads: TempDir,
}

/// How the browser shows pages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Scheme {
    Light,
    Dark,
}

impl Scheme {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Light => "light",
            Self::Dark => "dark",
        }
    }
}

impl Browser {
    /// Starts one.
    pub(crate) async fn start() -> Self {
        let (driver, port) = listening();
        let downloads = TempDir::new().expect("a directory of the test's own");
        let http = reqwest::Client::builder().no_proxy().build().expect("a client");
        let mut browser = Self { driver, http, session: format!("http://127.0.0.1:{port}/session"), downloads };
        let options = json!({
            "args": [
                "--headless=new", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking",
                "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage", "--hide-scrollbars",
                format!("--user-data-dir={}", browser.downloads.path().join("profile").display()),
            ],
            "prefs": { "download.default_directory": browser.downloads.path().join("downloads") },
        });
        let wanted =
            json!({ "capabilities": { "alwaysMatch": { "browserName": "chrome", "goog:chromeOptions": options } } });
        let session = browser.ask("", &wanted).await;
        let id = session["sessionId"].as_str().unwrap_or_else(|| panic!("no session: {session}"));
        browser.session = format!("{}/{id}", browser.session);
        browser
    }

    async fn ask(&self, command: &str, body: &Value) -> Value {
        self.try_ask(command, body).await.unwrap_or_else(|problem| panic!("{command} {body}: {problem}"))
    }

    async fn try_ask(&self, command: &str, body: &Value) -> Result<Value, Value> {
        let sent = self.http.post(format!("{}{command}", self.session)).json(body).send().await.expect("it answers");
        let is_done = sent.status().is_success();
        let mut answer: Value = sent.json().await.expect("it answers JSON");
        if is_done { Ok(answer["value"].take()) } else { Err(answer["value"].take()) }
    }

    async fn read(&self, what: &str) -> Value {
        let sent = self.http.get(format!("{}{what}", self.session)).send().await.expect("it answers");
        sent.json::<Value>().await.expect("it answers JSON")["value"].take()
    }

    async fn develop(&self, command: &str, params: &Value) -> Value {
        self.ask("/goog/cdp/execute", &json!({ "cmd": command, "params": params })).await
    }

    /// Goes to an address.
    pub(crate) async fn go(&self, url: &str) {
        self.ask("/url", &json!({ "url": url })).await;
    }

    /// Takes a cookie for this address.
    pub(crate) async fn take_cookie(&self, url: &str, (name, value): (&str, &str)) {
        self.go(url).await;
        let cookie = json!({ "name": name, "value": value, "path": "/", "httpOnly": true, "sameSite": "Strict" });
        self.ask("/cookie", &json!({ "cookie": cookie })).await;
    }

    /// Where it is.
    pub(crate) async fn url(&self) -> String {
        self.read("/url").await.as_str().expect("a text").to_owned()
    }

    /// Runs a script in the page; gives what it returns.
    pub(crate) async fn run(&self, script: &str) -> Value {
        self.ask("/execute/sync", &json!({ "script": script, "args": [] })).await
    }

    /// Runs a script that ends by calling back; gives what it says.
    pub(crate) async fn run_async(&self, script: &str) -> Value {
        self.ask("/execute/async", &json!({ "script": script, "args": [] })).await
    }

    /// What a person reads on the page.
    pub(crate) async fn text(&self) -> String {
        self.run("return document.body.innerText").await.as_str().expect("a text").to_owned()
    }

    /// Waits until the page says this.
    pub(crate) async fn until_says(&self, words: &str) {
        for _ in 0..LOOKS {
            if self.text().await.contains(words) {
                return;
            }
            pause().await;
        }
        panic!("{words:?} never came at {}:\n{}", self.url().await, self.text().await);
    }

    /// The first element of this CSS selector, if there is one.
    async fn find(&self, selector: &str) -> Option<String> {
        let found = self.try_ask("/element", &json!({ "using": "css selector", "value": selector })).await.ok()?;
        Some(found[ELEMENT].as_str().expect("a text").to_owned())
    }

    /// Whether there is an element of this selector.
    pub(crate) async fn has(&self, selector: &str) -> bool {
        self.find(selector).await.is_some()
    }

    async fn await_element(&self, selector: &str) -> String {
        for _ in 0..LOOKS {
            if let Some(found) = self.find(selector).await {
                return found;
            }
            pause().await;
        }
        panic!("{selector} never came at {}:\n{}", self.url().await, self.text().await);
    }

    /// Clicks on an element, as a person does.
    pub(crate) async fn click(&self, selector: &str) {
        let element = self.await_element(selector).await;
        self.ask(&format!("/element/{element}/click"), &json!({})).await;
    }

    /// Clicks on the page's first button or link that begins with this text.
    pub(crate) async fn click_on(&self, words: &str) {
        let path = format!("//main//*[self::a or self::button][starts-with(normalize-space(.), '{words}')]");
        for _ in 0..LOOKS {
            let found = self.try_ask("/element", &json!({ "using": "xpath", "value": path })).await;
            if let Ok(found) = found {
                let element = found[ELEMENT].as_str().expect("a text").to_owned();
                self.ask(&format!("/element/{element}/click"), &json!({})).await;
                return;
            }
            pause().await;
        }
        panic!("no {words:?} to click on at {}:\n{}", self.url().await, self.text().await);
    }

    /// Writes into a field, in place of what is there.
    pub(crate) async fn write(&self, selector: &str, text: &str) {
        let element = self.await_element(selector).await;
        self.ask(&format!("/element/{element}/clear"), &json!({})).await;
        if !text.is_empty() {
            self.ask(&format!("/element/{element}/value"), &json!({ "text": text })).await;
        }
    }

    /// Shows pages at this width, and light or dark.
    pub(crate) async fn show(&self, width: u32, scheme: Scheme) {
        let size = json!({ "width": width, "height": 900, "deviceScaleFactor": 1, "mobile": false });
        self.develop("Emulation.setDeviceMetricsOverride", &size).await;
        let feature = json!({ "features": [{ "name": "prefers-color-scheme", "value": scheme.name() }] });
        self.develop("Emulation.setEmulatedMedia", &feature).await;
    }

    /// From now on every answer takes this long to come.
    pub(crate) async fn slow_down(&self, by: Duration) {
        self.develop("Network.enable", &json!({})).await;
        let latency = u64::try_from(by.as_millis()).expect("it is short");
        let line = json!({ "offline": false, "latency": latency, "downloadThroughput": -1, "uploadThroughput": -1 });
        self.develop("Network.emulateNetworkConditions", &line).await;
    }

    /// A picture of the whole page, into a file.
    pub(crate) async fn picture(&self, width: u32, file: &Path) {
        let height = self.run("return document.documentElement.scrollHeight").await;
        let size = json!({ "width": width, "height": height, "deviceScaleFactor": 1, "mobile": false });
        self.develop("Emulation.setDeviceMetricsOverride", &size).await;
        let taken = self.develop("Page.captureScreenshot", &json!({ "format": "png" })).await;
        let bytes = STANDARD.decode(taken["data"].as_str().expect("a text")).expect("it is base64");
        fs::write(file, bytes).expect("the picture is written");
    }

    /// What is downloaded, when it is there as a whole.
    pub(crate) async fn downloaded(&self) -> PathBuf {
        let directory = self.downloads.path().join("downloads");
        for _ in 0..LOOKS {
            let files = fs::read_dir(&directory).into_iter().flatten().flatten().map(|entry| entry.path());
            let whole = |file: &PathBuf| file.extension().is_none_or(|ending| ending != "crdownload");
            if let Some(file) = files.into_iter().find(whole) {
                return file;
            }
            pause().await;
        }
        panic!("nothing was downloaded");
    }
}

async fn pause() {
    #[expect(clippy::disallowed_methods, reason = "a real browser is waited for")]
    tokio::time::sleep(APART).await;
}

/// A driver and the port that it listens at. It lets the system choose a port for IPv4 and ends when something else holds
/// the same one for IPv6, so that on a machine with many connections another one is asked for a port.
fn listening() -> (Child, u16) {
    let mut said = Vec::new();
    for _ in 0..DRIVERS {
        let mut driver = Command::new("chromedriver")
            .arg("--port=0")
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("chromedriver is installed: apt-get install chromium chromium-driver");
        if let Some(port) = port(&mut driver, &mut said) {
            return (driver, port);
        }
        said.push(format!("ended: {:?}", driver.wait().map(|status| status.to_string())));
    }
    panic!("no chromedriver listened; they said:\n{}", said.join("\n"));
}

fn port(driver: &mut Child, said: &mut Vec<String>) -> Option<u16> {
    let output = BufReader::new(driver.stdout.take().expect("it is piped"));
    for line in output.lines().map_while(Result::ok) {
        // The first line names the port that was asked for, a later one the port that it got.
        if let Some(port) = line.split("successfully on port ").nth(1) {
            return Some(port.trim_end_matches('.').parse().expect("a port"));
        }
        said.push(line);
    }
    None
}

impl Drop for Browser {
    fn drop(&mut self) {
        // The browser goes with its driver only when it is told to: ask for that on a thread of its own, as this may be async.
        let session = self.session.clone();
        let ended = std::thread::spawn(move || {
            let url = session.strip_prefix("http://").expect("it begins so");
            let (host, path) = url.split_once('/').expect("it has a path");
            let mut stream = std::net::TcpStream::connect(host)?;
            std::io::Write::write_all(
                &mut stream,
                format!("DELETE /{path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n").as_bytes(),
            )?;
            // The driver answers when the browser has ended, and may keep the connection open after that.
            stream.set_read_timeout(Some(Duration::from_secs(10)))?;
            std::io::Read::read(&mut stream, &mut [0; 64])
        });
        drop(ended.join());
        self.driver.kill().expect("it is running");
        self.driver.wait().expect("it ends");
    }
}
