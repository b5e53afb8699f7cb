//! The audit, audited: what was found sound is tampered with, and each break is noticed.
//!
//! Must not know: how the audit looks.

use rules::ids::RequestId;
use rules::time::Timestamp;
use salesforce_sim::Sequence;
use serde_json::json;

use super::audit::audit;
use super::notes::Stretch;
use super::play::Play;
use super::sources::{Report, What};

type Tamper = fn(&mut Play);

/// What is tampered with, and what must be said of it.
const ALL: [(&str, Tamper); 7] = [
    ("events:", |play| {
        let published = &mut play.notes.published;
        let retried = published.iter().position(|event| event["detail-type"] == "Records Retried").unwrap();
        published.remove(retried);
    }),
    ("forced:", |play| {
        play.notes.accepted.insert((play.orgs[0].id.clone(), RequestId::new("of-nobody").unwrap()));
    }),
    ("budget:", |play| play.orgs[0].settings["budget"]["cap_without_limit"] = json!(1)),
    ("sent twice in one life", |play| {
        let last = |stretch: &Stretch| stretch.last;
        let (connection, killed, done) = (play.orgs[0].id.clone(), false, true);
        let last = play.notes.stretches.iter().filter(|of| of.connection == connection).map(last).max().unwrap();
        play.notes.stretches = vec![Stretch { connection, after: Sequence(0), last, killed, done }];
    }),
    ("conservation:", |play| add(play, What::Failed)),
    ("order:", |play| add(play, What::Succeeded)),
    ("memory:", |play| play.notes.memory.note(crate::functions::process::Binary::Ingest, 1, 1 << 20)),
];

/// One more version of every record, as if it had been taken in at the very beginning.
fn add(play: &mut Play, what: What) {
    for history in play.sources.histories.values_mut() {
        let (version, recorded) = (history.next(), Some(Timestamp::from_millis(0)));
        history.reports.push(Report { what, version, recorded });
    }
}

/// Tampers with what is sound, step by step.
pub(super) async fn is_noticed(play: &mut Play, now: Timestamp) {
    for (said, tamper) in ALL {
        tamper(play);
        let (wrong, _) = audit(play, now).await;
        assert!(wrong.iter().any(|wrong| wrong.contains(said)), "nobody says {said}, but {:?}", wrong.first());
    }
}
