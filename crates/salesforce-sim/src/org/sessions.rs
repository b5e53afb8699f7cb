//! Logins and the sessions they open. It must not know HTTP, nor which calls a session is used for.

use std::collections::HashSet;

use jsonwebtoken::{Algorithm, DecodingKey, Validation};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::names::Millis;
use crate::settings::{ClientSecret, Credentials};

/// How far ahead a JWT's `exp` may be, in seconds. Salesforce says three minutes; two more are for skewed clocks.
const LONGEST_ASSERTION: i64 = 300;

/// The form of a token request.
#[derive(Clone, Default, Deserialize)]
#[serde(default)]
pub(crate) struct TokenForm {
    grant_type: String,
    client_id: String,
    client_secret: String,
    assertion: String,
}

impl TokenForm {
    /// The form with the client's id and secret from elsewhere: clients may send them in a `Basic` header.
    pub(crate) fn with_client(self, client_id: String, client_secret: String) -> Self {
        Self { client_id, client_secret, ..self }
    }
}

/// A login that failed; always a 400.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct LoginError {
    error: &'static str,
    description: &'static str,
}

impl LoginError {
    const fn new(error: &'static str, description: &'static str) -> Self {
        Self { error, description }
    }

    /// The integration user cannot log in.
    pub(crate) const fn refused() -> Self {
        Self::new("invalid_grant", "authentication failure")
    }

    /// The form could not be read.
    pub(crate) const fn unreadable() -> Self {
        Self::new("invalid_request", "the token request is not a readable form")
    }

    pub(crate) fn body(&self) -> Value {
        json!({"error": self.error, "error_description": self.description})
    }
}

#[derive(Deserialize)]
struct Claims {
    iss: String,
    sub: String,
    aud: Audience,
    exp: i64,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Audience {
    One(String),
    Several(Vec<String>),
}

impl Audience {
    fn names(&self, host: &str) -> bool {
        match self {
            Self::One(one) => one == host,
            Self::Several(several) => several.iter().any(|one| one == host),
        }
    }
}

/// Who may log in, and the sessions that are open.
pub(crate) struct Sessions {
    url: String,
    credentials: Credentials,
    public_key: Option<DecodingKey>,
    opened: u64,
    open: HashSet<String>,
}

impl Sessions {
    /// Nobody is logged in yet.
    ///
    /// # Errors
    /// When the public key is no PEM of an RSA key.
    pub(crate) fn new(url: String, credentials: Credentials) -> Result<Self, jsonwebtoken::errors::Error> {
        let pem = credentials.public_key_pem.as_deref().map(str::as_bytes);
        let public_key = pem.map(DecodingKey::from_rsa_pem).transpose()?;
        Ok(Self { url, credentials, public_key, opened: 0, open: HashSet::new() })
    }

    pub(crate) fn set_secret(&mut self, secret: ClientSecret) {
        self.credentials.client_secret = secret;
    }

    /// Ends every session.
    pub(crate) fn expire_all(&mut self) {
        self.open.clear();
    }

    /// Whether the token names an open session.
    pub(crate) fn admits(&self, token: Option<&str>) -> bool {
        token.is_some_and(|token| self.open.contains(token))
    }

    /// Opens a session for a proper login and returns the answer's body.
    pub(crate) fn log_in(&mut self, form: &TokenForm, now: Millis) -> Result<Value, LoginError> {
        match form.grant_type.as_str() {
            "client_credentials" => self.check_client(form)?,
            "urn:ietf:params:oauth:grant-type:jwt-bearer" => {
                self.check_assertion(&form.assertion, now)?;
            }
            _ => {
                return Err(LoginError::new("unsupported_grant_type", "grant type not supported"));
            }
        }
        Ok(self.open_session(now))
    }

    fn check_client(&self, form: &TokenForm) -> Result<(), LoginError> {
        if form.client_id != self.credentials.client_id {
            return Err(LoginError::new("invalid_client_id", "client identifier invalid"));
        }
        if !self.credentials.client_secret.admits(&form.client_secret) {
            return Err(LoginError::new("invalid_client", "invalid client credentials"));
        }
        Ok(())
    }

    fn check_assertion(&self, assertion: &str, now: Millis) -> Result<(), LoginError> {
        let Some(key) = &self.public_key else {
            return Err(LoginError::new("invalid_grant", "the app has no certificate for digital signatures"));
        };
        let claims = jsonwebtoken::decode::<Claims>(assertion, key, &signature_only())
            .map_err(|_| LoginError::new("invalid_grant", "invalid assertion"))?
            .claims;
        if claims.iss != self.credentials.client_id {
            return Err(LoginError::new("invalid_client_id", "client identifier invalid"));
        }
        if claims.sub != self.credentials.username {
            return Err(LoginError::new("invalid_grant", "user hasn't approved this consumer"));
        }
        let known = self.credentials.audiences.iter().chain([&self.url]).any(|host| claims.aud.names(host));
        if !known {
            return Err(LoginError::new("invalid_grant", "audience is invalid"));
        }
        check_expiry(claims.exp, now)
    }

    fn open_session(&mut self, now: Millis) -> Value {
        self.opened += 1;
        let token = format!("00D000000000001!SIM.{:016}", self.opened);
        self.open.insert(token.clone());
        json!({
            "access_token": token,
            "instance_url": self.url,
            "id": format!("{}/id/00D000000000001EAA/005000000000001AAA", self.url),
            "token_type": "Bearer",
            "issued_at": now.0.to_string(),
            "scope": "api",
        })
    }
}

/// Only the signature is left to the library: the other claims are checked here, on the simulator's clock.
fn signature_only() -> Validation {
    let mut validation = Validation::new(Algorithm::RS256);
    validation.validate_exp = false;
    validation.validate_aud = false;
    validation.required_spec_claims.clear();
    validation
}

fn check_expiry(exp_seconds: i64, now: Millis) -> Result<(), LoginError> {
    let seconds_left = exp_seconds.saturating_sub(now.0.div_euclid(1000));
    if seconds_left <= 0 {
        return Err(LoginError::new("invalid_grant", "expired assertion"));
    }
    if seconds_left > LONGEST_ASSERTION {
        return Err(LoginError::new("invalid_grant", "the assertion's expiry is too far in the future"));
    }
    Ok(())
}
