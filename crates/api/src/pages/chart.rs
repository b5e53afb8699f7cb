//! The picture of 24 hours of API calls: the calls of each 20 minutes, and their sum against the cap as it was and as it falls.
//!
//! Must not know: how calls are counted.

use std::fmt::Write;
use std::time::Duration;

use engine::overview::UsageNow;
use maud::{Markup, html};
use rules::budget::{BUCKET, WINDOW};
use rules::time::Timestamp;

use super::when::{clock_time, number};

/// How wide a picture is drawn; a page holds both and shows the one that fits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Size {
    Wide,
    Narrow,
}

/// The height of the sum's part, of the bars' part, and where each begins.
const SUM_TOP: f64 = 22.0;
const SUM_HEIGHT: f64 = 150.0;
const BARS_TOP: f64 = 206.0;
const BARS_HEIGHT: f64 = 70.0;
const HEIGHT: f64 = 300.0;
const LEFT: f64 = 46.0;
const RIGHT: f64 = 10.0;

impl Size {
    fn width(self) -> f64 {
        match self {
            Self::Wide => 1_040.0,
            Self::Narrow => 380.0,
        }
    }

    /// The hours between two marks of the time's axis.
    fn hours(self) -> u64 {
        match self {
            Self::Wide => 6,
            Self::Narrow => 12,
        }
    }

    fn class(self) -> &'static str {
        match self {
            Self::Wide => "chart wide",
            Self::Narrow => "chart narrow",
        }
    }
}

/// The picture, in words too.
pub(super) fn chart(usage: &UsageNow, now: Timestamp) -> Markup {
    html! {
        figure.usage {
            (drawn(usage, now, Size::Wide))
            (drawn(usage, now, Size::Narrow))
            figcaption {
                ul.legend {
                    li.own { "Our retries" }
                    li.reported { "Calls that the source reported" }
                    li.sum { "Sum of 24 hours" }
                    li.cap { "Cap" }
                }
                p.muted {
                    "Left of now the sum adds up the calls that count. Right of now it falls as they leave the 24 hours, if nobody makes "
                    "another."
                }
            }
        }
    }
}

/// A picture's own measures.
struct Drawing<'a> {
    usage: &'a UsageNow,
    now: Timestamp,
    size: Size,
    begin: Timestamp,
    most: u64,
    most_in_bucket: u64,
}

fn drawn(usage: &UsageNow, now: Timestamp, size: Size) -> Markup {
    let calls = usage.buckets.iter().map(|bucket| bucket.own.0 + bucket.reported.0);
    let most = usage.budget.cap.0.max(usage.budget.used.0).max(1);
    let begin = now.floor(BUCKET) + BUCKET - WINDOW;
    let drawing =
        Drawing { usage, now, size, begin, most: most + most / 8, most_in_bucket: calls.max().unwrap_or(0).max(1) };
    drawing.svg()
}

/// A number of calls, or of milliseconds, as a length: far below 2^52, where no digit is lost.
#[expect(clippy::cast_precision_loss, reason = "a picture needs no more than the first digits")]
fn length(number: u64) -> f64 {
    number as f64
}

fn millis(span: Duration) -> f64 {
    length(u64::try_from(span.as_millis()).unwrap_or(u64::MAX))
}

impl Drawing<'_> {
    fn x(&self, at: Timestamp) -> f64 {
        let room = self.size.width() - LEFT - RIGHT;
        (LEFT + room * millis(at.since(self.begin)) / (2.0 * millis(WINDOW))).min(self.size.width() - RIGHT)
    }

    fn y(&self, calls: u64) -> f64 {
        SUM_TOP + SUM_HEIGHT * (1.0 - length(calls) / length(self.most))
    }

    fn svg(&self) -> Markup {
        let (width, cap) = (self.size.width(), self.usage.budget.cap.0);
        let label = format!(
            "{} of {} API calls used in the past 24 hours: {} by our retries, {} reported by the source",
            number(self.usage.budget.used.0),
            number(cap),
            number(self.usage.own.0),
            number(self.usage.reported.0)
        );
        html! {
            svg class=(self.size.class()) role="img" aria-label=(label) viewBox={ "0 0 " (width) " " (HEIGHT) } {
                (self.time_axis())
                (self.sum())
                (self.cap_line())
                (self.bars())
                (self.now_line())
                (self.resumes())
            }
        }
    }

    fn time_axis(&self) -> Markup {
        let bottom = BARS_TOP + BARS_HEIGHT;
        let every = Duration::from_hours(self.size.hours());
        let first = self.begin.floor(every) + every;
        let marks = (0..).map(|step| first + every * step).take_while(|mark| *mark < self.begin + WINDOW * 2);
        html! {
            line.axis x1=(LEFT) x2=(self.size.width() - RIGHT) y1=(bottom) y2=(bottom) {}
            line.axis x1=(LEFT) x2=(self.size.width() - RIGHT) y1=(self.y(0)) y2=(self.y(0)) {}
            text.axis-text x=(LEFT - 6.0) y=(self.y(0) + 4.0) text-anchor="end" { "0" }
            text.axis-text x=(LEFT - 6.0) y=(BARS_TOP + 8.0) text-anchor="end" { (number(self.most_in_bucket)) }
            text.axis-text x=(LEFT - 6.0) y=(bottom) text-anchor="end" { "0" }
            @for mark in marks {
                line.grid x1=(self.x(mark)) x2=(self.x(mark)) y1=(SUM_TOP) y2=(bottom) {}
                text.axis-text x=(self.x(mark)) y=(bottom + 17.0) text-anchor="middle" { (clock(mark)) }
            }
        }
    }

    /// The steps of the sum: up where calls were made, down where they leave.
    fn steps(&self) -> Vec<(Timestamp, u64)> {
        let (mut steps, mut sum) = (vec![(self.begin, 0)], 0);
        for bucket in &self.usage.buckets {
            sum += bucket.own.0 + bucket.reported.0;
            steps.push((bucket.start.max(self.begin), sum));
        }
        steps.push((self.now, sum));
        for bucket in &self.usage.buckets {
            sum = sum.saturating_sub(bucket.own.0 + bucket.reported.0);
            steps.push(((bucket.start + BUCKET + WINDOW).max(self.now), sum));
        }
        steps
    }

    fn sum(&self) -> Markup {
        let steps = self.steps();
        let mut path = format!("M{:.1} {:.1}", self.x(self.begin), self.y(0));
        for (at, sum) in &steps {
            write!(path, "H{:.1}V{:.1}", self.x(*at), self.y(*sum)).expect("a text takes all that is written into it");
        }
        write!(path, "H{:.1}", self.size.width() - RIGHT).expect("a text takes all that is written into it");
        html! {
            path.sum-area d={ (path) "V" (self.y(0)) "H" (LEFT) "Z" } {}
            path.sum-line d=(path) {}
        }
    }

    fn cap_line(&self) -> Markup {
        let y = self.y(self.usage.budget.cap.0);
        html! {
            line.cap-line x1=(LEFT) x2=(self.size.width() - RIGHT) y1=(y) y2=(y) {}
            text.axis-text x=(LEFT - 6.0) y=(y + 4.0) text-anchor="end" { (number(self.usage.budget.cap.0)) }
        }
    }

    fn bars(&self) -> Markup {
        let width = (self.x(self.begin + BUCKET) - self.x(self.begin) - 1.0).max(1.0);
        let tall = |calls: u64| BARS_HEIGHT * length(calls) / length(self.most_in_bucket);
        let bottom = BARS_TOP + BARS_HEIGHT;
        html! {
            @for bucket in &self.usage.buckets {
                @let x = self.x(bucket.start.max(self.begin));
                @let (own, reported) = (tall(bucket.own.0), tall(bucket.reported.0));
                @if bucket.reported.0 > 0 { rect.reported x=(tenth(x)) y=(tenth(bottom - reported)) width=(tenth(width)) height=(tenth(reported)) {} }
                @if bucket.own.0 > 0 { rect.own x=(tenth(x)) y=(tenth(bottom - reported - own)) width=(tenth(width)) height=(tenth(own)) {} }
            }
        }
    }

    fn now_line(&self) -> Markup {
        let x = self.x(self.now);
        html! {
            line.now-line x1=(x) x2=(x) y1=(SUM_TOP - 6.0) y2=(BARS_TOP + BARS_HEIGHT) {}
            text.now-text x=(x) y="11" text-anchor="middle" { "now " (clock(self.now)) }
        }
    }

    fn resumes(&self) -> Markup {
        let Some(at) = self.usage.budget.resumes else { return html! {} };
        let x = self.x(at);
        html! {
            line.resume-line x1=(x) x2=(x) y1=(SUM_TOP) y2=(self.y(0)) {}
            text.axis-text x=(x + 5.0) y=(SUM_TOP + 10.0) { "calls come back " (clock(at)) }
        }
    }
}

fn tenth(length: f64) -> String {
    format!("{length:.1}")
}

fn clock(at: Timestamp) -> String {
    clock_time(at, at).trim_end_matches(" UTC").to_owned()
}
