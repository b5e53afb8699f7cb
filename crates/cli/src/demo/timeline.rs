//! The timeline: what happened and what the retries did, a line for each stretch in which nothing changed.
//!
//! Must not know: how runs work.

#[cfg(test)]
mod tests;

use std::fmt::Write as _;

use engine::ports::{RunReport, StopReason};
use rules::ids::ConnectionId;
use rules::owed::Selection;
use rules::time::Timestamp;

/// A line of the timeline.
#[derive(Clone, Debug)]
enum Line {
    Happened { at: Timestamp, words: String },
    Ran(Runs),
    Blocked { at: Timestamp, until: Timestamp, connection: ConnectionId, gates: Vec<String>, ticks: u32 },
}

/// Runs of one connection and kind, one after another.
#[derive(Clone, Debug)]
struct Runs {
    from: Timestamp,
    to: Timestamp,
    connection: ConnectionId,
    kind: &'static str,
    stopped: StopReason,
    count: u32,
    tried: u64,
    saved: u64,
    failed: u64,
    calls: u64,
}

/// What is shown after the play.
#[derive(Debug, Default)]
pub(crate) struct Timeline {
    lines: Vec<Line>,
    /// Lines before this one are closed: something happened after them.
    open_from: usize,
}

impl Timeline {
    /// Something happened.
    pub(crate) fn happened(&mut self, at: Timestamp, words: impl Into<String>) {
        self.lines.push(Line::Happened { at, words: words.into() });
        self.open_from = self.lines.len();
    }

    /// A run ended.
    pub(crate) fn ran(&mut self, at: Timestamp, connection: &ConnectionId, report: &RunReport) {
        let new = Runs::of(at, connection, report);
        if new.tried == 0 && new.calls == 0 && matches!(new.stopped, StopReason::Done | StopReason::BatchDone) {
            return;
        }
        let open = self.lines[self.open_from..].iter_mut().find_map(|line| match line {
            Line::Ran(runs) if runs.continues(&new) => Some(runs),
            Line::Ran(_) | Line::Happened { .. } | Line::Blocked { .. } => None,
        });
        match open {
            Some(runs) => runs.add(&new),
            None => self.lines.push(Line::Ran(new)),
        }
    }

    /// A connection with work was blocked at a tick.
    pub(crate) fn blocked(&mut self, at: Timestamp, connection: &ConnectionId, gates: Vec<String>) {
        let open = self.lines[self.open_from..].iter_mut().find_map(|line| match line {
            Line::Blocked { until, connection: known, ticks, .. } if known == connection => Some((until, ticks)),
            Line::Blocked { .. } | Line::Ran(_) | Line::Happened { .. } => None,
        });
        match open {
            Some((until, ticks)) => {
                *until = at;
                *ticks += 1;
            }
            None => self.lines.push(Line::Blocked { at, until: at, connection: connection.clone(), gates, ticks: 1 }),
        }
    }

    /// The whole timeline as text.
    pub(crate) fn render(&self) -> String {
        let mut text = String::new();
        let mut day = String::new();
        for line in &self.lines {
            let today = when(line.at(), "%A %d %B");
            if today != day {
                writeln!(text, "\n{today}").expect("a String takes every text");
                day = today;
            }
            line.render(&mut text).expect("a String takes every text");
        }
        text
    }
}

impl Line {
    fn at(&self) -> Timestamp {
        match self {
            Self::Happened { at, .. } | Self::Blocked { at, .. } => *at,
            Self::Ran(runs) => runs.from,
        }
    }

    fn render(&self, text: &mut String) -> std::fmt::Result {
        match self {
            Self::Happened { at, words } => writeln!(text, "  {}         * {words}", when(*at, "%H:%M")),
            Self::Blocked { at, until, connection, gates, ticks } => {
                let span = span(*at, *until);
                let ticks = if *ticks == 1 { "1 tick".to_owned() } else { format!("{ticks} ticks") };
                writeln!(text, "  {span}   {connection:<10} nothing sent at {ticks}:")?;
                gates.iter().try_for_each(|gate| writeln!(text, "                           {gate}"))
            }
            Self::Ran(runs) => runs.render(text),
        }
    }
}

impl Runs {
    fn of(at: Timestamp, connection: &ConnectionId, report: &RunReport) -> Self {
        let kind = match report.selection {
            Selection::Due { .. } => "every 20 min",
            Selection::TimedOut { .. } => "timeout queue",
            Selection::Recent { .. } => "past 7 days",
            Selection::Owed { .. } => "catching up",
            Selection::Forced { .. } => "asked for",
        };
        Self {
            from: at,
            to: at,
            connection: connection.clone(),
            kind,
            stopped: report.stopped,
            count: 1,
            tried: report.tried,
            saved: report.resolved,
            failed: report.failed + report.unknown,
            calls: report.api_calls,
        }
    }

    fn continues(&self, new: &Self) -> bool {
        self.connection == new.connection && self.kind == new.kind && self.stopped == new.stopped
    }

    fn add(&mut self, new: &Self) {
        self.to = new.to;
        self.count += new.count;
        self.tried += new.tried;
        self.saved += new.saved;
        self.failed += new.failed;
        self.calls += new.calls;
    }

    fn render(&self, text: &mut String) -> std::fmt::Result {
        let Self { connection, kind, count, tried, saved, failed, calls, .. } = self;
        let span = span(self.from, self.to);
        let runs = if *count == 1 { "1 run".to_owned() } else { format!("{count} runs") };
        let unit = if *calls == 1 { "call" } else { "calls" };
        let why = stopped(self.stopped).map_or_else(String::new, |why| format!(": {why}"));
        writeln!(
            text,
            "  {span}   {connection:<10} {kind:<13} {runs:>8} {tried:>7} tried {saved:>6} saved {failed:>6} failed {calls:>4} {unit}{why}"
        )
    }
}

fn stopped(reason: StopReason) -> Option<&'static str> {
    match reason {
        StopReason::Done => None,
        StopReason::Paused => Some("paused"),
        StopReason::Suspended => Some("suspended"),
        StopReason::Budget => Some("stopped: API budget used up"),
        StopReason::OrgLimit => Some("stopped: the org's own limit is near"),
        StopReason::Deadline | StopReason::BatchDone => Some("goes on in the next invocation"),
        StopReason::Halted => Some("stopped by a person; goes on later"),
        StopReason::Deposed => Some("another run took over"),
        StopReason::Throttled => Some("stopped: the table is throttled"),
        StopReason::Busy => Some("stopped: Salesforce asked to slow down"),
    }
}

fn span(from: Timestamp, to: Timestamp) -> String {
    let start = when(from, "%H:%M");
    if from == to { format!("{start}      ") } else { format!("{start}-{}", when(to, "%H:%M")) }
}

/// An instant in UTC in this form.
pub(crate) fn when(instant: Timestamp, form: &str) -> String {
    jiff::Timestamp::from_millisecond(instant.as_millis())
        .map_or_else(|_| instant.to_string(), |time| time.to_zoned(jiff::tz::TimeZone::UTC).strftime(form).to_string())
}
