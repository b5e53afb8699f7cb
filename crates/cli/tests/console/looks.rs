//! How every page looks: without a violation of WCAG's level AA that axe-core finds, at two widths, light and dark, each with a
//! picture for whoever wants to look.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::browser::{Browser, Scheme};
use crate::served::Served;

/// axe-core 4.14.1, from the npm package of that name (MPL-2.0).
const AXE: &str = include_str!("axe.min.js");

const CHECK: &str = "
    const done = arguments[arguments.length - 1];
    axe.run(document, { runOnly: { type: 'tag', values: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'] } })
        .then((found) => done(found.violations.map((one) => one.id + ': ' + one.nodes.map((node) => node.html).join(' ; '))))
        .catch((problem) => done(['axe failed: ' + problem]));";

/// A script that tells whether anything is wider than the window.
const TOO_WIDE: &str = "return document.documentElement.scrollWidth > window.innerWidth";

const WIDTHS: [u32; 2] = [390, 1_600];

fn pictures() -> PathBuf {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/screenshots");
    fs::create_dir_all(&directory).expect("the directory is made");
    directory
}

/// Every page of the demo, by the name of its picture.
async fn pages(served: &Served) -> Vec<(&'static str, String)> {
    let listed = served.json("/v1/connections/marketing/records?limit=1").await;
    let line = &listed["records"][0];
    let text = |name: &str| line[name].as_str().expect("a text");
    let record = format!("/c/marketing/records/{}/{}", text("object"), text("external_id"));
    let requests = served.json("/v1/connections/billing/resyncs").await;
    let request = requests["resyncs"][0]["id"].as_str().expect("the night's request").to_owned();
    [
        ("overview", "/"),
        ("errors", "/c/marketing/errors"),
        ("errors-suspended", "/c/billing/errors"),
        ("records", "/c/marketing/records?type=row-lock"),
        ("records-all", "/c/billing/records"),
        ("records-none", "/c/marketing/records?object=Lead"),
        ("record", &record),
        ("timeout-queue", "/c/marketing/timeout-queue"),
        ("usage", "/c/marketing/usage"),
        ("usage-little", "/c/billing/usage"),
        ("requests-none", "/c/marketing/requests"),
        ("requests", "/c/billing/requests"),
        ("request", &format!("/c/billing/requests/{request}")),
        ("runs", "/c/marketing/runs"),
        ("audit", "/audit"),
        ("audit-of-one", "/c/billing/audit"),
        ("settings", "/c/marketing/settings"),
        ("settings-recent", "/c/billing/settings"),
        ("suspension", "/c/billing/suspension"),
        ("not-found", "/c/nobody/errors"),
    ]
    .into_iter()
    .map(|(name, path)| (name, path.to_owned()))
    .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_page_meets_level_aa_light_and_dark_and_fits_a_telephone_and_a_large_screen() {
    let served = Served::start().await;
    let browser = Browser::start().await;
    browser.take_cookie(&served.url("/"), served.cookie()).await;
    let (pictures, mut wrong) = (pictures(), Vec::new());
    for (name, path) in pages(&served).await {
        for scheme in [Scheme::Light, Scheme::Dark] {
            for width in WIDTHS {
                browser.show(width, scheme).await;
                browser.go(&served.url(&path)).await;
                browser.run(AXE).await;
                let at = format!("{name}-{width}-{}", scheme.name());
                let found = browser.run_async(CHECK).await;
                wrong.extend(found.as_array().into_iter().flatten().map(|one| format!("{at}: {one}")));
                if browser.run(TOO_WIDE).await == Value::Bool(true) {
                    wrong.push(format!("{at}: it is wider than the window"));
                }
                browser.picture(width, &pictures.join(format!("{at}.png"))).await;
            }
        }
    }
    assert_eq!(wrong, Vec::<String>::new());
}
