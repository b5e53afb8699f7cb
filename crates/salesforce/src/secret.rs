//! The credentials of a connection: read from a secret's text with all mistakes together, and never shown.
//!
//! Must not know: where secrets are kept, which flow uses what.

use std::fmt;

use engine::ports::PortError;
use jsonwebtoken::EncodingKey;
use rules::fields::{Fields, Mistake, Mistakes};
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;

/// Where credentials are kept.
pub trait Secrets: Send + Sync {
    /// The current credentials under this name.
    ///
    /// # Errors
    /// When they cannot be fetched, or what is there cannot be read.
    fn fetch(&self, secret: &str) -> impl Future<Output = Result<Secret, PortError>> + Send;
}

/// One version of a connection's credentials. Whatever prints it shows the version only.
#[derive(Clone)]
#[expect(clippy::struct_field_names, reason = "these are the names of the secret's own fields")]
pub struct Secret {
    version: String,
    client_id: SecretString,
    client_secret: Option<SecretString>,
    private_key: Option<SecretString>,
}

impl Secret {
    /// Reads the text of a secret: `{"client_id":"…","client_secret":"…"}` for client credentials, `private_key` (PEM of an
    /// RSA key) instead for JWT bearer; both may be there. Other fields are left to others.
    ///
    /// # Errors
    /// All mistakes together; none shows a value.
    pub fn parse(version: impl Into<String>, text: &str) -> Result<Self, Mistakes> {
        let value: Value = serde_json::from_str(text).map_err(|error| not_json(&error))?;
        let mut fields = Fields::of("secret", &value);
        let client_id: Option<Given> = fields.text("client_id");
        let neither = fields.value("client_secret").or(fields.value("private_key")).is_none();
        if neither && value.is_object() {
            fields.wrong(
                "client_secret",
                "is missing, and so is private_key",
                "add the one that the connection's flow needs",
            );
        }
        let client_secret: Option<Given> = fields.optional_text("client_secret");
        let private_key: Option<RsaKey> = fields.optional_text("private_key");
        let mistakes = fields.lenient();
        match client_id {
            Some(Given(client_id)) if mistakes.is_empty() => Ok(Self {
                version: version.into(),
                client_id,
                client_secret: client_secret.map(|Given(secret)| secret),
                private_key: private_key.map(|RsaKey(key)| key),
            }),
            Some(_) | None => Err(Mistakes(mistakes)),
        }
    }

    /// Its version; another one means that it was changed.
    #[must_use]
    pub fn version(&self) -> &str {
        &self.version
    }

    pub(crate) fn client_id(&self) -> &SecretString {
        &self.client_id
    }

    pub(crate) fn client_secret(&self) -> Option<&SecretString> {
        self.client_secret.as_ref()
    }

    pub(crate) fn private_key(&self) -> Option<&SecretString> {
        self.private_key.as_ref()
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Secret").field("version", &self.version).finish_non_exhaustive()
    }
}

/// A text with something in it.
struct Given(SecretString);

impl TryFrom<String> for Given {
    type Error = &'static str;
    fn try_from(text: String) -> Result<Self, Self::Error> {
        let blank = text.trim().is_empty();
        let secret = SecretString::from(text);
        if blank { Err("is empty; write its value") } else { Ok(Self(secret)) }
    }
}

/// An RSA private key in PEM.
struct RsaKey(SecretString);

impl TryFrom<String> for RsaKey {
    type Error = &'static str;
    fn try_from(text: String) -> Result<Self, Self::Error> {
        let key = SecretString::from(text);
        match EncodingKey::from_rsa_pem(key.expose_secret().as_bytes()) {
            Ok(_) => Ok(Self(key)),
            Err(_) => Err("is not an RSA private key in PEM; write the whole file, its BEGIN and END lines included"),
        }
    }
}

fn not_json(error: &serde_json::Error) -> Mistakes {
    Mistakes(vec![Mistake {
        field: "secret".to_owned(),
        problem: format!("is not JSON (line {}, column {})", error.line(), error.column()),
        mend: "write it as { \"client_id\": \"…\", \"client_secret\": \"…\" }".to_owned(),
    }])
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const CANARY: &str = "canary-7f3a";

    fn mistakes(text: &str) -> String {
        Secret::parse("1", text).expect_err("the secret is wrong").to_string()
    }

    #[test]
    fn a_secret_with_a_client_secret_is_read_and_other_fields_are_left_alone() {
        let secret = Secret::parse("v-1", r#"{"client_id":"id","client_secret":"s","owner":"billing"}"#);
        let secret = secret.expect("it is complete");
        assert_eq!(secret.version(), "v-1");
        assert_eq!(secret.client_id().expose_secret(), "id");
        assert_eq!(secret.client_secret().map(ExposeSecret::expose_secret), Some("s"));
        assert!(secret.private_key().is_none());
    }

    #[test]
    fn all_mistakes_are_reported_together() {
        let said = mistakes(r#"{"client_id":"","client_secret":7,"private_key":"nonsense"}"#);
        assert_eq!(
            said,
            "secret.client_id: is empty; write its value\n\
             secret.client_secret: is a number, not a text; write it in quotes\n\
             secret.private_key: is not an RSA private key in PEM; write the whole file, its BEGIN and END lines included"
        );
    }

    #[test]
    fn a_secret_that_fits_neither_flow_says_what_to_add() {
        let said = mistakes("{}");
        assert!(said.contains("secret.client_id: is missing; add it"), "{said}");
        assert!(said.contains("secret.client_secret: is missing, and so is private_key"), "{said}");
        assert_eq!(mistakes("[]").lines().count(), 1);
    }

    #[test]
    fn no_mistake_and_no_debug_output_shows_a_value() {
        for text in [
            format!(r#"{{"client_id":"{CANARY}","client_secret":"{CANARY}"#),
            format!(r#"{{"client_id":"{CANARY}","private_key":"{CANARY}"}}"#),
            format!(r#"{{"client_id":["{CANARY}"],"client_secret":{{"x":"{CANARY}"}}}}"#),
            format!("\"{CANARY}\""),
            CANARY.to_owned(),
        ] {
            let error = Secret::parse("1", &text).expect_err("the secret is wrong");
            assert!(!format!("{error} {error:?}").contains(CANARY), "{error}");
        }
        let secret = Secret::parse("1", &format!(r#"{{"client_id":"{CANARY}","client_secret":"{CANARY}"}}"#));
        assert_eq!(format!("{:?}", secret.expect("it is complete")), r#"Secret { version: "1", .. }"#);
    }

    proptest! {
        #[test]
        fn no_text_whatever_makes_the_reading_panic(text in r#"[\[\]{}":,a-z_\-]{0,60}"#) {
            if let Ok(secret) = Secret::parse("1", &text) {
                prop_assert_eq!(secret.version(), "1");
            }
        }
    }
}
