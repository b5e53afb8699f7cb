//! A data directory with two connections and their failed rows, a simulated Salesforce, and the binary over them.
//!
//! Must not know: what is tested.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use salesforce_sim::{Settings, Simulator};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::runtime::Runtime;

use super::running::Local;

const EXAMPLES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/examples");

/// A directory with `data` in it, the files of failed rows, and a Salesforce to talk to.
pub(crate) struct World {
    directory: TempDir,
    pub(crate) simulator: Simulator,
    /// The simulator lives as long as its runtime.
    _runtime: Runtime,
}

impl World {
    /// A world with a Salesforce and no connection.
    pub(crate) fn new() -> Self {
        let directory = TempDir::new().expect("a directory of the test's own");
        let runtime = Runtime::new().expect("a runtime starts");
        let simulator = runtime.block_on(Simulator::start(Settings::default())).expect("the simulator starts");
        let world = Self { directory, simulator, _runtime: runtime };
        fs::create_dir(world.data()).expect("the data directory is made");
        let secret = world.path("acme.json");
        fs::write(&secret, r#"{"client_id":"sim-client","client_secret":"sim-secret"}"#)
            .expect("the secret is written");
        fs::set_permissions(&secret, fs::Permissions::from_mode(0o600)).expect("it is kept from others");
        let settings = format!("[secrets.acme]\nfile = \"{}\"\n", world.path("acme.json").display());
        fs::write(world.data().join("resync.toml"), settings).expect("the settings are written");
        world
    }

    /// A world with the connections `marketing` (interval) and `billing` (recent) and no record.
    pub(crate) fn with_connections() -> Self {
        let world = Self::new();
        world.connect("marketing", "interval", &json!({ "Contact": "Ext_Id__c" }));
        let fields =
            json!({ "Account": "Account_Key__c", "Invoice__c": "Invoice_Key__c", "Invoice_Item__c": "Item_Key__c" });
        world.connect("billing", "recent", &fields);
        world
    }

    /// The same with the example files imported: 199 contacts (one row has two lines), 60 accounts and the invoices.
    pub(crate) fn filled() -> Self {
        let world = Self::with_connections();
        let contacts =
            fs::read_to_string(Path::new(EXAMPLES).join("contacts-error.csv")).expect("the example is there");
        let first: String = contacts.split_inclusive('\n').take(201).collect();
        fs::write(world.path("error.csv"), first).expect("the rows are written");
        world.done(&["import", "error.csv", "--connection", "marketing", "--object", "Contact"]);
        for (name, object) in [("accounts", "Account"), ("invoices", "Invoice__c")] {
            let file = format!("{name}.csv");
            fs::copy(Path::new(EXAMPLES).join(format!("{name}-failedResults.csv")), world.path(&file))
                .expect("the example is there");
            world.done(&["import", &file, "--connection", "billing", "--object", object]);
        }
        world
    }

    fn connect(&self, name: &str, policy: &str, external_ids: &Value) {
        let target = json!({ "login_url": self.simulator.url(), "flow": "client_credentials", "secret": "acme" });
        let settings =
            json!({ "id": name, "policy": { "kind": policy }, "target": target, "external_ids": external_ids });
        let file = format!("{name}.json");
        fs::write(self.path(&file), settings.to_string()).expect("the settings are written");
        self.done(&["connection", "create", "--from", &file, "--no-test"]);
    }

    /// The data directory.
    pub(crate) fn data(&self) -> PathBuf {
        self.path("data")
    }

    /// A path in the world.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    /// The binary with these arguments, in the world, with nobody at a terminal.
    pub(crate) fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_resync"));
        command.args(args).current_dir(self.directory.path()).stdin(Stdio::null());
        command.env("RESYNC_DATA", self.data()).env_remove("RESYNC_CONFIG");
        command
    }

    /// Runs it.
    pub(crate) fn resync(&self, args: &[&str]) -> Output {
        self.command(args).output().expect("the binary starts")
    }

    /// Runs it, and it ends well; what it printed.
    pub(crate) fn done(&self, args: &[&str]) -> String {
        let output = self.resync(args);
        assert_eq!(output.status.code(), Some(0), "{args:?}: {}", said(&output));
        String::from_utf8(output.stdout).expect("the output is UTF-8")
    }

    /// Runs it with `--json`, and it ends well; its answer.
    pub(crate) fn json(&self, args: &[&str]) -> Value {
        let printed = self.done(&[args, &["--json"]].concat());
        serde_json::from_str(&printed).unwrap_or_else(|_| panic!("{args:?} printed no JSON: {printed}"))
    }

    /// Runs it, and it ends with `code` and nothing on standard output; what it said.
    pub(crate) fn refused(&self, args: &[&str], code: i32) -> String {
        let output = self.resync(args);
        assert_eq!(output.status.code(), Some(code), "{args:?}: {}", said(&output));
        assert_eq!(String::from_utf8_lossy(&output.stdout), "", "{args:?}");
        said(&output)
    }

    /// Starts `resync local` and waits until it takes questions.
    pub(crate) fn local(&self) -> Local {
        Local::start(self.command(&["local", "--json"]), &self.data())
    }
}

/// What a command said to the person.
pub(crate) fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}
