//! A function's environment: what the template sets for it, and the services on this machine in the place of the cloud's.
//!
//! Must not know: what a variable is for.

use std::collections::BTreeMap;

use super::process::Binary;
use super::url::{OPERATORS, VIEWERS};
use crate::deploy::environment::{asked_by, set_for};

/// The bus's name.
pub(crate) const BUS: &str = "retries";

/// The table's name.
pub(crate) const TABLE: &str = "resync";

/// Variables by name.
pub(crate) type Environment = BTreeMap<String, String>;

/// Where the services are, such as `http://127.0.0.1:40001`.
#[derive(Clone, Debug)]
pub(crate) struct Services {
    pub(crate) dynamodb: String,
    pub(crate) eventbridge: String,
    pub(crate) secrets: String,
}

/// The environment of a function of this system.
pub(crate) fn of(binary: Binary, services: &Services) -> Environment {
    let deployed = [("Table", TABLE), ("EventBus", BUS), ("Operators", OPERATORS), ("Viewers", VIEWERS)];
    let mut environment = set_for(binary.name(), &BTreeMap::from(deployed));
    environment.extend(of_aws(services));
    environment
}

/// What a client of AWS needs to reach the services.
pub(crate) fn of_aws(services: &Services) -> Environment {
    let variables = [
        ("AWS_REGION", "us-east-1"),
        ("AWS_ACCESS_KEY_ID", "test"),
        ("AWS_SECRET_ACCESS_KEY", "test"),
        ("AWS_ENDPOINT_URL_DYNAMODB", &services.dynamodb),
        ("AWS_ENDPOINT_URL_EVENTBRIDGE", &services.eventbridge),
        ("AWS_ENDPOINT_URL_SECRETS_MANAGER", &services.secrets),
    ];
    variables.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
}

#[test]
fn the_tests_start_each_function_with_the_variables_that_the_template_sets_and_with_no_other_of_ours() {
    let nowhere = || "http://127.0.0.1:9".to_owned();
    let services = Services { dynamodb: nowhere(), eventbridge: nowhere(), secrets: nowhere() };
    for binary in Binary::FUNCTIONS {
        let given = of(binary, &services);
        let ours: Vec<&str> = given.keys().map(String::as_str).filter(|name| !name.starts_with("AWS_")).collect();
        assert_eq!(ours, asked_by(binary.name()).into_iter().collect::<Vec<_>>());
        let level = (given["RESYNC_TABLE"].as_str(), given["RESYNC_EVENT_BUS"].as_str(), given["RUST_LOG"].as_str());
        assert_eq!(level, (TABLE, BUS, "info"), "{binary:?}");
    }
    let api = of(Binary::Api, &services);
    assert_eq!((api["RESYNC_OPERATORS"].as_str(), api["RESYNC_VIEWERS"].as_str()), (OPERATORS, VIEWERS));
}
