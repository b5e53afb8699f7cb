//! The soak: for as long as one likes, the functions' binaries live and die over a table on disk, between sources that report,
//! persons who ask, and orgs that answer, refuse, limit, lose answers and commit late.
//!
//! All processes are the deployed functions' own, over HTTP, under a clock that goes from tick to tick. Most lives are killed with
//! SIGKILL at a request that is chosen from the seed, so that nothing here hangs on the machine's speed; some events are lost, some
//! come twice, to one process or to two at once. The same seed repeats the same plan of records, weather and deaths; what really
//! goes on at the same time may still fall out otherwise, so a play is not the same to the bit.
//!
//! In the end everything comes to rest and is audited against the orgs' own logs. Of the invariants that `docs/ARCHITECTURE.md`
//! numbers:
//! 1 every report is taken in and each record is in one state that something which happened puts it in; 2 nothing that Salesforce may
//! still commit is sent again, nor anything twice in one life unless a person asked; 4 whatever Salesforce looked at is counted, and beyond it
//! only what nobody knows of; 5 no older payload follows a success, or the source is told; 6 no 24 hours hold more calls than the cap;
//! 7 and 12 what still fails waits for a tick to come; 8 follows from 4; 9 every accepted request has ended; 10 what is
//! written is published, and nothing else; 11 an org is sent its own connection's records only. Besides: parents go first, the
//! journal is settled, the directory counts what there is, and no binary needs more memory in the end than in the beginning.
//!
//! Must not know: what is inside a binary.

mod asking;
mod audit;
mod deaths;
mod doubts;
mod form;
mod memory;
mod moments;
mod notes;
mod play;
mod queue;
mod rest;
mod sources;
mod tampering;
mod weather;

use std::collections::BTreeMap;

use form::Form;
use play::Play;

/// So many of the things that are wrong are told of each kind.
const TOLD: usize = 4;

/// With so many records the audit is audited too.
const FEW: usize = 5_000;

/// Some of each kind of what is wrong. A kind is what stands before the second colon.
fn some_of_each(wrong: &[String]) -> String {
    let mut kinds: BTreeMap<Vec<&str>, Vec<&str>> = BTreeMap::new();
    for text in wrong {
        kinds.entry(text.splitn(3, ':').take(2).collect()).or_default().push(text);
    }
    let told =
        |texts: Vec<&str>| format!("{} times, such as:\n{}", texts.len(), texts[..texts.len().min(TOLD)].join("\n"));
    kinds.into_values().map(told).collect::<Vec<_>>().join("\n")
}

#[tokio::test(flavor = "multi_thread")]
async fn soak_of_processes_that_are_killed_all_the_time_loses_nothing_and_keeps_every_promise() {
    let mut play = Play::start(Form::of_environment()).await;
    play.storm().await;
    let now = play.rest().await;
    let (wrong, sends) = audit::audit(&play, now).await;
    play.notes.wrong = wrong;
    let (calls, records) = (play.calls(), play.form.records);
    eprintln!("{}", play.notes.summary(records, calls, sends));
    let (wrong, kills) = (&play.notes.wrong, play.notes.kills);
    assert!(wrong.is_empty(), "{} things are wrong:\n{}", wrong.len(), some_of_each(wrong));
    assert!(kills >= play.form.kills, "only {kills} lives were killed");
    if records <= FEW {
        tampering::is_noticed(&mut play, now).await;
    }
    play.end().await;
}
