//! The events that start a retry function: a schedule's tick, or the request to run one connection.
//!
//! Must not know: what is done about them. A tick is the scheduled time that the event carries, never the clock's.

use engine::fan_out::Schedule;
use rules::events::RunRequested;
use rules::fields::{Fields, Mistake, Mistakes};
use rules::ids::ConnectionId;
use rules::owed::Selection;
use rules::time::Timestamp;
use serde_json::{Value, json};

const SCHEDULED: &str = "Scheduled Event";
const REQUESTED: &str = "Run Requested";

/// What a retry function is asked to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Trigger {
    /// To look at every connection, at this scheduled time.
    Tick(Timestamp),
    /// To run one connection.
    Run(RunRequested),
}

impl Trigger {
    /// Reads an event: `EventBridge` Scheduler's, as the template words it; a rule's scheduled event; or a Run Requested.
    ///
    /// # Errors
    /// All its mistakes together.
    pub fn read(event: &Value) -> Result<Self, Mistakes> {
        let mut fields = Fields::of("", event);
        let source = fields.text::<String>("source").unwrap_or_default();
        let kind = fields.text::<String>("detail-type").unwrap_or_default();
        let trigger = match (source.as_str(), kind.as_str()) {
            ("aws.scheduler" | "aws.events", SCHEDULED) => tick(&mut fields),
            ("resync", REQUESTED) => run(&mut fields),
            ("", _) | (_, "") => None,
            (_, _) => {
                let mend = "send a Scheduled Event of aws.scheduler or aws.events, or a Run Requested of resync";
                fields.wrong("detail-type", "with this source starts nothing", mend);
                None
            }
        };
        let mistakes = fields.lenient();
        trigger.filter(|_| mistakes.is_empty()).ok_or(Mistakes(mistakes))
    }
}

fn tick(fields: &mut Fields<'_>) -> Option<Trigger> {
    fields.required("time")?;
    fields.time("time").map(Trigger::Tick)
}

fn run(fields: &mut Fields<'_>) -> Option<Trigger> {
    let value = fields.required("detail")?;
    let mut detail = Fields::of("detail", value);
    let connection = detail.text::<ConnectionId>("connection");
    let selection =
        detail.required("selection").and_then(|value| serde_json::from_value::<Selection>(value.clone()).ok());
    let mut mistakes = detail.lenient();
    if selection.is_none() && mistakes.iter().all(|mistake| mistake.field != "detail.selection") {
        mistakes.push(Mistake {
            field: "detail.selection".to_owned(),
            problem: "is not a selection".to_owned(),
            mend: "write due, timed_out, recent, owed or forced, with its tick".to_owned(),
        });
    }
    fields.gather(mistakes);
    Some(Trigger::Run(RunRequested { connection: connection?, selection: selection? }))
}

/// The event that `EventBridge` Scheduler sends for `schedule` at `tick`, in the words of the template.
#[must_use]
pub fn scheduled_event(schedule: Schedule, tick: Timestamp) -> Value {
    let name = match schedule {
        Schedule::Due => "retry-due",
        Schedule::TimedOut => "retry-timed-out",
        Schedule::Recent => "retry-recent",
    };
    json!({
        "source": "aws.scheduler",
        "time": tick,
        "resources": [format!("arn:aws:scheduler:us-east-1:123456789012:schedule/default/{name}")],
        "detail-type": SCHEDULED,
        "detail": {},
    })
}

#[cfg(test)]
mod tests {
    use engine::fakes::sample;

    use super::*;

    fn mistakes(event: &Value) -> String {
        Trigger::read(event).expect_err("it starts nothing").to_string()
    }

    #[test]
    fn a_schedules_event_is_a_tick_at_its_scheduled_time() {
        let tick = sample::time(sample::TICK);
        let plain = json!({
            "version": "0", "id": "53dc4d37", "detail-type": "Scheduled Event", "source": "aws.events",
            "account": "123456789012", "time": "2026-03-02T09:20:00Z", "region": "eu-central-1",
            "resources": ["arn:aws:events:eu-central-1:123456789012:rule/due"], "detail": {}
        });
        for event in [scheduled_event(Schedule::Due, tick), scheduled_event(Schedule::Recent, tick), plain] {
            assert_eq!(Trigger::read(&event), Ok(Trigger::Tick(tick)));
        }
    }

    #[test]
    fn a_run_requested_is_a_run_of_its_connection_and_selection() {
        let event = json!({
            "version": "0", "source": "resync", "detail-type": "Run Requested", "time": "2026-03-02T09:20:07Z",
            "detail": {"connection": "acme", "selection": {"timed_out": {"tick": "2026-03-02T00:00:00Z"}}}
        });
        let requested = RunRequested {
            connection: sample::connection_id("acme"),
            selection: Selection::TimedOut { tick: sample::time("2026-03-02T00:00:00Z") },
        };
        assert_eq!(Trigger::read(&event), Ok(Trigger::Run(requested)));
    }

    #[test]
    fn an_event_that_starts_nothing_says_what_would() {
        let said = mistakes(&json!({"source": "aws.s3", "detail-type": "Object Created", "detail": {}}));
        assert_eq!(
            said,
            "detail-type: with this source starts nothing; \
             send a Scheduled Event of aws.scheduler or aws.events, or a Run Requested of resync"
        );
        let foreign = json!({"source": "billing", "detail-type": "Run Requested", "detail": {"connection": "acme"}});
        assert!(mistakes(&foreign).starts_with("detail-type: with this source starts nothing"));
        assert_eq!(mistakes(&json!({})), "source: is missing; add it\ndetail-type: is missing; add it");
        assert!(mistakes(&json!("tick")).contains("is a text, not an object"));
    }

    #[test]
    fn a_tick_without_its_scheduled_time_is_never_guessed_from_the_clock() {
        let untimed = json!({"source": "aws.scheduler", "detail-type": "Scheduled Event"});
        assert_eq!(mistakes(&untimed), "time: is missing; add it");
        let unfilled = json!({"source": "aws.scheduler", "detail-type": "Scheduled Event", "time": "<aws.scheduler.scheduled-time>"});
        assert!(mistakes(&unfilled).starts_with("time: is not a time"));
    }

    #[test]
    fn all_mistakes_of_a_run_requested_are_reported_together() {
        let event = json!({"source": "resync", "detail-type": "Run Requested", "detail": {"connection": "ACME", "selection": "due"}});
        let said = mistakes(&event);
        assert_eq!(
            said,
            "detail.connection: is not a connection id; use 1 to 64 of a-z, 0-9 and -\n\
             detail.selection: is not a selection; write due, timed_out, recent, owed or forced, with its tick"
        );
        let empty = json!({"source": "resync", "detail-type": "Run Requested", "detail": {}});
        assert_eq!(mistakes(&empty), "detail.connection: is missing; add it\ndetail.selection: is missing; add it");
    }
}
