//! Reads `Sforce-Limit-Info`, the org's own count of API calls that most answers carry.
//!
//! Must not know: what the figure is used for.

use engine::ports::OrgFigure;
use rules::counts::ApiCalls;

/// The header's name.
pub(crate) const HEADER: &str = "sforce-limit-info";

/// The org's figure in a header such as `api-usage=18/5000; per-app-api-usage=17/250(appName=sync)`. The app's share is
/// passed over; a header that cannot be read says nothing.
pub(crate) fn org_figure(header: &str) -> Option<OrgFigure> {
    header.split([';', ',']).find_map(figure)
}

fn figure(part: &str) -> Option<OrgFigure> {
    let (name, value) = part.split_once('=')?;
    if !name.trim().eq_ignore_ascii_case("api-usage") {
        return None;
    }
    let (used, limit) = value.split_once('/')?;
    Some(OrgFigure { used: calls(used)?, limit: calls(limit)? })
}

fn calls(text: &str) -> Option<ApiCalls> {
    let digits = text.trim();
    let plain = digits.bytes().all(|byte| byte.is_ascii_digit());
    if plain { digits.parse().ok().map(ApiCalls) } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(header: &str) -> Option<(u64, u64)> {
        org_figure(header).map(|figure| (figure.used.0, figure.limit.0))
    }

    #[test]
    fn the_org_figure_is_read_with_and_without_the_share_of_an_app() {
        for header in [
            "api-usage=18/5000",
            "api-usage=18/5000; per-app-api-usage=17/250(appName=sample-connected-app)",
            "per-app-api-usage=17/250(appName=sample), api-usage=18/5000",
            "  API-Usage = 18 / 5000 ;per-app-api-usage=17/250(appName=x)",
        ] {
            assert_eq!(read(header), Some((18, 5_000)), "{header}");
        }
    }

    #[test]
    fn a_header_that_is_not_a_figure_says_nothing() {
        for header in [
            "",
            "api-usage",
            "api-usage=",
            "api-usage=18",
            "api-usage=/5000",
            "api-usage=18/",
            "api-usage=+18/5000",
            "api-usage=-1/5000",
            "api-usage=18/5000/2",
            "api-usage=18/99999999999999999999999",
            "per-app-api-usage=17/250(appName=x)",
            "garbage; more=garbage",
        ] {
            assert_eq!(read(header), None, "{header}");
        }
    }
}
