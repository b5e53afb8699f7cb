//! Credentials in Secrets Manager.
//!
//! Nothing is kept: whoever signs in after a secret was changed uses the change, and sees its version.
//!
//! Must not know: which connection asks, what a flow needs.

use aws_sdk_secretsmanager::Client;
use aws_sdk_secretsmanager::operation::get_secret_value::GetSecretValueOutput;
use engine::ports::PortError;
use salesforce::{Secret, Secrets};

use crate::refusal::Refusal;

/// The secrets of Secrets Manager, by name or ARN.
#[derive(Clone, Debug)]
pub struct ManagedSecrets(Client);

impl ManagedSecrets {
    /// The secrets that this client may read.
    #[must_use]
    pub fn new(client: Client) -> Self {
        Self(client)
    }
}

impl Secrets for ManagedSecrets {
    async fn fetch(&self, secret: &str) -> Result<Secret, PortError> {
        let asked = self.0.get_secret_value().secret_id(secret).send().await;
        let value = asked.map_err(|error| PortError::unavailable("reading the secret", Refusal::from(error)))?;
        parse(secret, &value)
    }
}

fn parse(name: &str, value: &GetSecretValueOutput) -> Result<Secret, PortError> {
    let unreadable = |problem: String| PortError::Unreadable { what: format!("the secret {name}"), problem };
    let version = value.version_id().ok_or_else(|| unreadable("it has no version".to_owned()))?;
    let text = value.secret_string().ok_or_else(|| unreadable("it is binary; store it as text".to_owned()))?;
    Secret::parse(version, text).map_err(|mistakes| unreadable(mistakes.to_string()))
}

#[cfg(test)]
mod tests {
    use aws_sdk_secretsmanager::primitives::Blob;

    use super::*;

    fn parsed(value: &GetSecretValueOutput) -> Result<String, String> {
        parse("resync/acme", value).map(|secret| secret.version().to_owned()).map_err(|error| error.to_string())
    }

    fn text(text: &str) -> GetSecretValueOutput {
        GetSecretValueOutput::builder().version_id("v-7").secret_string(text).build()
    }

    #[test]
    fn a_secret_carries_the_version_that_secrets_manager_gave_it() {
        assert_eq!(parsed(&text(r#"{"client_id":"id","client_secret":"s"}"#)), Ok("v-7".to_owned()));
    }

    #[test]
    fn a_secret_that_cannot_be_read_is_named_with_its_mistakes_and_without_its_value() {
        let said = parsed(&text(r#"{"client_id":"canary-7f3a"}"#)).expect_err("a secret is missing in it");
        assert!(said.starts_with("the secret resync/acme cannot be read: secret.client_secret: is missing"), "{said}");
        assert!(!said.contains("canary"), "{said}");
    }

    #[test]
    fn a_binary_secret_and_one_without_a_version_are_refused() {
        let binary = GetSecretValueOutput::builder().version_id("v-7").secret_binary(Blob::new([1])).build();
        assert_eq!(
            parsed(&binary),
            Err("the secret resync/acme cannot be read: it is binary; store it as text".to_owned())
        );
        let unversioned = GetSecretValueOutput::builder().secret_string("{}").build();
        assert_eq!(parsed(&unversioned), Err("the secret resync/acme cannot be read: it has no version".to_owned()));
    }
}
