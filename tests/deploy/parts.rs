//! The templates of `infra` as parts of the main one: each is given exactly the parameters that it has, and gives what is asked of
//! it; and every parameter of the main template says what it is for and is checked.
//!
//! Must not know: what a part is about.

use std::collections::BTreeSet;

use serde_json::Value;

use super::template::{Given, Resource, Template, each, path};

/// The templates of `infra`, one stack each.
pub(super) const PARTS: [&str; 3] = ["infra/notifications.yaml", "infra/alarms.yaml", "infra/dashboard.yaml"];

/// What is wrong between the templates.
pub(super) fn problems(template: &Template) -> Vec<String> {
    let stacks: Vec<_> = template.of_kind("AWS::CloudFormation::Stack").collect();
    let deployed: BTreeSet<_> = stacks.iter().map(|stack| url(*stack)).collect();
    let missing = PARTS.iter().filter(|part| !deployed.contains(**part)).map(|part| format!("{part} is not deployed"));
    let of_stacks = stacks.iter().flat_map(|stack| of_stack(template, *stack));
    missing.chain(of_stacks).chain(of_parameters(template)).collect()
}

fn url(stack: Resource<'_>) -> &str {
    stack.properties["TemplateURL"].as_str().unwrap_or_default()
}

fn of_stack(template: &Template, stack: Resource<'_>) -> Vec<String> {
    if !path(url(stack)).exists() {
        return vec![format!("{} is of a template that is not there", stack.name)];
    }
    let part = Template::of_file(url(stack), template.given);
    let given: BTreeSet<&String> =
        stack.properties["Parameters"].as_object().into_iter().flatten().map(|(name, _)| name).collect();
    let taken: BTreeSet<&String> = part.part("Parameters").keys().collect();
    let missing = taken.difference(&given).map(|name| format!("{} is not given {name}", stack.name));
    let idle = given.difference(&taken).map(|name| format!("{} is given {name}, which it does not take", stack.name));
    let outputs = outputs_asked_of(template, stack.name);
    let lacking = outputs.into_iter().filter(|output| !part.part("Outputs").contains_key(output));
    missing.chain(idle).chain(lacking.map(|output| format!("{} has no output {output}", stack.name))).collect()
}

/// The outputs of a nested stack that the main template uses anywhere.
fn outputs_asked_of(template: &Template, stack: &str) -> Vec<String> {
    let mut found = Vec::new();
    for resource in template.resources() {
        collect(resource.properties, stack, &mut found);
    }
    template.part("Outputs").values().for_each(|output| collect(output, stack, &mut found));
    found
}

fn collect(value: &Value, stack: &str, found: &mut Vec<String>) {
    match value {
        Value::Object(map) => {
            if let Some(Value::Array(of)) = map.get("Fn::GetAtt")
                && of[0] == stack
            {
                found.extend(of[1].as_str().and_then(|name| name.strip_prefix("Outputs.")).map(str::to_owned));
            }
            map.values().for_each(|value| collect(value, stack, found));
        }
        Value::Array(values) => values.iter().for_each(|value| collect(value, stack, found)),
        _ => {}
    }
}

/// Each has a description, a default, and something that refuses nonsense.
fn of_parameters(template: &Template) -> Vec<String> {
    let of = |(name, is): (&String, &Value)| {
        let checked = ["AllowedValues", "AllowedPattern", "MinValue"].iter().any(|check| is.get(check).is_some());
        let described = is["Description"].as_str().is_some_and(|text| text.len() > 20);
        let rules = [
            (checked, format!("the parameter {name} takes anything")),
            (described, format!("the parameter {name} does not say what it is for")),
            (is.get("Default").is_some(), format!("the parameter {name} has no default")),
        ];
        rules.into_iter().filter(|(holds, _)| !holds).map(|(_, problem)| problem).collect::<Vec<_>>()
    };
    template.part("Parameters").iter().flat_map(of).collect()
}

#[test]
fn the_parts_keep_and_encrypt_what_they_have_as_the_main_template_does() {
    for given in Given::BOTH {
        for part in PARTS {
            assert_eq!(super::keeping::problems(&Template::of_file(part, given)), Vec::<String>::new(), "{part}");
        }
    }
}

#[test]
fn every_rule_of_the_parts_has_a_dead_letter_queue_that_lets_it_in() {
    let part = Template::of_file("infra/notifications.yaml", Given::Everything);
    for rule in part.of_kind("AWS::Events::Rule") {
        for target in each(&rule.properties["Targets"]) {
            let queue = super::template::referred(&target["DeadLetterConfig"]["Arn"]);
            assert_eq!(queue, Some("Undelivered"), "{}", rule.name);
            assert!(super::triggers::takes_from(&part, "Undelivered", rule.name), "{}", rule.name);
        }
    }
}
