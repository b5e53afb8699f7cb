//! One data directory, a simulated Salesforce, and the lives of the processes over them.
//!
//! Must not know: what must come of it.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use rules::time::Timestamp;
use salesforce_sim::{Fault, Rule, Settings, Simulator};
use serde_json::{Value, json};
use tempfile::TempDir;

use super::moment;

/// The calls that may be made in 24 hours: fewer than the lives would make.
pub(crate) const CAP: usize = 30;

/// The objects, each of which makes one batch of a tick.
pub(crate) const OBJECTS: [&str; 3] = ["Account", "Contact", "Lead"];

const RECORDS: usize = 12;

/// How a life ends.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Death {
    /// When Salesforce has got so many more requests; or, where the budget allows none, after a second.
    AfterRequests(usize),
    /// So long after it is ready.
    AfterMillis(u64),
}

pub(crate) struct World {
    pub(crate) simulator: Simulator,
    directory: TempDir,
    offset: Arc<AtomicI64>,
}

/// The external ids of one object's records.
pub(crate) fn ids() -> impl Iterator<Item = String> {
    (1..=RECORDS).map(|number| format!("r{number:02}"))
}

/// Whether Salesforce refuses the record, every time.
pub(crate) fn is_refused(id: &str) -> bool {
    ["r03", "r06"].contains(&id)
}

#[expect(clippy::disallowed_methods, reason = "the simulator's clock goes as the killed process's does")]
fn wall() -> i64 {
    jiff::Timestamp::now().as_millisecond()
}

#[expect(clippy::disallowed_methods, reason = "a real process is waited for")]
async fn pause(span: Duration) {
    tokio::time::sleep(span).await;
}

impl World {
    /// A directory with a connection and files of failed rows, taken in at `now`.
    pub(crate) async fn set(now: Timestamp) -> Self {
        let offset = Arc::new(AtomicI64::new(now.as_millis() - wall()));
        let simulator = simulator(&offset).await;
        let directory = TempDir::new().expect("a directory of the test's own");
        let world = Self { simulator, directory, offset };
        world.write("acme.json", &json!({ "client_id": "sim-client", "client_secret": "sim-secret" }).to_string());
        fs::set_permissions(world.path("acme.json"), fs::Permissions::from_mode(0o600)).expect("the mode is set");
        world.write("resync.toml", "[secrets.acme]\nfile = \"acme.json\"\n");
        let settings = json!({
            "id": "acme", "policy": { "kind": "interval" }, "budget": { "cap_without_limit": CAP },
            "target": { "login_url": world.simulator.url(), "flow": "client_credentials", "secret": "acme" },
            "external_ids": { "Account": "Ext__c", "Contact": "Ext__c", "Lead": "Ext__c" },
            "request_timeout_seconds": 20,
        });
        world.write("acme-settings.json", &settings.to_string());
        world.resync(now, &["connection", "create", "--from", "acme-settings.json", "--no-test"]);
        for object in OBJECTS {
            let row = |id| format!("{id},Novak,UNABLE_TO_LOCK_ROW: unable to obtain access");
            let rows: Vec<String> = ids().map(row).collect();
            let file = format!("{object}.csv");
            world.write(&file, &format!("Ext__c,LastName,ERROR\n{}\n", rows.join("\n")));
            let as_of = (now - Duration::from_mins(5)).to_string();
            world.resync(now, &["import", &file, "--connection", "acme", "--object", object, "--as-of", &as_of]);
        }
        world
    }

    fn path(&self, name: &str) -> std::path::PathBuf {
        self.directory.path().join(name)
    }

    fn write(&self, name: &str, text: &str) {
        fs::write(self.path(name), text).expect("the file is written");
    }

    fn command(&self, now: Timestamp, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_resync"));
        command.args(args).current_dir(self.directory.path()).env("RESYNC_DATA", self.directory.path());
        command.envs(moment::environment(now)).env("NO_PROXY", "127.0.0.1").stdin(Stdio::null());
        command
    }

    /// Runs a command to its end; it must succeed.
    pub(crate) fn resync(&self, now: Timestamp, args: &[&str]) -> Value {
        let output = self.command(now, args).arg("--json").output().expect("the binary starts");
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.success(), "{args:?}: {said}");
        serde_json::from_slice(&output.stdout).unwrap_or(Value::Null)
    }

    /// The instant that a process under way sees.
    pub(crate) fn now(&self) -> Timestamp {
        Timestamp::from_millis(wall() + self.offset.load(Ordering::SeqCst))
    }

    async fn start(&self, at: Timestamp) -> Child {
        self.offset.store(at.as_millis() - wall(), Ordering::SeqCst);
        let log = fs::File::options().create(true).append(true).open(self.path("local.log")).expect("the log is there");
        let child = self.command(at, &["local"]).stdout(Stdio::null()).stderr(log).spawn().expect("the binary starts");
        self.await_endpoint(child.id()).await;
        child
    }

    /// Waits until the process says where it listens.
    async fn await_endpoint(&self, process: u32) {
        for _ in 0..3_000 {
            let text = fs::read_to_string(self.path("endpoint")).unwrap_or_default();
            let endpoint: Value = serde_json::from_str(&text).unwrap_or_default();
            if endpoint["pid"] == process {
                return;
            }
            pause(Duration::from_millis(10)).await;
        }
        panic!("resync local did not start:\n{}", self.log());
    }

    fn log(&self) -> String {
        fs::read_to_string(self.path("local.log")).unwrap_or_default()
    }

    /// One life from `at` on.
    pub(crate) async fn live_and_die(&mut self, at: Timestamp, death: Death) {
        let before = self.simulator.log().len();
        let mut child = self.start(at).await;
        match death {
            Death::AfterMillis(millis) => pause(Duration::from_millis(millis)).await,
            Death::AfterRequests(requests) => {
                for _ in 0..3_000 {
                    if self.simulator.log().len() >= before + requests {
                        break;
                    }
                    pause(Duration::from_millis(1)).await;
                }
            }
        }
        kill(&mut child);
    }

    /// One life from after the tick at `at` on, and as many more as it takes, each an hour after the other, until only what Salesforce
    /// refuses is left. The tick is caught up: in the second before it the one before would be as well, and what that failed to
    /// save would rightly be sent again a second later.
    pub(crate) async fn live_until_done(&mut self, at: Timestamp) {
        let mut at = at;
        for _ in 0..10 {
            let mut child = self.start(at + Duration::from_secs(40)).await;
            let done = self.await_quiet().await;
            kill(&mut child);
            if done {
                return;
            }
            at = at + Duration::from_hours(1);
        }
        panic!("records were never tried:\n{}", self.log());
    }

    /// Whether within a tick's few seconds all is done that can be.
    async fn await_quiet(&self) -> bool {
        for _ in 0..60 {
            pause(Duration::from_millis(100)).await;
            let failing = self.resync(self.now(), &["errors", "acme"])["records"].as_u64();
            let refused = ids().filter(|id| is_refused(id)).count() * OBJECTS.len();
            if failing == u64::try_from(refused).ok() {
                return true;
            }
        }
        false
    }
}

fn kill(child: &mut Child) {
    let process = child.id();
    child.kill().expect("it is still there");
    child.wait().expect("it ends");
    moment::forget(process);
}

/// A Salesforce that takes its time, so that requests are under way when a process dies.
async fn simulator(offset: &Arc<AtomicI64>) -> Simulator {
    let offset = Arc::clone(offset);
    let clock = Arc::new(move || wall() + offset.load(Ordering::SeqCst));
    let simulator = Simulator::start(Settings { clock, ..Settings::default() }).await.expect("the simulator starts");
    simulator.add_rule(Rule::refusing(ids().filter(|id| is_refused(id))));
    simulator.fault(Fault::latency(80));
    simulator
}
