//! What checkov says of the templates: nothing, but for what `.checkov.yaml` and the template except, each with its reason.
//!
//! Must not know: which rules checkov has.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use super::parts::PARTS;
use super::template::{path, text, translated};

/// Lays these templates down as `CloudFormation` is given them, and gives what checkov finds in them: rules and resources.
fn findings(name: &str, texts: &[String]) -> Vec<String> {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    std::fs::create_dir_all(&folder).unwrap();
    for (number, template) in translated(texts).iter().enumerate() {
        std::fs::write(folder.join(format!("{number}.json")), template.to_string()).unwrap();
    }
    let report = scan(&folder);
    let failed = report["results"]["failed_checks"].as_array().unwrap_or_else(|| panic!("checkov says {report}"));
    assert_eq!(report["summary"]["parsing_errors"], 0, "{report}");
    assert!(report["summary"]["passed"].as_u64().unwrap() > 80, "{report}");
    let told = |one: &Value| format!("{}: {} {}", one["resource"], one["check_id"], one["check_name"]).replace('"', "");
    failed.iter().map(told).collect()
}

fn scan(folder: &Path) -> Value {
    let python: PathBuf = path(".venv/checkov/bin/python");
    assert!(python.exists(), "checkov is missing; run tests/run once, which installs it into .venv");
    let mut checkov = Command::new(python);
    checkov.args(["-m", "checkov.main", "--output", "json", "--config-file"]).arg(path(".checkov.yaml"));
    let done = checkov.arg("--directory").arg(folder).output().unwrap();
    let said = String::from_utf8(done.stdout).unwrap();
    serde_json::from_str(&said).unwrap_or_else(|_| panic!("{said}{}", String::from_utf8_lossy(&done.stderr)))
}

#[test]
fn checkov_finds_nothing_in_what_is_deployed_and_would_find_a_queue_that_is_not_encrypted() {
    let texts: Vec<String> = ["template.yaml"].iter().chain(&PARTS).map(|file| text(file)).collect();
    assert_eq!(findings("checkov", &texts), Vec::<String>::new());

    let plain = "      KmsMasterKeyId: !If [HasKey, !Ref KmsKeyArn, !Ref AWS::NoValue]\n      VisibilityTimeout";
    assert!(texts[0].contains(plain));
    let broken = texts[0].replace(plain, "      VisibilityTimeout");
    let found = findings("checkov-broken", &[broken]);
    assert!(matches!(&found[..], [one] if one.contains("ReportsQueue: CKV_AWS_27")), "{found:?}");
}
