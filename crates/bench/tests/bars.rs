//! The bars, by the program itself: one run of 50,000 records, the others of 5,000 with the bars scaled, and the idle tick. Only
//! counts are looked at and the peak of memory, no timing.
//!
//! Must not know: how anything is measured.

use std::process::Command;

fn bench(arguments: &[&str]) -> (bool, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_bench")).args(arguments).output().expect("the program starts");
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (output.status.success(), text(&output.stdout) + &text(&output.stderr))
}

#[test]
fn no_bar_is_crossed_by_any_policy_and_outcome() {
    let (kept, said) = bench(&["bars"]);
    assert!(kept && !said.contains("CROSSED"), "{said}");
    assert_eq!(said.matches("write units  ").count(), 10, "eight runs and two ticks: {said}");
}

#[test]
fn a_run_prints_the_fields_that_others_read() {
    let (printed, said) = bench(&["capacity", "--records", "400", "--json"]);
    assert!(printed, "{said}");
    let figures: serde_json::Map<String, serde_json::Value> = serde_json::from_str(&said).expect("one line of JSON");
    let names: Vec<&str> = figures.keys().map(String::as_str).collect();
    let wanted = "records write_units read_units dynamodb_requests salesforce_calls put_events_calls bytes_to_salesforce \
                  bytes_to_dynamodb peak_rss_bytes cpu_seconds wall_seconds cost_usd records_per_second";
    assert_eq!(names, wanted.split_whitespace().collect::<Vec<_>>());
    assert!(figures.values().all(|figure| figure.as_f64().is_some_and(|figure| figure > 0.0)), "{said}");
}

#[test]
fn a_payload_apart_costs_its_size_in_reads_and_again_in_writes_when_it_goes() {
    let of = |size: &str| {
        let (printed, said) = bench(&["capacity", "--records", "400", "--json", "--size", size]);
        assert!(printed, "{said}");
        serde_json::from_str::<serde_json::Value>(&said).expect("one line of JSON")
    };
    let (inline, apart) = (of("300"), of("7500"));
    let more = |name: &str| (apart[name].as_f64().unwrap() - inline[name].as_f64().unwrap()) / 400.0;
    assert!((2.0..=2.2).contains(&more("read_units")), "two units of 4 KB each: {}", more("read_units"));
    assert!((8.0..=8.2).contains(&more("write_units")), "eight units of 1 KB each: {}", more("write_units"));
}

#[test]
fn a_bar_that_is_crossed_fails_the_command() {
    let (kept, said) =
        bench(&["capacity", "--records", "400", "--outcome", "outage", "--bars", "--most-memory", "1000000"]);
    assert!(!kept && said.contains("CROSSED"), "{said}");
    let (kept, said) =
        bench(&["capacity", "--records", "400", "--outcome", "outage", "--json", "--most-memory", "1000000"]);
    assert!(!kept && said.contains("CROSSED"), "whoever reads the figures by a program is told too: {said}");
}

#[test]
fn an_idle_tick_keeps_its_bar_with_a_single_connection() {
    let (kept, said) = bench(&["idle", "--connections", "1"]);
    assert!(kept && !said.contains("CROSSED"), "{said}");
}
