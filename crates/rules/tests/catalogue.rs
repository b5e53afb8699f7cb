//! What the built-in catalogue says about the failures that Salesforce and the connectors report.
//! It must not know: how rules are stored or found.

use proptest::prelude::*;
use rules::catalogue::{Catalogue, Class, Code, ErrorType, Group};

/// Salesforce's codes with their classes; the sources stand at the top of the file.
const CODES: &str = include_str!("../data/codes.tsv");

fn type_of(code: &str, message: &str) -> String {
    Catalogue::builtin().classify(code, message).error_type.to_string()
}

fn class_of(code: &str, message: &str) -> Class {
    Catalogue::builtin().classify(code, message).class
}

fn published_codes() -> impl Iterator<Item = (&'static str, &'static str)> {
    let lines = CODES.lines().filter(|line| !line.starts_with('#')).skip(1);
    lines.map(|line| line.split_once('\t').expect("a code and more"))
}

#[test]
fn every_published_code_has_its_class() {
    assert_eq!(published_codes().count(), 769);
    for (code, rest) in published_codes() {
        let found = Catalogue::builtin().classify(code, "");
        assert!(rest.starts_with(&format!("{}\t", found.class)), "{code} is {} but should be {rest}", found.class);
        assert!(!found.error_type.is_unknown(), "{code}");
    }
}

#[test]
fn a_code_nobody_reviewed_is_its_own_type_and_promises_nothing() {
    let found = Catalogue::builtin().classify("CHECKOUT_LOCKED", "the cart is locked");
    assert_eq!(
        (found.error_type.as_str(), found.group, found.class),
        ("checkout-locked", Group::Other, Class::Unreviewed)
    );
    assert!(found.advice.contains("have not been reviewed"));
}

#[test]
fn the_connector_s_codes_have_their_table_s_class_and_advice() {
    let table = [
        ("DACO-02", Group::Associations, Class::Dependency, "CRM ID"),
        ("DACO-03", Group::Other, Class::Gone, "nothing to do"),
        ("DACO-04", Group::Permissions, Class::Auth, "integration user"),
        ("DACO-05", Group::Associations, Class::Dependency, "Retry the parent"),
        ("DACO-06", Group::Other, Class::Capacity, "free storage"),
        ("DACO-07", Group::Other, Class::Outage, "status page"),
        ("DACO-08", Group::Other, Class::Collateral, "when the cause is gone"),
        ("DACO-09", Group::Other, Class::Transient, "nothing for you to do"),
        ("DACO-10", Group::Other, Class::Transient, "small batches"),
        ("DACO-11", Group::Other, Class::Transient, "timed out"),
        ("DACO-12", Group::PropertyValues, Class::Data, "Shorten"),
        ("DACO-13", Group::Other, Class::Transient, "Retry"),
        ("DACO-98", Group::CustomCode, Class::Automation, "Salesforce administrator"),
        ("DACO-99", Group::Unknown, Class::Unreviewed, "unknown"),
        ("DACO-903303", Group::Permissions, Class::Permission, "Grant"),
    ];
    for (code, group, class, advice) in table {
        let found = Catalogue::builtin().classify(code, "what the connector said");
        assert_eq!((found.error_type.to_string(), found.group, found.class), (code.to_lowercase(), group, class));
        assert!(found.advice.contains(advice), "{code}: {}", found.advice);
    }
}

#[test]
fn daco_01_is_decided_by_the_salesforce_error_in_its_message() {
    let cases = [
        ("INVALID_FIELD: Foo not found for field Bar__c", "field-not-found"),
        ("CANNOT_EXECUTE_FLOW_TRIGGER: the flow failed", "flow-failed"),
        ("sync failed: INSUFFICIENT_ACCESS_ON_CROSS_REFERENCE_ENTITY, 001xx", "reference-not-in-org"),
        ("MISSING_ARGUMENT: Id not specified", "missing-argument"),
        ("DUPLICATE_VALUE: duplicate value found: Key__c duplicates value on record with id: 001xx", "duplicate-value"),
        ("External ID A-1: more than one record found", "several-records-match"),
        ("ENTITY_IS_DELETED: entity is deleted", "already-deleted"),
        ("Foreign key external ID: A-1 not found for field Ext__c in entity Account", "parent-missing"),
        ("CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY: T: execution of BeforeInsert", "trigger-failed"),
        ("something nobody has seen", "daco-01"),
        ("", "daco-01"),
    ];
    for (message, expected) in cases {
        assert_eq!(type_of("DACO-01", message), expected, "{message}");
    }
}

#[test]
fn only_a_wrapper_s_message_is_searched_for_a_code() {
    assert_eq!(type_of("STRING_TOO_LONG", "UNABLE_TO_LOCK_ROW: busy"), "text-too-long");
}

#[test]
fn an_invalid_field_is_a_missing_parent_or_a_wrong_schema_by_its_message() {
    let parent = "Foreign key external ID: a-1 not found for field Ext__c in entity Account";
    assert_eq!(
        (type_of("INVALID_FIELD", parent).as_str(), class_of("INVALID_FIELD", parent)),
        ("parent-missing", Class::Dependency)
    );
    let column = "No such column 'Foo__c' on sobject of type Contact";
    assert_eq!(
        (type_of("INVALID_FIELD", column).as_str(), class_of("INVALID_FIELD", column)),
        ("field-not-found", Class::Request)
    );
    assert_eq!(class_of("INVALID_FIELD", "anything else"), Class::Request);
}

#[test]
fn a_lock_or_a_limit_inside_a_trigger_is_transient_and_any_other_trigger_error_is_not() {
    let code = "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY";
    let lock =
        "AccountTrigger: execution of AfterUpdate\ncaused by: UNABLE_TO_LOCK_ROW, unable to obtain exclusive access";
    let limit = "AccountTrigger: System.LimitException: Too many SOQL queries: 101";
    let other = "AccountTrigger: System.NullPointerException: Attempt to de-reference a null object";
    assert_eq!(class_of(code, lock), Class::Transient);
    assert_eq!(class_of(code, limit), Class::Transient);
    assert_eq!(class_of(code, other), Class::Automation);
}

#[test]
fn a_key_sent_twice_blames_no_record() {
    let found = Catalogue::builtin().classify("DUPLICATE_VALUE", "Duplicate external id specified: A-1");
    assert_eq!((found.error_type.as_str(), found.class), ("same-key-twice-in-request", Class::Collateral));
}

#[test]
fn a_duplicate_on_the_upsert_s_own_key_is_a_race_and_on_another_field_a_mistake() {
    let message = "duplicate value found: Key__c duplicates value on record with id: 0015g00000AbCdE";
    let on = |key: &str| Catalogue::builtin().classify_upsert("DUPLICATE_VALUE", message, key).class;
    assert_eq!(on("key__C"), Class::Transient);
    assert_eq!(on("Email__c"), Class::Duplicate);
    assert_eq!(class_of("DUPLICATE_VALUE", message), Class::Duplicate);
}

#[test]
fn failures_that_came_with_another_record_are_collateral() {
    for code in ["ALL_OR_NONE_OPERATION_ROLLED_BACK", "PROCESSING_HALTED", "FAILED_DUE_TO_OTHER_INPUTS"] {
        assert_eq!(class_of(code, "Record rolled back because not all records were valid"), Class::Collateral);
    }
}

#[test]
fn the_daily_call_limit_is_told_from_too_many_requests_at_once() {
    assert_eq!(class_of("REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded."), Class::Capacity);
    let concurrent = "ConcurrentRequests (Concurrent API Requests) Limit exceeded.";
    assert_eq!(class_of("REQUEST_LIMIT_EXCEEDED", concurrent), Class::Throttle);
}

#[test]
fn a_code_is_known_in_any_case_with_blanks_around_it_and_as_the_bulk_api_writes_it() {
    assert_eq!(type_of("  unable_to_lock_row\n", ""), "row-lock");
    assert_eq!(type_of("InvalidJobState", ""), "job-not-usable");
    assert_eq!(type_of("INVALIDSESSIONID", ""), "session-rejected");
}

#[test]
fn a_code_that_nobody_knows_is_accepted_under_its_own_name() {
    let found = Catalogue::builtin().classify("BRAND_NEW", "message");
    assert_eq!(
        (found.error_type.as_str(), found.group, found.class),
        ("unknown:BRAND_NEW", Group::Unknown, Class::Unreviewed)
    );
    assert!(found.advice.contains("does not know"));
}

#[test]
fn a_failure_without_a_usable_code_is_unknown() {
    for code in ["", " \t", "!!!", "\u{1F980}"] {
        assert_eq!(type_of(code, "UNABLE_TO_LOCK_ROW: busy"), "unknown", "{code:?}");
    }
}

#[test]
fn a_hostile_code_is_cleaned_and_cut_to_a_key() {
    assert_eq!(type_of("a#b c\u{7}", ""), "unknown:A_B_C_");
    assert_eq!(type_of(&"X".repeat(5_000), "").len(), ErrorType::MAX_LEN);
}

#[test]
fn every_rule_can_be_looked_up_by_its_type_and_has_advice() {
    let catalogue = Catalogue::builtin();
    for rule in catalogue.rules() {
        let found = catalogue.rule(&rule.id).expect("every id is indexed");
        assert_eq!(found.advice, rule.advice);
        assert!(rule.advice.ends_with('.'), "{}", rule.id);
        assert!(!rule.id.is_unknown(), "{}", rule.id);
    }
    assert!(catalogue.rule(&ErrorType::unknown()).is_none());
    assert_eq!(Catalogue::version(), 1);
}

#[test]
fn the_advice_is_that_of_the_type_and_unknown_types_have_one_for_all() {
    let catalogue = Catalogue::builtin();
    let advice = |name: &str| catalogue.advice(&name.parse().expect("the name of a type")).to_owned();
    let rule = catalogue.rules().find(|rule| rule.id.to_string() == "daco-02").expect("a published type");
    assert_eq!(advice("daco-02"), rule.advice);
    assert_ne!(advice("daco-02"), advice("unknown"));
    assert_eq!(advice("unknown:NEW_CODE"), advice("unknown"));
    assert!(!advice("unknown").is_empty());
}

#[test]
fn some_codes_say_only_that_salesforce_failed_and_the_code_in_the_message_decides() {
    let catalogue = Catalogue::builtin();
    assert!(catalogue.wrappers().count() > 0);
    for wrapper in catalogue.wrappers() {
        let found = type_of(wrapper.as_str(), "UNABLE_TO_LOCK_ROW: it is locked");
        assert_eq!(found, type_of("UNABLE_TO_LOCK_ROW", ""), "{wrapper}");
    }
}

#[test]
fn no_rule_stands_behind_one_that_always_fits_before_it() {
    use rules::catalogue::CodePattern;
    let mut decided = std::collections::HashSet::new();
    for rule in Catalogue::builtin().rules() {
        let CodePattern::OneOf(codes) = &rule.code else { panic!("{} is for every code", rule.id) };
        for code in codes {
            assert!(!decided.contains(code), "{} is never reached for {code}", rule.id);
            if rule.message.is_none() {
                decided.insert(code.clone());
            }
        }
    }
}

#[test]
fn names_are_written_and_read_alike_by_display_parse_and_json() {
    for class in Class::ALL {
        assert_eq!(class.to_string().parse(), Ok(class));
        assert_eq!(serde_json::to_value(class).expect("a name"), class.to_string());
    }
    for group in Group::ALL {
        assert_eq!(group.to_string().parse(), Ok(group));
        assert_eq!(serde_json::to_value(group).expect("a name"), group.to_string());
    }
}

#[test]
fn an_error_type_is_read_only_in_one_of_its_three_forms() {
    for good in ["row-lock", "daco-02", "unknown", "unknown:A_B-1.2"] {
        assert_eq!(ErrorType::parse(good).map(|found| found.to_string()).as_deref(), Ok(good));
    }
    for bad in ["", "-", "a--b", "Row-Lock", "a b", "a#b", "unknown:", "unknown:a", "other:A", "row_lock"] {
        assert!(ErrorType::parse(bad).is_err(), "{bad:?}");
    }
    assert!(ErrorType::parse(&"a".repeat(81)).is_err());
    assert!(serde_json::from_str::<ErrorType>("\"a#b\"").is_err());
}

proptest! {
    #[test]
    fn any_failure_is_classified_with_a_type_that_can_be_read_back(code in any::<String>(), message in any::<String>()) {
        let found = Catalogue::builtin().classify(&code, &message);
        prop_assert_eq!(ErrorType::parse(found.error_type.as_str()), Ok(found.error_type.clone()));
        prop_assert!(!found.advice.is_empty());
    }

    #[test]
    fn any_message_of_a_wrapper_is_classified(message in "([A-Z_]{1,20}|[^a-z]|DACO-01|:| ){0,40}") {
        let found = Catalogue::builtin().classify("DACO-01", &message);
        prop_assert!(!found.error_type.is_unknown());
    }

    #[test]
    fn a_long_message_is_cut_between_characters(padding in 4_080_usize..4_100, tail in "\\PC{0,40}") {
        let message = format!("{}\u{1F980}{tail}", "x".repeat(padding));
        prop_assert!(!Catalogue::builtin().classify("INVALID_FIELD", &message).advice.is_empty());
    }

    #[test]
    fn a_code_has_one_spelling(text in "\\PC{0,30}") {
        let code = Code::new(&text);
        let again = code.as_ref().and_then(|code| Code::new(code.as_str()));
        prop_assert_eq!(again, code);
    }
}
