//! The settings of a data directory: `resync.toml`, read once at start, with all its mistakes together.
//!
//! Must not know: what the settings are used for, or the content of a secret.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use rules::fields::{Fields, Mistake, Mistakes, kind};
use serde_json::Value;
use tracing_subscriber::EnvFilter;

use super::directory::DataDir;
use super::files::{self, unusable};
use crate::exit::Failure;

/// The file's name in the directory.
const FILE: &str = "resync.toml";

/// The name under which the simulator's own secret is found.
pub(crate) const SIMULATOR_SECRET: &str = "simulator";

/// Where the simulator listens unless the settings say otherwise: always the same, because connections name it.
const SIMULATOR_PORT: u16 = 8740;

/// Where a secret's text is found, each time anew.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum SecretPlace {
    /// In a file.
    File(PathBuf),
    /// In a variable of the environment.
    Variable(String),
}

/// A simulated Salesforce inside `resync local`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct SimulatorSettings {
    /// Its port on 127.0.0.1.
    pub(crate) port: u16,
}

impl SimulatorSettings {
    /// The login address of a connection to it.
    pub(crate) fn url(self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }
}

/// The settings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Config {
    /// The port of the interface on 127.0.0.1; 0 for any that is free.
    pub(crate) port: u16,
    /// What is logged: a level, or directives such as `engine=debug,info`.
    pub(crate) log: String,
    /// Where each secret is, by the name that connections use.
    pub(crate) secrets: BTreeMap<String, SecretPlace>,
    /// The simulated Salesforce, if there is to be one.
    pub(crate) simulator: Option<SimulatorSettings>,
}

impl Default for Config {
    fn default() -> Self {
        Self { port: 0, log: "info".to_owned(), secrets: BTreeMap::new(), simulator: None }
    }
}

impl Config {
    /// The settings in `file`; without one, those in `$RESYNC_CONFIG` or the directory's `resync.toml`, if it is there.
    ///
    /// # Errors
    /// When a named file is not there, the file cannot be read, or with all its mistakes together.
    pub(crate) fn read(directory: &DataDir, file: Option<&Path>) -> Result<Self, Failure> {
        let named = || std::env::var_os("RESYNC_CONFIG").filter(|value| !value.is_empty()).map(PathBuf::from);
        let named = file.map(Path::to_owned).or_else(named);
        let path = named.clone().unwrap_or_else(|| directory.path().join(FILE));
        let text = files::read_if_there(&path).map_err(|error| unusable(&path, &error))?;
        match text {
            Some(text) => {
                let parent = path.parent().unwrap_or(Path::new("."));
                Self::parse(&text, parent)
                    .map_err(|mistakes| Failure::Input { what: path.display().to_string(), mistakes })
            }
            None if named.is_some() => {
                Err(unusable(&path, &"there is no such file; name the settings by --config FILE"))
            }
            None => Ok(Self::default()),
        }
    }

    /// Reads settings; relative paths in them start at `parent`.
    fn parse(text: &str, parent: &Path) -> Result<Self, Mistakes> {
        let value: Value = toml::from_str(text).map_err(|error| not_toml(text, &error))?;
        let mut fields = Fields::of("", &value);
        let default = Self::default();
        let port = port(&mut fields, 0..=65_535).unwrap_or(default.port);
        let log = fields.optional_text::<Filter>("log").map_or(default.log, |Filter(log)| log);
        let simulator = fields.value("simulator").map(|value| simulator(value, &mut fields));
        let secrets = fields.value("secrets").map(|value| secrets(value, parent, &mut fields)).unwrap_or_default();
        if simulator.is_some() && secrets.contains_key(SIMULATOR_SECRET) {
            fields.wrong("secrets.simulator", "is the simulator's own", "give the secret another name");
        }
        let mistakes = fields.strict();
        if mistakes.is_empty() { Ok(Self { port, log, secrets, simulator }) } else { Err(Mistakes(mistakes)) }
    }
}

/// A filter of log lines that can be understood.
struct Filter(String);

impl TryFrom<String> for Filter {
    type Error = &'static str;
    fn try_from(text: String) -> Result<Self, Self::Error> {
        match EnvFilter::try_new(&text) {
            Ok(_) => Ok(Self(text)),
            Err(_) => Err("is not a filter of log lines; set it to a level such as info"),
        }
    }
}

/// A text with something in it.
struct Given(String);

impl TryFrom<String> for Given {
    type Error = &'static str;
    fn try_from(text: String) -> Result<Self, Self::Error> {
        if text.trim().is_empty() { Err("is empty; write its value") } else { Ok(Self(text)) }
    }
}

fn port(fields: &mut Fields<'_>, range: std::ops::RangeInclusive<u64>) -> Option<u16> {
    fields.number("port", range).and_then(|port| u16::try_from(port).ok())
}

fn simulator(value: &Value, all: &mut Fields<'_>) -> SimulatorSettings {
    let mut fields = Fields::of("simulator", value);
    let port = port(&mut fields, 1..=65_535).unwrap_or(SIMULATOR_PORT);
    all.gather(fields.strict());
    SimulatorSettings { port }
}

fn secrets(value: &Value, parent: &Path, all: &mut Fields<'_>) -> BTreeMap<String, SecretPlace> {
    let Some(named) = value.as_object() else {
        let problem = format!("is {}, not tables", kind(value));
        all.wrong("secrets", problem, "write each secret as [secrets.NAME] with file or env in it");
        return BTreeMap::new();
    };
    let mut places = BTreeMap::new();
    for (name, value) in named {
        let mut fields = Fields::of(&format!("secrets.{name}"), value);
        let place = place(&mut fields, parent, value.is_object());
        all.gather(fields.strict());
        places.extend(place.map(|place| (name.clone(), place)));
    }
    places
}

fn place(fields: &mut Fields<'_>, parent: &Path, is_table: bool) -> Option<SecretPlace> {
    let file = fields.value("file").is_some().then(|| fields.text::<Given>("file"));
    let variable = fields.value("env").is_some().then(|| fields.text::<Given>("env"));
    match (file, variable) {
        (Some(file), None) => file.map(|Given(path)| SecretPlace::File(parent.join(path))),
        (None, Some(variable)) => variable.map(|Given(name)| SecretPlace::Variable(name)),
        (None, None) if is_table => {
            fields.wrong("file", "is missing, and so is env", "name the file or the variable that holds the secret");
            None
        }
        (None, None) => None,
        (Some(_), Some(_)) => {
            fields.wrong("env", "is there beside file", "remove one of them");
            None
        }
    }
}

/// Without the text at the place: it may be a secret.
fn not_toml(text: &str, error: &toml::de::Error) -> Mistakes {
    let start = error.span().map_or(0, |span| span.start);
    let line = text.bytes().take(start).filter(|byte| *byte == b'\n').count() + 1;
    Mistakes(vec![Mistake {
        field: format!("line {line}"),
        problem: format!("is not TOML ({})", error.message().lines().next().unwrap_or("unreadable")),
        mend: "docs/local.md shows the form".to_owned(),
    }])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Config, String> {
        Config::parse(text, Path::new("/etc/resync")).map_err(|mistakes| mistakes.to_string())
    }

    #[test]
    fn settings_are_read_and_a_relative_path_starts_at_their_file() {
        let text = r#"
            port = 8700
            log = "engine=debug,info"
            [secrets.acme]
            file = "acme.json"
            [secrets.other]
            env = "OTHER_SECRET"
            [simulator]
            port = 8701
        "#;
        let config = parse(text).expect("all is right");
        assert_eq!((config.port, config.log.as_str()), (8700, "engine=debug,info"));
        let places = [
            ("acme".to_owned(), SecretPlace::File(PathBuf::from("/etc/resync/acme.json"))),
            ("other".to_owned(), SecretPlace::Variable("OTHER_SECRET".to_owned())),
        ];
        assert_eq!(config.secrets, BTreeMap::from(places));
        assert_eq!(config.simulator.map(SimulatorSettings::url).as_deref(), Some("http://127.0.0.1:8701"));
    }

    #[test]
    fn an_empty_file_means_the_defaults() {
        assert_eq!(parse(""), Ok(Config::default()));
        assert_eq!(parse("[simulator]").map(|config| config.simulator), Ok(Some(SimulatorSettings { port: 8740 })));
    }

    #[test]
    fn all_mistakes_are_reported_together_unknown_names_too() {
        let said = parse(
            r#"
            prot = 1
            port = 70000
            log = "no=such=level"
            [secrets.a]
            [secrets.b]
            file = ""
            [secrets.c]
            file = "x"
            env = "Y"
            [secrets.simulator]
            env = "Z"
            [simulator]
            port = 0
            speed = 2
            "#,
        )
        .expect_err("much is wrong");
        let expected = [
            "port: is not a number that fits here; write a whole number from 0 to 65535",
            "log: is not a filter of log lines; set it to a level such as info",
            "simulator.port: is not a number that fits here; write a whole number from 1 to 65535",
            "simulator.speed: is not a known field; remove it; known are port",
            "secrets.a.file: is missing, and so is env; name the file or the variable that holds the secret",
            "secrets.b.file: is empty; write its value",
            "secrets.c.env: is there beside file; remove one of them",
            "secrets.simulator: is the simulator's own; give the secret another name",
            "prot: is not a known field; remove it; known are port, log, simulator, secrets",
        ];
        for line in expected {
            assert!(said.lines().any(|one| one == line), "{line}\nis not in\n{said}");
        }
        assert_eq!(said.lines().count(), expected.len(), "{said}");
    }

    #[test]
    fn what_is_not_toml_is_named_by_its_line_and_never_quoted() {
        let said = parse("port = 1\nclient_secret canary-7f3a\n").expect_err("it is not TOML");
        assert!(said.starts_with("line 2: is not TOML"), "{said}");
        assert!(!said.contains("canary"), "{said}");
    }

    #[test]
    fn a_secret_written_where_its_place_belongs_is_not_quoted() {
        let said = parse("[secrets]\nacme = \"canary-7f3a\"\n").expect_err("it is no table");
        assert!(!said.contains("canary"), "{said}");
    }
}
