//! What is left of a set of reports about one record: the newest, whatever the order in which they came.
//! It must not know in which order they came.

/// One report of one version.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Report {
    pub(crate) version: i64,
    pub(crate) failed: bool,
}

/// The newest of the reports.
pub(crate) fn newest(reports: &[Report]) -> Option<Report> {
    let mut newest: Option<Report> = None;
    for report in reports {
        if newest.is_none_or(|known| report.version > known.version) {
            newest = Some(*report);
        }
    }
    newest
}
