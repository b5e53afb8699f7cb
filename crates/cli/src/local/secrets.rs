//! Credentials in files and variables, read anew at each login so that a change is seen at once.
//!
//! Must not know: which connection asks, what a flow needs.

use std::collections::BTreeMap;
use std::env;
use std::fmt::Write;
use std::fs;
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use aws_lc_rs::hmac;
use engine::ports::PortError;
use salesforce::{Secret, Secrets};
use salesforce_sim::Credentials;
use serde_json::json;

use super::chance::Chance;
use super::config::{Config, SIMULATOR_SECRET, SecretPlace};

/// What an integration user of the simulated Salesforce signs in with; nothing else takes it.
const SIMULATOR_CLIENT_SECRET: &str = "simulator";

/// Why a secret's text is not at hand.
#[derive(Debug, thiserror::Error)]
enum NotAtHand {
    #[error("the settings name no secret `{0}`; add [secrets.{0}] to resync.toml")]
    NotNamed(String),
    #[error("the variable {0} is not set")]
    NotSet(String),
    #[error("the file {path} cannot be read")]
    File {
        path: String,
        #[source]
        source: io::Error,
    },
}

/// The secrets that the settings name.
pub(crate) struct LocalSecrets {
    places: BTreeMap<String, SecretPlace>,
    simulator: Option<String>,
    key: hmac::Key,
}

impl LocalSecrets {
    /// Those of `config`. `key` keys their versions, so that a version says nothing about a secret.
    pub(super) fn new(config: &Config, key: &Chance) -> Self {
        let key = hmac::Key::new(hmac::HMAC_SHA256, key.expose().as_bytes());
        Self { places: config.secrets.clone(), simulator: config.simulator.map(|_| simulator_secret()), key }
    }

    fn text(&self, name: &str) -> Result<String, NotAtHand> {
        if let Some(text) = self.simulator.as_ref().filter(|_| name == SIMULATOR_SECRET) {
            return Ok(text.clone());
        }
        match self.places.get(name) {
            None => Err(NotAtHand::NotNamed(name.to_owned())),
            Some(SecretPlace::Variable(variable)) => {
                env::var(variable).map_err(|_| NotAtHand::NotSet(variable.clone()))
            }
            Some(SecretPlace::File(path)) => {
                fs::read_to_string(path).map_err(|source| NotAtHand::File { path: path.display().to_string(), source })
            }
        }
    }

    /// The same text has the same version, another has another.
    fn version(&self, text: &str) -> String {
        let mut version = String::new();
        for byte in hmac::sign(&self.key, text.as_bytes()).as_ref() {
            write!(version, "{byte:02x}").expect("a text takes all that is written to it");
        }
        version
    }

    /// What a person should know of the secrets before they are needed: those that are not at hand, and those that others
    /// can read.
    pub(super) fn warnings(&self) -> Vec<String> {
        self.places.iter().filter_map(|(name, place)| warning(name, place)).collect()
    }

    /// Of these only the files that others can read: what else is amiss, a command that needs the secret says itself.
    pub(super) fn exposed(&self) -> Vec<String> {
        let file = |place: &SecretPlace| match place {
            SecretPlace::File(path) => Some(path.clone()),
            SecretPlace::Variable(_) => None,
        };
        self.places.iter().filter_map(|(name, place)| exposure(name, &file(place)?)).collect()
    }
}

impl Secrets for LocalSecrets {
    async fn fetch(&self, secret: &str) -> Result<Secret, PortError> {
        let text = self.text(secret).map_err(|problem| PortError::unavailable("reading the secret", problem))?;
        Secret::parse(self.version(&text), &text).map_err(|mistakes| PortError::Unreadable {
            what: format!("the secret {secret}"),
            problem: mistakes.to_string(),
        })
    }
}

/// Who may log in to the simulated Salesforce.
pub(super) fn simulator_credentials() -> Credentials {
    Credentials { client_secret: SIMULATOR_CLIENT_SECRET.into(), ..Credentials::default() }
}

fn simulator_secret() -> String {
    json!({ "client_id": Credentials::default().client_id, "client_secret": SIMULATOR_CLIENT_SECRET }).to_string()
}

fn warning(name: &str, place: &SecretPlace) -> Option<String> {
    match place {
        SecretPlace::Variable(variable) if env::var_os(variable).is_none() => {
            Some(format!("the secret {name}: the variable {variable} is not set; set it before resync is started"))
        }
        SecretPlace::Variable(_) => None,
        SecretPlace::File(path) => file_warning(name, path),
    }
}

fn file_warning(name: &str, path: &Path) -> Option<String> {
    match fs::metadata(path) {
        Err(error) => Some(format!("the secret {name}: the file {} cannot be read ({error})", path.display())),
        Ok(_) => exposure(name, path),
    }
}

fn exposure(name: &str, path: &Path) -> Option<String> {
    // What systemd hands to a service is the service's alone, whatever the mode says of it.
    let is_handed_over = env::var_os("CREDENTIALS_DIRECTORY").is_some_and(|folder| path.starts_with(folder));
    let is_open = fs::metadata(path).is_ok_and(|found| found.permissions().mode() & 0o077 != 0);
    let shown = path.display();
    (is_open && !is_handed_over)
        .then(|| format!("the secret {name}: others on this machine can read {shown}; run: chmod 600 {shown}"))
}

#[cfg(test)]
mod tests {
    use std::fs::Permissions;

    use functions::SystemEntropy;
    use tempfile::TempDir;

    use super::*;

    const FIRST: &str = r#"{"client_id":"id","client_secret":"canary-7f3a"}"#;
    const SECOND: &str = r#"{"client_id":"id","client_secret":"canary-8e4b"}"#;

    fn in_file(directory: &TempDir) -> LocalSecrets {
        let file = directory.path().join("acme.json");
        let places = BTreeMap::from([("acme".to_owned(), SecretPlace::File(file))]);
        let key = Chance::read_or_draw(&directory.path().join("key"), &SystemEntropy).expect("it is written");
        LocalSecrets::new(&Config { secrets: places, ..Config::default() }, &key)
    }

    fn write(directory: &TempDir, text: &str, mode: u32) {
        let file = directory.path().join("acme.json");
        fs::write(&file, text).expect("it is written");
        fs::set_permissions(&file, Permissions::from_mode(mode)).expect("it is ours");
    }

    async fn version(secrets: &LocalSecrets) -> String {
        secrets.fetch("acme").await.expect("it is there").version().to_owned()
    }

    #[tokio::test]
    async fn a_changed_secret_is_seen_at_the_next_login_with_another_version_and_an_unchanged_one_keeps_its_version() {
        let directory = TempDir::new().expect("a directory of the test's own");
        let secrets = in_file(&directory);
        write(&directory, FIRST, 0o600);
        let first = version(&secrets).await;
        write(&directory, FIRST, 0o600);
        assert_eq!(version(&secrets).await, first, "it was written again as it was");
        write(&directory, SECOND, 0o600);
        assert_ne!(version(&secrets).await, first);
        assert_eq!(version(&in_file(&directory)).await, version(&secrets).await, "a restart changes no version");
        assert!(!first.contains("canary"));
    }

    #[tokio::test]
    async fn a_secret_that_is_missing_or_wrong_is_named_and_its_text_never_shown() {
        let directory = TempDir::new().expect("a directory of the test's own");
        let secrets = in_file(&directory);
        assert!(secrets.fetch("acme").await.is_err_and(|error| error.to_string() == "reading the secret failed"));
        assert!(secrets.fetch("other").await.is_err());
        write(&directory, r#"{"client_id":"canary-7f3a"}"#, 0o600);
        let said = secrets.fetch("acme").await.expect_err("half of it is missing").to_string();
        assert!(said.contains("secret.client_secret: is missing") && !said.contains("canary"), "{said}");
    }

    #[test]
    fn a_secret_file_that_others_can_read_is_warned_of_with_the_command_that_mends_it() {
        let directory = TempDir::new().expect("a directory of the test's own");
        let secrets = in_file(&directory);
        assert!(secrets.warnings()[0].contains("cannot be read"), "{:?}", secrets.warnings());
        write(&directory, FIRST, 0o644);
        assert!(secrets.warnings()[0].contains("run: chmod 600 "), "{:?}", secrets.warnings());
        write(&directory, FIRST, 0o600);
        assert_eq!(secrets.warnings(), Vec::<String>::new());
    }

    #[tokio::test]
    async fn the_simulators_secret_is_there_when_the_simulator_is() {
        let directory = TempDir::new().expect("a directory of the test's own");
        let key = Chance::read_or_draw(&directory.path().join("key"), &SystemEntropy).expect("it is written");
        let simulator = Some(super::super::config::SimulatorSettings { port: 8740 });
        let with = LocalSecrets::new(&Config { simulator, ..Config::default() }, &key);
        assert!(with.fetch(SIMULATOR_SECRET).await.is_ok());
        assert!(LocalSecrets::new(&Config::default(), &key).fetch(SIMULATOR_SECRET).await.is_err());
    }
}
