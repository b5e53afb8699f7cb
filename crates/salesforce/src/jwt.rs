//! The signed assertion of the JWT bearer flow.
//!
//! Must not know: where the key comes from, how the assertion is sent.

use std::time::Duration;

use jsonwebtoken::errors::Error;
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use rules::time::Timestamp;
use secrecy::{ExposeSecret, SecretString};
use serde::Serialize;

/// How long an assertion is valid; Salesforce refuses more than 3 minutes.
const VALID_FOR: Duration = Duration::from_mins(3);

/// What an assertion says.
pub(crate) struct Assertion<'a> {
    /// The consumer key: who asks.
    pub(crate) client_id: &'a SecretString,
    /// The integration user: for whom.
    pub(crate) username: &'a str,
    /// The login host: to whom.
    pub(crate) audience: &'a str,
}

#[derive(Serialize)]
struct Claims<'a> {
    iss: &'a str,
    sub: &'a str,
    aud: &'a str,
    exp: i64,
}

impl Assertion<'_> {
    /// The assertion, signed with an RSA key (PEM) by RS256, valid for 3 minutes from `now`.
    ///
    /// # Errors
    /// When the key is not one to sign with.
    pub(crate) fn sign(&self, key: &SecretString, now: Timestamp) -> Result<SecretString, Error> {
        let claims = Claims {
            iss: self.client_id.expose_secret(),
            sub: self.username,
            aud: self.audience,
            exp: (now + VALID_FOR).as_millis().div_euclid(1_000),
        };
        let key = EncodingKey::from_rsa_pem(key.expose_secret().as_bytes())?;
        jsonwebtoken::encode(&Header::new(Algorithm::RS256), &claims, &key).map(SecretString::from)
    }
}
