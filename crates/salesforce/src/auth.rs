//! The form of a token request, by OAuth flow.
//!
//! Must not know: HTTP, where the credentials are kept, what the answer means.

use rules::connection::Flow;
use rules::time::Timestamp;
use secrecy::{ExposeSecret, SecretString};

use crate::jwt::Assertion;
use crate::secret::Secret;

/// The path of the token endpoint.
pub(crate) const TOKEN_PATH: &str = "/services/oauth2/token";

const JWT_BEARER: &str = "urn:ietf:params:oauth:grant-type:jwt-bearer";

/// Why there is nothing to send: the credentials do not fit the flow.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NoForm {
    /// Client credentials without `client_secret`.
    #[error("the secret has no client_secret, which the client_credentials flow needs")]
    NoClientSecret,
    /// JWT bearer without `private_key`.
    #[error("the secret has no private_key, which the jwt_bearer flow needs")]
    NoPrivateKey,
    /// The key cannot sign.
    #[error("the assertion cannot be signed with the secret's private_key")]
    Unsigned(#[source] jsonwebtoken::errors::Error),
}

/// The fields of a token request. Not `Debug`: they are secret.
pub(crate) struct TokenForm(Vec<(&'static str, SecretString)>);

impl TokenForm {
    /// The form for `flow` with these credentials.
    ///
    /// # Errors
    /// When the credentials do not fit the flow.
    pub(crate) fn of(flow: &Flow, secret: &Secret, now: Timestamp) -> Result<Self, NoForm> {
        match flow {
            Flow::ClientCredentials => client_credentials(secret),
            Flow::JwtBearer { username, audience } => {
                let assertion = Assertion { client_id: secret.client_id(), username, audience };
                jwt_bearer(&assertion, secret, now)
            }
        }
    }

    /// The fields, to be sent.
    pub(crate) fn expose(&self) -> Vec<(&'static str, &str)> {
        self.0.iter().map(|(name, value)| (*name, value.expose_secret())).collect()
    }
}

fn client_credentials(secret: &Secret) -> Result<TokenForm, NoForm> {
    let client_secret = secret.client_secret().ok_or(NoForm::NoClientSecret)?;
    Ok(TokenForm(vec![
        ("grant_type", "client_credentials".into()),
        ("client_id", secret.client_id().clone()),
        ("client_secret", client_secret.clone()),
    ]))
}

fn jwt_bearer(assertion: &Assertion<'_>, secret: &Secret, now: Timestamp) -> Result<TokenForm, NoForm> {
    let key = secret.private_key().ok_or(NoForm::NoPrivateKey)?;
    let signed = assertion.sign(key, now).map_err(NoForm::Unsigned)?;
    Ok(TokenForm(vec![("grant_type", JWT_BEARER.into()), ("assertion", signed)]))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secret() -> Secret {
        Secret::parse("1", r#"{"client_id":"id","client_secret":"s"}"#).expect("it is complete")
    }

    #[test]
    fn client_credentials_are_sent_as_the_flow_asks() {
        let form = TokenForm::of(&Flow::ClientCredentials, &secret(), Timestamp::from_millis(0)).ok();
        let form = form.expect("the credentials fit the flow");
        assert_eq!(form.expose(), [("grant_type", "client_credentials"), ("client_id", "id"), ("client_secret", "s")]);
    }

    #[test]
    fn credentials_that_do_not_fit_the_flow_give_no_form() {
        let flow = Flow::JwtBearer { username: "u".to_owned(), audience: "a".to_owned() };
        let refused = TokenForm::of(&flow, &secret(), Timestamp::from_millis(0)).err();
        assert!(matches!(refused, Some(NoForm::NoPrivateKey)));
    }
}
