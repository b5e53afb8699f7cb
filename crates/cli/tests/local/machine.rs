//! One data directory, and the processes of the real binary over it.
//!
//! Must not know: what must come of them.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::time::Duration;

use rules::time::Timestamp;
use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};
use tempfile::TempDir;

use super::moment;

/// The most that anything may take: the looks at it, and how long they are apart.
const LOOKS: usize = 3_000;
const APART: Duration = Duration::from_millis(10);

/// A machine with a data directory that nobody else uses.
pub(crate) struct Machine {
    home: TempDir,
    now: Option<Timestamp>,
}

/// A running `resync local`.
pub(crate) struct Running {
    child: Child,
    pub(crate) url: String,
    pub(crate) token: String,
    log: PathBuf,
}

/// Looks until `found` gives something, and panics with `otherwise` when it never does.
pub(crate) fn await_some<T>(mut found: impl FnMut() -> Option<T>, otherwise: impl Fn() -> String) -> T {
    for _ in 0..LOOKS {
        if let Some(found) = found() {
            return found;
        }
        #[expect(clippy::disallowed_methods, reason = "a real process is waited for")]
        std::thread::sleep(APART);
    }
    panic!("it never came: {}", otherwise());
}

impl Machine {
    /// One without a data directory yet.
    pub(crate) fn new() -> Self {
        Self { home: TempDir::new().expect("a directory of the test's own"), now: None }
    }

    /// Sets the clock that processes started from now on see.
    pub(crate) fn at(&mut self, now: &str) {
        self.now = Some(Timestamp::parse(now).expect("a time"));
    }

    /// A file in the data directory.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.data().join(name)
    }

    fn data(&self) -> PathBuf {
        self.home.path().join("data")
    }

    /// Puts a file there, with this mode.
    pub(crate) fn write(&self, name: &str, text: &str, mode: u32) {
        fs::create_dir_all(self.data()).expect("the directory is made");
        fs::write(self.path(name), text).expect("the file is written");
        fs::set_permissions(self.path(name), fs::Permissions::from_mode(mode)).expect("the mode is set");
    }

    /// The text of a file there; empty when there is none.
    pub(crate) fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap_or_default()
    }

    /// Waits until it is noted that this tick was carried out to its end.
    pub(crate) fn await_tick(&self, job: &str, tick: &str) {
        let noted = || serde_json::from_str::<Value>(&self.read("ticks")).ok();
        await_some(|| noted().filter(|ticks| ticks[job] == tick), || format!("{job} {tick} in {}", self.read("ticks")));
    }

    fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_resync"));
        command.args(args).env("RESYNC_DATA", self.data()).env("NO_PROXY", "127.0.0.1").stdin(Stdio::null());
        command.env_remove("RUST_LOG").env_remove("RESYNC_CONFIG").current_dir(self.home.path());
        command.envs(self.now.map(moment::environment).into_iter().flatten());
        command
    }

    /// Runs a command to its end.
    pub(crate) fn resync(&self, args: &[&str]) -> Output {
        self.command(args).output().expect("the binary starts")
    }

    /// Runs a command that must succeed; gives its JSON.
    pub(crate) fn json(&self, args: &[&str]) -> Value {
        let output = self.command(args).arg("--json").output().expect("the binary starts");
        assert!(output.status.success(), "{args:?}: {}", said(&output));
        serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{args:?} gave no JSON"))
    }

    /// Starts `resync local` and waits until it listens.
    pub(crate) fn start(&self) -> Running {
        fs::create_dir_all(self.home.path()).expect("the home is there");
        let log = self.home.path().join("log");
        let file = fs::File::options().create(true).append(true).open(&log).expect("the log is opened");
        let child = self.command(&["local"]).stdout(Stdio::null()).stderr(file).spawn().expect("the binary starts");
        let endpoint = await_some(
            || serde_json::from_str::<Value>(&self.read("endpoint")).ok().filter(|found| found["pid"] == child.id()),
            || fs::read_to_string(&log).unwrap_or_default(),
        );
        let url = endpoint["url"].as_str().expect("a text").to_owned();
        Running { child, url, token: self.read("token"), log }
    }

    /// Puts a connection to this Salesforce and its secret's place into the directory.
    pub(crate) fn connect(&self, salesforce: &str) {
        self.write(
            "acme.json",
            &json!({ "client_id": "sim-client", "client_secret": "sim-secret" }).to_string(),
            0o600,
        );
        self.write("resync.toml", "[secrets.acme]\nfile = \"acme.json\"\n", 0o600);
        let settings = json!({
            "id": "acme", "policy": { "kind": "interval" },
            "target": { "login_url": salesforce, "flow": "client_credentials", "secret": "acme" },
            "external_ids": { "Contact": "Ext__c" },
        });
        self.write("settings.json", &settings.to_string(), 0o600);
        let settings = self.path("settings.json");
        let from = settings.to_str().expect("the path is UTF-8");
        self.json(&["connection", "create", "--from", from, "--no-test"]);
    }
}

/// What a command said to a person.
pub(crate) fn said(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).expect("messages are UTF-8")
}

impl Running {
    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// What it logged so far, and those that ran before it on this machine.
    pub(crate) fn log(&self) -> String {
        fs::read_to_string(&self.log).unwrap_or_default()
    }

    /// Waits until it has logged this.
    pub(crate) fn await_log(&self, text: &str) {
        await_some(|| self.log().contains(text).then_some(()), || format!("`{text}` in\n{}", self.log()));
    }

    pub(crate) fn signal(&self, signal: Signal) {
        let process = Pid::from_child(&self.child);
        kill_process(process, signal).expect("it is still there");
    }

    /// Waits for its end.
    pub(crate) fn end(mut self) -> ExitStatus {
        let log = self.log.clone();
        let said = || fs::read_to_string(&log).unwrap_or_default();
        let ended = await_some(|| self.child.try_wait().expect("it is ours"), said);
        moment::forget(self.child.id());
        ended
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if self.child.try_wait().is_ok_and(|ended| ended.is_none()) {
            self.child.kill().expect("it is still there");
            self.child.wait().expect("it ends");
            moment::forget(self.child.id());
        }
    }
}

/// Whether a file is its owner's alone.
pub(crate) fn is_private(path: &Path) -> bool {
    matches!(fs::metadata(path).expect("it is there").permissions().mode() & 0o777, 0o600 | 0o700)
}
