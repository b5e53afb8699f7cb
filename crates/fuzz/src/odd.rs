//! Values that are seldom thought of.
//!
//! Must not know: where they are put.

use fastrand::Rng;
use serde_json::{Value, json};

use crate::CANARY;

/// Texts that mean something to somebody.
const TEXTS: [&str; 30] = [
    "",
    " ",
    "canary-odd",
    "\u{0}",
    "\u{202e}",
    "\u{feff}",
    "ﬀ",
    "é\u{301}",
    "💥",
    "..",
    "../../etc/passwd",
    "=1+1",
    "<script>alert(1)</script>",
    "' OR 1=1 --",
    "a#b#c",
    "r#acme#Contact#c-1",
    "%2e%2e",
    "null",
    "true",
    "-1",
    "18446744073709551616",
    "1e400",
    "NaN",
    "2026-02-30T00:00:00Z",
    "9999-12-31T23:59:59.999999999Z",
    "-009999-01-01T00:00:00Z",
    "2026-03-10T09:30:00+25:00",
    "24:00",
    "unknown:",
    "(a{1,1000}){1,1000}",
];

/// A value of JSON that is none of those that are expected.
pub(crate) fn value(rng: &mut Rng) -> Value {
    match rng.u8(0..12) {
        0 => Value::Null,
        1 => Value::Bool(rng.bool()),
        2 => number(rng),
        3 => json!([]),
        4 => json!({}),
        5 => nested(rng.usize(1..120)),
        6 => Value::from("x".repeat(rng.usize(200..2_000))),
        7 if rng.u8(..) < 8 => Value::from("é".repeat(rng.usize(100_000..300_000))),
        8 => Value::from(format!("{CANARY}{}", rng.u64(..))),
        _ => Value::from(text(rng)),
    }
}

/// A text of the odd ones.
pub(crate) fn text(rng: &mut Rng) -> &'static str {
    TEXTS[rng.usize(..TEXTS.len())]
}

/// A number near an edge.
pub(crate) fn number(rng: &mut Rng) -> Value {
    match rng.u8(0..9) {
        0 => json!(0),
        1 => json!(-1),
        2 => json!(i64::MIN),
        3 => json!(i64::MAX),
        4 => json!(u64::MAX),
        5 => json!(f64::MAX),
        6 => json!(0.5),
        7 => json!(u32::MAX),
        _ => json!(rng.i64(..)),
    }
}

fn nested(depth: usize) -> Value {
    (0..depth).fold(Value::Null, |inner, _| json!([inner]))
}
