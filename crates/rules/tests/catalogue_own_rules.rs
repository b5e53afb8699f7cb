//! A connection's own rules: laid over the built-in ones, and checked so that all mistakes are told together.
//! It must not know: where own rules are kept.

use rules::catalogue::{Catalogue, Class, ErrorType, OwnCode, OwnRule, RuleField, RuleIndex, RuleProblem};

fn own(json: &str) -> Vec<OwnRule> {
    serde_json::from_str(json).expect("own rules are read leniently")
}

fn catalogue(json: &str) -> Catalogue {
    Catalogue::with_own_rules(own(json)).expect("the rules are right")
}

fn problems(json: &str) -> Vec<RuleProblem> {
    Catalogue::with_own_rules(own(json)).expect_err("the rules are wrong")
}

fn valid(id: &str) -> OwnRule {
    OwnRule {
        id: id.into(),
        code: OwnCode::One("X".into()),
        group: "other".into(),
        class: "data".into(),
        advice: "Mend it.".into(),
        ..OwnRule::default()
    }
}

const TAX: &str = r#"{"id":"tax","code":"FIELD_CUSTOM_VALIDATION_EXCEPTION","message":"tax id",
    "group":"property_values","class":"data","advice":"Ask finance."}"#;

#[test]
fn an_own_rule_wins_over_the_built_in_one_where_its_message_fits() {
    let catalogue = catalogue(&format!("[{TAX}]"));
    let found = catalogue.classify("FIELD_CUSTOM_VALIDATION_EXCEPTION", "The Tax ID is missing");
    assert_eq!((found.error_type.as_str(), found.advice), ("tax", "Ask finance."));
    let other = catalogue.classify("FIELD_CUSTOM_VALIDATION_EXCEPTION", "The name is missing");
    assert_eq!(other.error_type.as_str(), "validation-rule");
}

#[test]
fn own_rules_are_tried_in_order_and_one_for_every_code_keeps_its_place() {
    let catalogue = catalogue(
        r#"[{"id":"first","code":["A","B"],"message":"one","group":"other","class":"data","advice":"1."},
            {"id":"second","code":"*","message":"one|two","group":"other","class":"data","advice":"2."},
            {"id":"third","code":"A","group":"other","class":"data","advice":"3."}]"#,
    );
    let type_of = |code, message| catalogue.classify(code, message).error_type.to_string();
    assert_eq!(type_of("a", "one"), "first");
    assert_eq!(type_of("A", "two"), "second");
    assert_eq!(type_of("A", "three"), "third");
    assert_eq!(type_of("UNABLE_TO_LOCK_ROW", "two"), "second");
    assert_eq!(type_of("UNABLE_TO_LOCK_ROW", "three"), "row-lock");
}

#[test]
fn an_own_rule_sees_the_code_inside_a_wrapper_s_message() {
    let catalogue = catalogue(&format!("[{TAX}]"));
    let found = catalogue.classify("DACO-01", "FIELD_CUSTOM_VALIDATION_EXCEPTION: the tax ID is missing");
    assert_eq!(found.error_type.as_str(), "tax");
}

#[test]
fn an_own_rule_can_name_the_upsert_s_key_field() {
    let catalogue = catalogue(
        r#"[{"id":"key-clash","code":"X","message":"clash on (?P<key>\\w+)","group":"other","class":"transient","advice":"Wait."}]"#,
    );
    assert_eq!(catalogue.classify_upsert("X", "clash on Key__c", "Key__c").class, Class::Transient);
    assert_eq!(catalogue.classify_upsert("X", "clash on Name", "Key__c").class, Class::Unreviewed);
}

#[test]
fn an_own_rule_can_be_looked_up_by_its_type() {
    let catalogue = catalogue(&format!("[{TAX}]"));
    let id = ErrorType::parse("tax").expect("a valid id");
    assert_eq!(catalogue.rule(&id).map(|rule| rule.advice.as_str()), Some("Ask finance."));
    assert_eq!(catalogue.rules().next().map(|rule| rule.id.clone()), Some(id));
}

#[test]
fn all_mistakes_of_all_rules_are_told_together() {
    let found = problems(
        r#"[{"id":"Tax Rule","code":[],"message":"(","group":"taxes","class":"","mesage":"x"},
            {"id":"ok","code":"A","group":"other","class":"data","advice":"Fine."},
            {"id":"row-lock","code":"*","group":"other","class":"data","advice":"Fine."}]"#,
    );
    let places: Vec<_> = found.iter().map(|problem| (problem.rule.0, problem.field.clone())).collect();
    let expected = [
        (0, RuleField::Id),
        (0, RuleField::Unexpected("mesage".into())),
        (0, RuleField::Code),
        (0, RuleField::Message),
        (0, RuleField::Group),
        (0, RuleField::Class),
        (0, RuleField::Advice),
        (2, RuleField::Id),
        (2, RuleField::Message),
    ];
    assert_eq!(places, expected);
    assert!(found.iter().all(|problem| !problem.problem.is_empty() && !problem.mend.is_empty()));
}

#[test]
fn a_problem_names_the_rule_the_field_the_mistake_and_the_mend() {
    let rule = OwnRule { class: "fatal".into(), ..valid("a") };
    let found = Catalogue::with_own_rules(vec![rule]).expect_err("no such class");
    assert_eq!(
        found[0].to_string(),
        "own rule 0, class: there is no class of this name; use one of transient, collateral, throttle, capacity, \
         size, auth, permission, dependency, duplicate, record_state, automation, data, request, gone, outage, unreviewed"
    );
}

#[test]
fn an_id_may_stand_once_and_never_be_unknown() {
    let found = Catalogue::with_own_rules(vec![valid("a"), valid("a"), valid("unknown")]).expect_err("bad ids");
    let rules: Vec<_> = found.iter().map(|problem| problem.rule).collect();
    assert_eq!(rules, [RuleIndex(1), RuleIndex(2)]);
}

#[test]
fn two_hundred_rules_are_accepted_and_one_more_is_not() {
    let rules = |count: usize| (0..count).map(|at| valid(&format!("rule-{at}"))).collect::<Vec<_>>();
    assert!(Catalogue::with_own_rules(rules(200)).is_ok());
    assert_eq!(Catalogue::with_own_rules(rules(201)).expect_err("too many").len(), 1);
}

#[test]
fn a_pattern_made_to_exhaust_memory_is_refused() {
    let rule = OwnRule { message: Some("((a{100}){100}){100}".into()), ..valid("a") };
    let found = Catalogue::with_own_rules(vec![rule]).expect_err("too complex");
    assert_eq!(found[0].problem, "the pattern is too complex");
}

#[test]
fn an_ordinary_pattern_with_unicode_classes_is_accepted() {
    let rule = OwnRule { message: Some(r"tax \w+ of \d+ for \w+ (is|was) \w+".into()), ..valid("a") };
    assert!(Catalogue::with_own_rules(vec![rule]).is_ok());
}

#[test]
fn texts_codes_and_patterns_that_are_too_long_are_refused() {
    let long = OwnRule {
        code: OwnCode::Many(vec!["X".repeat(101)]),
        message: Some("x".repeat(501)),
        advice: "x".repeat(501),
        ..valid("a")
    };
    let many = OwnRule { code: OwnCode::Many(vec!["X".into(); 51]), ..valid("b") };
    let starred = OwnRule { code: OwnCode::Many(vec!["X".into(), "*".into()]), ..valid("c") };
    let found = Catalogue::with_own_rules(vec![long, many, starred]).expect_err("too long");
    let fields: Vec<_> = found.into_iter().map(|problem| problem.field).collect();
    let expected = [RuleField::Code, RuleField::Message, RuleField::Advice, RuleField::Code, RuleField::Code];
    assert_eq!(fields, expected);
}

#[test]
fn an_own_rule_is_written_as_it_was_read() {
    let rules = own(&format!("[{TAX}]"));
    let written = serde_json::to_string(&rules).expect("rules are written");
    assert_eq!(own(&written), rules);
}
