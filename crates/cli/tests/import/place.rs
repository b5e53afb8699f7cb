//! A data directory with one connection, files beside it, and the binary.
//!
//! Must not know: what is imported.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;
use tempfile::TempDir;

use super::running::Local;

/// The directory.
pub(crate) struct Place {
    directory: TempDir,
}

impl Place {
    /// A connection `sales` with an external id for `Contact` and `Invoice__c`.
    pub(crate) fn new() -> Self {
        let place = Self { directory: TempDir::new().expect("a directory of the test's own") };
        let settings = [
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
            "acme",
            "--external-id",
            "Contact=Ext_Id__c",
            "--external-id",
            "Invoice__c=Invoice_Key__c",
            "--no-test",
        ];
        let made = place.resync(&settings);
        assert_eq!(made.status.code(), Some(0), "{}", stderr(&made));
        place
    }

    /// The path of a file beside the data directory.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    /// Writes a file.
    pub(crate) fn write(&self, name: &str, text: impl AsRef<[u8]>) {
        fs::write(self.path(name), text).expect("it is written");
    }

    /// Reads a file.
    pub(crate) fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
    }

    /// A command in the directory, over its data.
    pub(crate) fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_resync"));
        command.args(args).current_dir(self.directory.path()).env("RESYNC_DATA", self.path("data"));
        command
    }

    /// A `resync local` over its data.
    pub(crate) fn local(&self) -> Local {
        Local::start(self.command(&["local", "--json"]), &self.path("data"))
    }

    pub(crate) fn resync(&self, args: &[&str]) -> Output {
        self.command(args).output().expect("the binary starts")
    }

    /// Imports into `sales` as Contacts.
    pub(crate) fn import(&self, args: &[&str]) -> Output {
        self.resync(&[&["import", "--connection", "sales"], args].concat())
    }

    /// What is known of all records, a line each, in order.
    pub(crate) fn records(&self) -> Vec<String> {
        let export = self.resync(&["export", "sales", "--format", "jsonl"]);
        assert_eq!(export.status.code(), Some(0), "{}", stderr(&export));
        let mut lines: Vec<String> = stdout(&export).lines().map(str::to_owned).collect();
        lines.sort_unstable();
        lines
    }
}

/// A file of the crate that reads them, made by hand.
pub(crate) fn made_by_hand(name: &str) -> Vec<u8> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../imports/tests/files").join(name);
    fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// A file of so many rows, each with a few hundred bytes.
pub(crate) fn rows(number: usize) -> String {
    let row = |row: usize| format!("C-{row},{},UNABLE_TO_LOCK_ROW:locked:--\n", "name ".repeat(70));
    "Ext_Id__c,LastName,ERROR\n".to_owned() + &(1..=number).map(row).collect::<String>()
}

pub(crate) fn stdout(output: &Output) -> &str {
    std::str::from_utf8(&output.stdout).expect("the output is UTF-8")
}

pub(crate) fn stderr(output: &Output) -> &str {
    std::str::from_utf8(&output.stderr).expect("the messages are UTF-8")
}

/// What `--json` printed.
pub(crate) fn parsed(output: &Output) -> Value {
    serde_json::from_str(stdout(output)).unwrap_or_else(|_| panic!("no JSON: {} {}", stdout(output), stderr(output)))
}
