//! A `resync local` that runs while a test asks it.
//!
//! Must not know: what is tested.

use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::process::{Child, Command, Stdio};

/// A running `resync local`; it is ended when this is dropped.
pub(crate) struct Local(Child);

impl Local {
    /// Starts `command`, which is a `resync local --json` over the directory `data`, and waits until it takes questions.
    pub(crate) fn start(mut command: Command, data: &Path) -> Self {
        let mut child = command.stderr(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("the binary starts");
        let mut log = BufReader::new(child.stderr.take().expect("it is piped"));
        let mut lines = String::new();
        while !data.join("endpoint").exists() {
            let read = log.read_line(&mut lines).expect("the log is UTF-8");
            assert!(read > 0, "resync local ended: {lines}");
        }
        // What it logs from now on is of no interest, but must not fill the pipe.
        std::thread::spawn(move || log.read_to_string(&mut String::new()));
        Self(child)
    }
}

impl Drop for Local {
    fn drop(&mut self) {
        self.0.kill().expect("it is running");
        self.0.wait().expect("it ends");
    }
}
