//! Where a deployment is asked: the function URL, and the AWS region in its host.
//!
//! Must not know: what is asked there.

use std::env;
use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use anyhow::Context;
use reqwest::Url;

use crate::exit::Failure;

/// The end of every function URL's host, after the region
/// (<https://docs.aws.amazon.com/lambda/latest/dg/urls-configuration.html>).
const HOST_END: &str = ".on.aws";

/// An AWS region, such as `eu-central-1`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Region(String);

impl Region {
    /// As AWS writes it.
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Region {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let sign = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
        if (1..=64).contains(&text.len()) && text.bytes().all(sign) {
            Ok(Self(text.to_owned()))
        } else {
            Err("write it as AWS does, such as eu-central-1".to_owned())
        }
    }
}

/// A function URL: `https`, or `http` to this machine alone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Address(Url);

impl FromStr for Address {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let form = "write it as https://ID.lambda-url.REGION.on.aws";
        let url = Url::parse(text).map_err(|problem| format!("{problem}; {form}"))?;
        let address = Self(url);
        let url = &address.0;
        let secure = url.scheme() == "https" || url.scheme() == "http" && address.is_loopback();
        if !secure {
            return Err(format!("only https is safe over a network; {form}"));
        }
        let bare = url.path() == "/" && url.query().is_none() && url.fragment().is_none();
        if !(bare && url.username().is_empty() && url.password().is_none() && url.host_str().is_some()) {
            return Err(format!("it is more than an address; {form}"));
        }
        Ok(address)
    }
}

impl Address {
    /// Whether it is on this machine.
    pub(crate) fn is_loopback(&self) -> bool {
        let host = self.0.host_str().unwrap_or_default();
        let bare = host.trim_start_matches('[').trim_end_matches(']');
        host == "localhost" || bare.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
    }

    /// The address of `path`, which may have a query and is percent-encoded.
    pub(super) fn with(&self, path: &str) -> Result<Url, Failure> {
        let url = Url::parse(&format!("{self}{path}"));
        Ok(url.with_context(|| format!("{path} is no path"))?)
    }

    /// The region to sign for: the one that is said, else the host's, else the environment's.
    pub(super) fn region_or(&self, said: Option<Region>) -> Result<Region, Failure> {
        let usual = || ["AWS_REGION", "AWS_DEFAULT_REGION"].iter().find_map(|name| env::var(name).ok()?.parse().ok());
        said.or_else(|| self.region())
            .or_else(usual)
            .ok_or_else(|| Failure::Wrong(format!("the AWS region of {self} is not in its host; name it by --region")))
    }

    fn region(&self) -> Option<Region> {
        let host = self.0.host_str()?.strip_suffix(HOST_END)?;
        let (_, region) = host.split_once(".lambda-url.")?;
        region.parse().ok()
    }
}

/// Without a slash at its end.
impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.as_str().trim_end_matches('/'))
    }
}

#[cfg(test)]
mod tests {
    use super::{Address, Region};

    fn refused(text: &str) -> String {
        text.parse::<Address>().expect_err("it is refused")
    }

    #[test]
    fn the_region_is_in_the_host_unless_another_is_said() {
        let address: Address = "https://abc123.lambda-url.eu-central-1.on.aws/".parse().expect("a function URL");
        assert_eq!(address.to_string(), "https://abc123.lambda-url.eu-central-1.on.aws");
        assert_eq!(address.region_or(None).expect("it is known").as_str(), "eu-central-1");
        let said: Region = "us-east-1".parse().expect("a region");
        assert_eq!(address.region_or(Some(said.clone())).expect("it is known"), said);
    }

    #[test]
    fn only_https_leaves_the_machine() {
        assert!(refused("http://abc123.lambda-url.eu-central-1.on.aws").contains("only https"));
        assert!(refused("ftp://127.0.0.1").contains("only https"));
        assert!(refused("http://127.0.0.1.evil.example").contains("only https"));
        for local in ["http://127.0.0.1:8080", "http://localhost:1", "http://[::1]:1"] {
            assert!(local.parse::<Address>().is_ok_and(|address| address.is_loopback()), "{local}");
        }
    }

    #[test]
    fn an_address_is_nothing_more_than_that() {
        for more in ["https://a.on.aws/v1", "https://a.on.aws?x=1", "https://u:p@a.on.aws", "https://a.on.aws/#x"] {
            assert!(refused(more).contains("more than an address"), "{more}");
        }
        assert!(refused("abc").contains("write it as https://"));
    }

    #[test]
    fn a_path_is_put_behind_it_as_it_is() {
        let address: Address = "https://abc123.lambda-url.eu-central-1.on.aws".parse().expect("a function URL");
        let url = address.with("/v1/a%2Fb?c=d%20e").expect("a path");
        assert_eq!(url.as_str(), "https://abc123.lambda-url.eu-central-1.on.aws/v1/a%2Fb?c=d%20e");
    }
}
