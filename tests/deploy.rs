//! What `template.yaml` deploys, as `CloudFormation` is given it, held to what the binaries need and to what the documents promise.
//!
//! Each check gives sentences about what is wrong, so that a test can also show what it would say of a template that is.
//!
//! Must not know: an AWS account.

mod access;
pub(crate) mod alarms;
pub(crate) mod asked;
mod checkov;
mod costs;
pub(crate) mod environment;
mod keeping;
mod licences;
mod mutants;
mod notifications;
mod pages;
mod parts;
mod people;
mod schedules;
mod template;
pub(crate) mod triggers;
mod when;

use template::{Given, Template};

/// All checks of the main template.
fn problems(template: &Template) -> Vec<String> {
    let checks = [
        schedules::problems,
        triggers::problems,
        environment::problems,
        access::problems,
        keeping::problems,
        parts::problems,
    ];
    checks.iter().flat_map(|check| check(template)).collect()
}

#[test]
fn the_template_deploys_what_the_binaries_need_and_the_documents_promise() {
    for given in Given::BOTH {
        let template = Template::of_the_project(given);
        assert_eq!(problems(&template), Vec::<String>::new(), "{given:?}");
    }
}
