//! Tests of `report`.
//!
//! Must not know: the calls that carry these items.

use engine::ports::StopReason;
use rules::ids::{Epoch, RunId};
use rules::owed::Selection;

use super::*;
use crate::items::fields::{EXPIRES, SK, number, text};
use crate::items::samples::{acme, at};

#[test]
fn a_report_is_read_as_it_was_written_and_expires_as_long_after_the_run_s_end_as_its_connection_says() {
    let report = RunReport {
        run: RunId(0xab),
        epoch: Epoch(3),
        selection: Selection::Due { tick: at(0) },
        started: at(1_000),
        ended: at(5_000),
        stopped: StopReason::Halted,
        api_calls: 1,
        tried: 2,
        resolved: 1,
        failed: 1,
        unknown: 0,
        skipped: 0,
        deleted: 0,
    };
    let item = write(&acme(), &report, Duration::from_hours(24 * 7));
    assert_eq!(item[SK], text(format!("{:015}#00000000000000ab", at(1_000).as_millis())));
    assert_eq!(item[EXPIRES], number(at(5_000).as_millis() / 1_000 + 7 * 24 * 60 * 60));
    assert_eq!(read(&item).unwrap(), report);
}
