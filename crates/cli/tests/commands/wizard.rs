//! The wizard of `resync connection create`, on a terminal.

use std::fs::{File, OpenOptions};
use std::io::{Read, Write};
use std::process::Stdio;
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};

use super::world::World;

/// The longest that a question is waited for.
const PATIENCE: Duration = Duration::from_mins(1);

/// Somebody at a terminal.
struct Person {
    keyboard: File,
    screen: Receiver<Vec<u8>>,
    seen: String,
}

impl Person {
    /// Waits until `question` is on the screen and types `answer`.
    fn answer(&mut self, question: &str, answer: &str) {
        self.wait_for(question);
        self.seen.clear();
        write!(self.keyboard, "{answer}\r").expect("the terminal takes keys");
    }

    fn wait_for(&mut self, text: &str) {
        while !self.seen.contains(text) {
            let piece = self.screen.recv_timeout(PATIENCE);
            let piece = piece.unwrap_or_else(|_| panic!("`{text}` does not appear: {}", self.seen));
            self.seen += &String::from_utf8_lossy(&piece);
        }
    }
}

/// A terminal: the person before it, and the end that a program is given.
fn terminal() -> (Person, File) {
    let master = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).expect("a terminal is made");
    grantpt(&master).and_then(|()| unlockpt(&master)).expect("it can be opened");
    let name = ptsname(&master, Vec::new()).expect("it has a name").into_string().expect("the name is UTF-8");
    let program = OpenOptions::new().read(true).write(true).open(name).expect("it opens");
    let keyboard = File::from(master);
    let mut from_program = keyboard.try_clone().expect("it can be read beside");
    let (pieces, screen) = channel();
    std::thread::spawn(move || {
        let mut piece = [0; 4_096];
        // Reading fails when the program is gone; then there is nobody to tell.
        while let Ok(read @ 1..) = from_program.read(&mut piece) {
            if pieces.send(piece[..read].to_vec()).is_err() {
                return;
            }
        }
    });
    (Person { keyboard, screen, seen: String::new() }, program)
}

#[test]
fn the_wizard_asks_for_each_setting_and_creates_the_connection() {
    let world = World::new();
    let (mut person, program) = terminal();
    let end = || Stdio::from(program.try_clone().expect("it can be given thrice"));
    let mut command = world.command(&["connection", "create", "--no-test"]);
    let mut child = command.stdin(end()).stdout(end()).stderr(end()).spawn().expect("the binary starts");
    drop((command, program));
    person.answer("Name of the connection", "acme");
    person.answer("How are failures retried?", "j");
    person.answer("Address of the org", world.simulator.url());
    person.answer("How does it sign in?", "");
    person.answer("Name of its secret", "");
    person.answer("external-id field", "Contact=Ext_Id__c");
    person.answer("external-id field", "");
    person.answer("API calls in 24 hours", "20000");
    person.wait_for("The connection acme is created.");
    assert_eq!(child.wait().expect("it ends").code(), Some(0));
    let shown = world.json(&["connection", "show", "acme"])["connection"].clone();
    assert_eq!(shown["policy"]["kind"], "recent");
    assert_eq!((&shown["target"]["secret"], &shown["target"]["flow"]), (&"acme".into(), &"client_credentials".into()));
    assert_eq!(
        (&shown["external_ids"]["Contact"], &shown["budget"]["api_limit"]),
        (&"Ext_Id__c".into(), &20_000.into())
    );
}

#[test]
fn somebody_at_a_terminal_sees_the_plan_and_is_asked() {
    let world = World::filled();
    for (answer, code) in [("n", 8), ("y", 0)] {
        let (mut person, program) = terminal();
        let end = || Stdio::from(program.try_clone().expect("it can be given thrice"));
        let mut command = world.command(&["retry", "--type", "row-lock", "--connection", "marketing"]);
        let mut child = command.stdin(end()).stdout(end()).stderr(end()).spawn().expect("the binary starts");
        drop((command, program));
        person.wait_for("Retrying all with row-lock in marketing:");
        person.answer("Retry them?", answer);
        assert_eq!(child.wait().expect("it ends").code(), Some(code));
        let asked = world.json(&["retries", "marketing"])["resyncs"].as_array().map(Vec::len);
        assert_eq!(asked, Some(usize::from(code == 0)), "{answer}");
    }
}

#[test]
fn somebody_who_does_not_say_yes_keeps_what_is_there() {
    let world = World::with_connections();
    let (mut person, program) = terminal();
    let end = || Stdio::from(program.try_clone().expect("it can be given thrice"));
    let mut command = world.command(&["connection", "delete", "marketing"]);
    let mut child = command.stdin(end()).stdout(end()).stderr(end()).spawn().expect("the binary starts");
    drop((command, program));
    person.answer("Delete the connection marketing?", "n");
    person.wait_for("because you did not say yes");
    assert_eq!(child.wait().expect("it ends").code(), Some(8));
    world.done(&["connection", "show", "marketing"]);
}
