//! What the pages tell whoever deploys to type: the same everywhere, and enough.
//!
//! Must not know: what the commands do.

use std::collections::BTreeSet;

use super::template::text;

/// The build of small programs, with the settings of a release that `cargo install` does without.
const BUILD: &str = "\
CARGO_PROFILE_RELEASE_OPT_LEVEL=z CARGO_PROFILE_RELEASE_LTO=fat CARGO_PROFILE_RELEASE_CODEGEN_UNITS=1 \\
CARGO_PROFILE_RELEASE_STRIP=symbols sam build";

#[test]
fn what_is_measured_is_compiled_as_what_is_deployed() {
    let manifest = text("Cargo.toml");
    let (_, profile) = manifest.split_once("[profile.deployed]\n").unwrap();
    let settings = profile.lines().take_while(|line| !line.is_empty()).filter(|line| *line != "inherits = \"release\"");
    let variables = settings.map(|line| {
        let (name, value) = line.split_once(" = ").unwrap();
        format!("CARGO_PROFILE_RELEASE_{}={}", name.replace('-', "_").to_uppercase(), value.trim_matches('"'))
    });
    let set = BUILD.split_whitespace().filter(|word| word.starts_with("CARGO_")).map(str::to_owned);
    assert_eq!(variables.collect::<BTreeSet<_>>(), set.collect());
}

#[test]
fn every_page_that_deploys_builds_by_the_same_command_and_leaves_the_rest_to_the_settings_file() {
    for page in ["README.md", "docs/deploy.md", "docs/upgrade.md"] {
        let text = text(page);
        assert!(text.contains(BUILD), "{page} builds in another way");
        for setting in ["--beta-features", "--capabilities"] {
            assert!(!text.contains(setting), "{page} has {setting}, which stands in samconfig.toml");
        }
    }
    let settings = text("samconfig.toml");
    for setting in
        ["stack_name = \"resync\"", "capabilities = \"CAPABILITY_IAM CAPABILITY_AUTO_EXPAND\"", "beta_features = true"]
    {
        assert!(settings.contains(setting), "samconfig.toml lacks {setting}");
    }
}

#[test]
fn the_tests_build_with_the_settings_that_the_pages_deploy_with() {
    let (run, settings) = (text("tests/run"), BUILD.split([' ', '\n']).filter(|word| word.contains('=')));
    let set: Vec<&str> = run.split_whitespace().filter(|word| word.starts_with("CARGO_PROFILE_")).collect();
    assert_eq!(set, settings.collect::<Vec<_>>());
}

#[test]
fn the_page_of_the_deployment_installs_the_command_and_gives_another_architecture_to_the_build_as_well() {
    let page = text("docs/deploy.md");
    for step in ["cargo install --path crates/cli --locked", "sam build --parameter-overrides Architecture=x86_64"] {
        assert!(page.contains(step), "docs/deploy.md lacks {step}");
    }
}
