//! Every help shows examples and exit codes, and every example does what it says.

use std::fs;
use std::path::Path;
use std::process::Output;

use super::world::{World, said};

/// How a shell runs `line` in the world, with the binary on its path and a data directory of its own.
fn shell(world: &World, line: &str, data: &Path) -> Output {
    let binary = Path::new(env!("CARGO_BIN_EXE_resync"));
    let folder = binary.parent().expect("a binary is in a folder");
    let path = std::env::join_paths(
        [folder.to_owned()].into_iter().chain(std::env::split_paths(&std::env::var_os("PATH").expect("a path"))),
    );
    let mut command = std::process::Command::new("sh");
    command.args(["-c", line]).current_dir(world.path("")).stdin(std::process::Stdio::null());
    command.env("PATH", path.expect("folders make a path")).env("RESYNC_DATA", data);
    command.output().expect("a shell is there")
}

/// All commands by the helps, each as the words after `resync`; the first is none of them, the command itself.
fn commands(world: &World) -> Vec<Vec<String>> {
    let (mut found, mut next) = (Vec::new(), vec![Vec::new()]);
    while let Some(words) = next.pop() {
        let help = help(world, &words);
        let listed = help.split_once("\nCommands:\n").map_or("", |(_, rest)| rest.split("\n\n").next().unwrap_or(""));
        for name in listed.lines().filter_map(|line| line.strip_prefix("  ")?.split_whitespace().next()) {
            if name != "help" && !name.starts_with('-') {
                next.push(words.iter().cloned().chain([name.to_owned()]).collect());
            }
        }
        found.push(words);
    }
    found
}

fn help(world: &World, words: &[String]) -> String {
    let args: Vec<&str> = words.iter().map(String::as_str).chain(["--help"]).collect();
    world.done(&args)
}

/// The examples of a help, without the remarks beside them, which three spaces begin, and without what other programs do with
/// the answer.
fn examples(help: &str) -> Vec<String> {
    let listed = help.split_once("\nExamples:\n").map_or("", |(_, rest)| rest.split("\n\n").next().unwrap_or(""));
    let whole = listed.split("\\\n").map(str::trim_start).collect::<Vec<_>>().join(" ");
    let command = |line: &str| line.split("   ").next()?.split(" | ").next().map(str::to_owned);
    whole.lines().filter_map(|line| command(line.trim())).filter(|line| line.starts_with("resync ")).collect()
}

/// What the examples name.
fn prepare(world: &World) {
    let file = |name: &str, text: &str| fs::write(world.path(name), text).expect("it is written");
    let target =
        "[target]\nlogin_url = \"https://acme.my.salesforce.com\"\nflow = \"client_credentials\"\nsecret = \"acme\"\n";
    file("support.toml", &format!("[policy]\nkind = \"recent\"\n{target}"));
    file("old.toml", &format!("id = \"old\"\n[policy]\nkind = \"recent\"\n{target}"));
    file("Contact_upsert_target.csv", "Ext_Id__c,LastName,Errors\nC-90001,Kaya,UNABLE_TO_LOCK_ROW: locked\n");
    let hubspot = "Record ID,Last name,Sync error\n90001,Kaya,UNABLE_TO_LOCK_ROW: locked\n";
    file("hubspot.csv", hubspot);
    file("hubspot2.csv", hubspot);
    world.done(&["connection", "create", "--from", "old.toml", "--no-test"]);
    world.done(&["retry", "--all", "--connection", "marketing", "--id", "friday", "--yes"]);
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("it is made");
    for entry in fs::read_dir(from).expect("it is there") {
        let entry = entry.expect("it can be read");
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).expect("it is copied");
        }
    }
}

#[test]
fn every_help_shows_examples_and_exit_codes() {
    let world = World::new();
    let commands = commands(&world);
    assert!(commands.len() > 25, "{commands:?}");
    for words in commands {
        let help = help(&world, &words);
        assert!(help.contains("Examples:\n  resync "), "{words:?}: {help}");
        assert!(help.contains("Exit codes:"), "{words:?}: {help}");
    }
}

#[test]
fn every_example_of_every_help_does_what_it_says() {
    let world = World::filled();
    prepare(&world);
    let mut played = 0;
    for words in commands(&world) {
        // `resync local` runs until it is stopped, and a console is a part of one; their own tests start them.
        if words.first().is_some_and(|word| word == "local" || word == "console") {
            continue;
        }
        let data = world.path(&format!("data-of-{}", words.join("-")));
        copy(&world.data(), &data);
        let kept = world.path("kept");
        // What serves the demo runs until it is stopped, too, and a deployment is none of this machine's.
        let plays = |example: &&String| !example.contains("--serve") && !example.contains("--url");
        for example in examples(&help(&world, &words)).iter().filter(plays) {
            let line = example.replace("/tmp/resync", kept.to_str().expect("the path is UTF-8"));
            let output = shell(&world, &line, &data);
            let expected = match line.as_str() {
                // Nobody is at a terminal, whom the wizard could ask.
                "resync connection create" => 3,
                // No `resync local` runs, which is a finding.
                line if line.starts_with("resync doctor") => 8,
                _ => 0,
            };
            assert_eq!(output.status.code(), Some(expected), "{line}: {}", said(&output));
            played += 1;
        }
        if kept.exists() {
            fs::remove_dir_all(&kept).expect("it is removed");
        }
    }
    assert!(played > 50, "{played} examples");
}
