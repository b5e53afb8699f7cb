//! Signature Version 4 of one request, in its headers
//! (<https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv.html>).
//!
//! Must not know: where credentials come from, or what is asked.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use anyhow::Context;
use aws_credential_types::Credentials;
use aws_sigv4::http_request::{
    PayloadChecksumKind, PercentEncodingMode, SignableBody, SignableRequest, SigningSettings, UriPathNormalizationMode,
};
use aws_sigv4::sign::v4;
use axum::http::{HeaderName, HeaderValue};
use rules::time::Timestamp;

use super::Asked;
use super::address::Region;
use crate::exit::Failure;

/// The headers of which nothing is logged.
const SECRET: [&str; 2] = ["authorization", "x-amz-security-token"];

/// How a path that is percent-encoded already stands in what is signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Encoding {
    /// Encoded once more: the rule for all services but S3.
    Twice,
    /// As it is sent.
    Once,
}

/// By whom, for where and when it is signed.
pub(super) struct Signed<'a> {
    /// The service, as signatures name it.
    pub(super) service: &'static str,
    pub(super) region: &'a Region,
    pub(super) credentials: Credentials,
    pub(super) at: Timestamp,
    pub(super) encoding: Encoding,
}

/// The headers that sign the request to `url`: all of its own headers, its method, path, query and body.
pub(super) fn sign(asked: &Asked, url: &str, signed: &Signed<'_>) -> Result<Vec<(HeaderName, HeaderValue)>, Failure> {
    signature(asked, url, signed, settings(signed.encoding)).map_err(Failure::Other)
}

fn signature(
    asked: &Asked,
    url: &str,
    signed: &Signed<'_>,
    settings: SigningSettings,
) -> anyhow::Result<Vec<(HeaderName, HeaderValue)>> {
    let identity = signed.credentials.clone().into();
    let params = v4::SigningParams::builder()
        .identity(&identity)
        .region(signed.region.as_str())
        .name(signed.service)
        .time(instant(signed.at))
        .settings(settings)
        .build()
        .context("preparing the signature")?
        .into();
    let headers: Vec<(&str, &str)> = asked
        .headers
        .iter()
        .map(|(name, value)| value.to_str().map(|value| (name.as_str(), value)))
        .collect::<Result<_, _>>()
        .context("a header is no text")?;
    let body = SignableBody::Bytes(&asked.body);
    let request = SignableRequest::new(asked.method.as_str(), url, headers.into_iter(), body).context("signing")?;
    let (instructions, _) = aws_sigv4::http_request::sign(request, &params).context("signing")?.into_parts();
    let header = |(name, value): (&str, &str)| {
        let mut value = HeaderValue::from_str(value).context("signing")?;
        value.set_sensitive(SECRET.contains(&name));
        Ok((HeaderName::from_bytes(name.as_bytes()).context("signing")?, value))
    };
    instructions.headers().map(header).collect()
}

fn settings(encoding: Encoding) -> SigningSettings {
    let mut settings = SigningSettings::default();
    settings.percent_encoding_mode = match encoding {
        Encoding::Twice => PercentEncodingMode::Double,
        Encoding::Once => PercentEncodingMode::Single,
    };
    // What is signed is what is sent; no path of ours has dots or two slashes together.
    settings.uri_path_normalization_mode = UriPathNormalizationMode::Enabled;
    settings.payload_checksum_kind = PayloadChecksumKind::XAmzSha256;
    settings
}

fn instant(at: Timestamp) -> SystemTime {
    UNIX_EPOCH + Duration::from_millis(u64::try_from(at.as_millis()).unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use axum::body::Bytes;
    use axum::http::{HeaderMap, HeaderName, HeaderValue, Method};
    use rules::time::Timestamp;

    use super::*;

    /// The key, the instant, the region and the service of AWS's published test suite for Signature Version 4.
    fn published(asked: &Asked, path: &str, encoding: Encoding) -> String {
        let credentials =
            Credentials::new("AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", None, None, "the test suite");
        let region: Region = "us-east-1".parse().expect("a region");
        let at = Timestamp::parse("2015-08-30T12:36:00Z").expect("a time");
        let signed = Signed { service: "service", region: &region, credentials, at, encoding };
        let mut settings = settings(encoding);
        settings.payload_checksum_kind = PayloadChecksumKind::NoHeader;
        let url = format!("https://example.amazonaws.com{path}");
        let headers = signature(asked, &url, &signed, settings).expect("it is signed");
        let authorization = headers.iter().find(|(name, _)| name == "authorization").expect("it is there");
        let value = authorization.1.to_str().expect("a text");
        value.split_once("Signature=").expect("it has one").1.to_owned()
    }

    fn asked(method: Method, headers: &[(&'static str, &'static str)], body: &'static str) -> Asked {
        let header = |(name, value): &(&'static str, &'static str)| {
            (HeaderName::from_static(name), HeaderValue::from_static(value))
        };
        let headers: HeaderMap = headers.iter().map(header).collect();
        Asked { method, path: String::new(), headers, body: Bytes::from_static(body.as_bytes()) }
    }

    #[test]
    fn the_signatures_are_those_of_the_published_test_suite() {
        let form = [("content-type", "application/x-www-form-urlencoded")];
        for (name, asked, path, expected) in [
            (
                "get-vanilla",
                asked(Method::GET, &[], ""),
                "/",
                "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31",
            ),
            (
                "get-vanilla-query-order-key-case",
                asked(Method::GET, &[], ""),
                "/?Param2=value2&Param1=value1",
                "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500",
            ),
            (
                "post-vanilla",
                asked(Method::POST, &[], ""),
                "/",
                "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b",
            ),
            (
                "post-x-www-form-urlencoded",
                asked(Method::POST, &form, "Param1=value1"),
                "/",
                "ff11897932ad3f4e8b18135d722051e5ac45fc38421b1da7b9d196a0fe09473a",
            ),
            // The suite gives this path unencoded and encodes it once.
            (
                "get-utf8",
                asked(Method::GET, &[], ""),
                "/%E1%88%B4",
                "8318018e0b0f223aa2bbf98705b62bb787dc9c0e678f255a891fd03141be5d85",
            ),
        ] {
            assert_eq!(published(&asked, path, Encoding::Once), expected, "{name}");
        }
    }

    #[test]
    fn a_path_that_is_encoded_is_encoded_once_more_in_what_is_signed() {
        let twice = published(&asked(Method::GET, &[], ""), "/%E1%88%B4", Encoding::Twice);
        let once_more = published(&asked(Method::GET, &[], ""), "/%25E1%2588%25B4", Encoding::Once);
        assert_eq!(twice, once_more);
    }
}
