//! The stage of a play: a directory of its own, the files that the page gives, and the programs that run in it.
//!
//! Must not know: what the page says.

use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, UNIX_EPOCH};

use rules::time::Timestamp;
use salesforce_sim::{Failure, Rule, Selector, Settings, Simulator};
use tempfile::TempDir;

use super::moment;
use super::page::{Page, Step};

/// When the page is played: no tick for 18 minutes, no midnight, no sweep.
const START: &str = "2026-11-23T09:41:30Z";

/// The longest that anything may take.
const BOUND: Duration = Duration::from_mins(1);

/// How long before that the page's files were written.
const AGE: Duration = Duration::from_mins(1);

/// The reader's home on the page.
const HOME: &str = "/home/ann";

/// The reader's org on the page; the simulated one has another address.
const ORG: &str = "https://acme.my.salesforce.com";

/// A program that the page lets run.
struct Running {
    child: Child,
    lines: Receiver<String>,
}

fn start() -> Timestamp {
    Timestamp::parse(START).expect("a time")
}

/// Where the page is played.
pub(crate) struct Stage {
    home: TempDir,
    org: Simulator,
    running: Option<Running>,
}

impl Stage {
    /// A stage with the page's files, and an org that lacks a picklist value.
    pub(crate) async fn set(page: &Page) -> Self {
        let org = Simulator::start(Settings::default()).await.expect("the simulator starts");
        let without_fax = Selector::FieldEquals { field: "LeadSource".into(), value: "Fax".into() };
        org.add_rule(Rule::new("picklist", "Contact", without_fax, Failure::BadPicklist("LeadSource".into())));
        let home = TempDir::new().expect("a directory of the test's own");
        for file in &page.files {
            let path = home.path().join(&file.name);
            fs::create_dir_all(path.parent().expect("it is in the directory")).expect("the folder is made");
            fs::write(&path, &file.content).expect("the file is written");
            let written = UNIX_EPOCH + Duration::from_millis(start().as_millis().unsigned_abs()) - AGE;
            let file = fs::File::options().write(true).open(path).expect("the file is there");
            file.set_modified(written).expect("its time is set");
        }
        Self { home, org, running: None }
    }

    /// Does what a step says and gives what it prints. `resync local` goes on running; what it prints until it is ready is
    /// its output.
    pub(crate) fn play(&mut self, step: &Step) -> String {
        if step.command.starts_with("resync local") {
            let output = self.start(&step.command);
            return self.as_on_the_page(&output);
        }
        let command = step.command.replace(ORG, self.org.url());
        // Both streams in their order, as on a terminal.
        let both = format!("{{ {command}\n}} 2>&1");
        let output = self.shell(&both).stdin(Stdio::null()).output().expect("a shell starts");
        self.as_on_the_page(&String::from_utf8_lossy(&output.stdout))
    }

    fn as_on_the_page(&self, said: &str) -> String {
        said.replace(self.org.url(), ORG).replace(&*self.home.path().to_string_lossy(), HOME)
    }

    fn start(&mut self, command: &str) -> String {
        let mut shell = self.shell(&format!("exec {command} 2>&1"));
        let mut child = shell.stdout(Stdio::piped()).spawn().expect("it starts");
        let lines = lines_of(child.stdout.take().expect("its output is a pipe"));
        let running = self.running.insert(Running { child, lines });
        let mut said = Vec::new();
        loop {
            match running.lines.recv_timeout(BOUND) {
                Ok(line) => said.push(line + "\n"),
                Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => {
                    panic!("{command} did not say that it is ready:\n{}", said.concat())
                }
            }
            if said.last().is_some_and(|line| line.contains("Ctrl-C")) {
                return said.concat();
            }
        }
    }

    fn shell(&self, command: &str) -> Command {
        let resync = Path::new(env!("CARGO_BIN_EXE_resync")).parent().expect("it is in a folder");
        let path = std::env::var("PATH").unwrap_or_default();
        let mut shell = Command::new("sh");
        shell.args(["-c", command]).current_dir(self.home.path());
        shell.env_clear().env("PATH", format!("{}:{path}", resync.display())).env("HOME", self.home.path());
        shell.env("COLUMNS", "110").envs(moment::environment(start()));
        shell
    }
}

impl Drop for Stage {
    fn drop(&mut self) {
        let Some(mut running) = self.running.take() else { return };
        let id = running.child.id();
        running.child.kill().expect("it is still there");
        running.child.wait().expect("it ends");
        moment::forget(id);
        let said: Vec<String> = running.lines.try_iter().collect();
        if std::thread::panicking() {
            eprintln!("resync local said after it was ready:\n{}", said.join("\n"));
        }
    }
}

fn lines_of(output: impl Read + Send + 'static) -> Receiver<String> {
    let (send, receive) = channel();
    std::thread::spawn(move || {
        for line in BufReader::new(output).lines().map_while(Result::ok) {
            if send.send(line).is_err() {
                break;
            }
        }
    });
    receive
}
