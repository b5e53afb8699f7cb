//! A cell as the source's version of a row.
//!
//! Must not know: which version is newer.

use rules::time::Timestamp;
use rules::version::SourceVersion;

/// Reads a whole number, or a time with its offset as RFC 3339 or as Salesforce writes it (`2026-03-01T09:30:00.000+0000`).
pub(crate) fn version(cell: &str) -> Option<SourceVersion> {
    let cell = cell.trim();
    if let Ok(number) = cell.parse() {
        return Some(SourceVersion::Number(number));
    }
    let time = Timestamp::parse(cell).ok().or_else(|| Timestamp::parse(&with_colon(cell)?).ok())?;
    Some(SourceVersion::Time(time))
}

/// `+0000` as `+00:00`.
fn with_colon(cell: &str) -> Option<String> {
    let (time, offset) = cell.split_at_checked(cell.len().checked_sub(5)?)?;
    let (hours, minutes) = offset.split_at_checked(3)?;
    Some(format!("{time}{hours}:{minutes}"))
}

#[cfg(test)]
mod tests {
    use rules::time::Timestamp;
    use rules::version::SourceVersion;

    use super::version;

    #[test]
    fn a_version_is_a_number_or_a_time_with_its_offset() {
        let time = SourceVersion::Time(Timestamp::parse("2026-03-01T09:30:00Z").expect("a time"));
        assert_eq!(version(" 42 "), Some(SourceVersion::Number(42)));
        for cell in ["2026-03-01T09:30:00Z", "2026-03-01T09:30:00.000+0000", "2026-03-01T11:30:00+02:00"] {
            assert_eq!(version(cell), Some(time), "{cell}");
        }
    }

    #[test]
    fn a_day_or_a_local_time_is_no_version() {
        for cell in ["", "2026-03-01", "2026-03-01 09:30", "01/03/2026", "1.5", "é+00é0"] {
            assert_eq!(version(cell), None, "{cell}");
        }
    }
}
