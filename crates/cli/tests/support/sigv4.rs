//! Checks a signed request as AWS does, by the published description of Signature Version 4 and nothing of the crate that
//! signs (<https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html>).
//!
//! Must not know: what signs, or what is asked.

use std::fmt::Write;

use aws_lc_rs::{digest, hmac};
use axum::http::{HeaderMap, Method, Uri};
use percent_encoding::percent_decode_str;

/// Whose requests are taken.
pub(crate) const ACCESS_KEY: &str = "AKIDEXAMPLE";
pub(crate) const SECRET_KEY: &str = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";
pub(crate) const SESSION_TOKEN: &str = "a-session/token+of==";
pub(crate) const REGION: &str = "eu-central-1";

/// What is wrong with a request to `service` that came in.
pub(crate) fn check(service: &str, method: &Method, uri: &Uri, headers: &HeaderMap, body: &[u8]) -> Result<(), String> {
    let header = |name: &str| match headers.get_all(name).iter().collect::<Vec<_>>().as_slice() {
        [one] => one.to_str().map_err(|_| format!("{name} is no text")),
        all => Err(format!("{name} is there {} times", all.len())),
    };
    let authorization = header("authorization")?;
    let parts = authorization.strip_prefix("AWS4-HMAC-SHA256 ").ok_or("another algorithm")?;
    let part = |name: &str| {
        let found = parts.split(", ").find_map(|part| part.strip_prefix(name)?.strip_prefix('='));
        found.ok_or_else(|| format!("{name} is missing"))
    };
    let at = header("x-amz-date")?;
    let scope = format!("{}/{REGION}/{service}/aws4_request", at.get(..8).ok_or("no date")?);
    if part("Credential")? != format!("{ACCESS_KEY}/{scope}") {
        return Err(format!("the credential is {}", part("Credential")?));
    }
    let signed = part("SignedHeaders")?;
    let names: Vec<&str> = signed.split(';').collect();
    for needed in ["host", "x-amz-date", "x-amz-content-sha256", "x-amz-security-token"] {
        if !names.contains(&needed) {
            return Err(format!("{needed} is not signed"));
        }
    }
    if header("x-amz-security-token")? != SESSION_TOKEN {
        return Err("the session token is another".to_owned());
    }
    let hash = hex(digest::digest(&digest::SHA256, body).as_ref());
    if header("x-amz-content-sha256")? != hash {
        return Err("the body is another one than was signed".to_owned());
    }
    let mut lines = String::new();
    for name in &names {
        writeln!(lines, "{name}:{}", header(name)?.trim()).expect("a text takes a line");
    }
    let canonical = [method.as_str(), &path(uri.path()), &query(uri.query()), &lines, signed, &hash].join("\n");
    let canonical_hash = hex(digest::digest(&digest::SHA256, canonical.as_bytes()).as_ref());
    let to_sign = ["AWS4-HMAC-SHA256", at, &scope, &canonical_hash].join("\n");
    let expected = hex(&mac(&key(&scope), &to_sign));
    if part("Signature")? == expected { Ok(()) } else { Err(format!("the signature is not that of\n{canonical}")) }
}

/// The key that signs within a scope.
fn key(scope: &str) -> Vec<u8> {
    scope.split('/').fold(format!("AWS4{SECRET_KEY}").into_bytes(), |key, part| mac(&key, part))
}

fn mac(key: &[u8], text: &str) -> Vec<u8> {
    hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, key), text.as_bytes()).as_ref().to_vec()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |text, byte| text + &format!("{byte:02x}"))
}

/// The path as it was sent, each part encoded once more: every byte but the unreserved ones of RFC 3986.
fn path(sent: &str) -> String {
    let encoded = |byte: u8| match byte {
        b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' => char::from(byte).to_string(),
        other => format!("%{other:02X}"),
    };
    sent.bytes().map(encoded).collect()
}

/// The pairs of the query, each name and value encoded anew, in order.
fn query(sent: Option<&str>) -> String {
    let again = |part: &str| path(&percent_decode_str(part).decode_utf8_lossy()).replace('/', "%2F");
    let pair = |pair: &str| match pair.split_once('=') {
        Some((name, value)) => format!("{}={}", again(name), again(value)),
        None => format!("{}=", again(pair)),
    };
    let mut pairs: Vec<String> = sent.into_iter().flat_map(|query| query.split('&')).map(pair).collect();
    pairs.sort_unstable();
    pairs.join("&")
}

#[cfg(test)]
mod tests {
    use super::{hex, key, mac};

    #[test]
    fn the_key_signs_as_in_the_published_test_suite() {
        let to_sign = "AWS4-HMAC-SHA256\n20150830T123600Z\n20150830/us-east-1/service/aws4_request\n\
                       bb579772317eb040ac9ed261061d46c1f17a8133879d6129b6e1c25292927e63";
        let signed = hex(&mac(&key("20150830/us-east-1/service/aws4_request"), to_sign));
        assert_eq!(signed, "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31", "get-vanilla");
    }
}
