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

/// Waits until no colour changes any more: a scheme that is exchanged goes over in a moment.
const AT_REST: &str = "
    const done = arguments[arguments.length - 1];
    const ends = (one) => one.effect.getTiming().iterations !== Infinity;
    Promise.all(document.getAnimations().filter(ends).map((one) => one.finished)).then(() => done(true), () => done(false));";

const WIDTHS: [u32; 2] = [390, 1_600];

/// A look at the page that the browser shows: what is wrong with it, light and dark, at each width, and a picture of each.
pub(crate) async fn look_at(browser: &Browser, name: &str) -> Vec<String> {
    let (pictures, mut wrong) = (pictures(), Vec::new());
    browser.run(AXE).await;
    for scheme in [Scheme::Light, Scheme::Dark] {
        for width in WIDTHS {
            browser.show(width, scheme).await;
            browser.run_async(AT_REST).await;
            let at = format!("{name}-{width}-{}", scheme.name());
            let found = browser.run_async(CHECK).await;
            wrong.extend(found.as_array().into_iter().flatten().map(|one| format!("{at}: {one}")));
            if browser.run(TOO_WIDE).await == Value::Bool(true) {
                wrong.push(format!("{at}: it is wider than the window"));
            }
            browser.picture(width, &pictures.join(format!("{at}.png"))).await;
        }
    }
    wrong
}

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
    let mut wrong = Vec::new();
    for (name, path) in pages(&served).await {
        browser.go(&served.url(&path)).await;
        wrong.extend(look_at(&browser, name).await);
    }
    assert_eq!(wrong, Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_person_is_asked_and_told_on_the_way_meets_it_too() {
    let served = Served::start().await;
    let browser = Browser::start().await;
    browser.show(1_600, Scheme::Light).await;
    browser.take_cookie(&served.url("/"), served.cookie()).await;
    let mut wrong = Vec::new();
    browser.go(&served.url("/c/marketing/records?type=row-lock")).await;
    browser.click_on("Retry all").await;
    browser.until_says("This is a plan: nothing is done yet").await;
    wrong.extend(look_at(&browser, "plan").await);

    browser.go(&served.url("/c/marketing/records?type=row-lock")).await;
    browser.click("input[data-all='record']").await;
    wrong.extend(look_at(&browser, "records-selected").await);
    browser.click_on("Delete selected").await;
    browser.until_says("to confirm").await;
    wrong.extend(look_at(&browser, "deletion").await);
    browser.write("#confirm", "something else").await;
    browser.click_on("Delete 50 failures").await;
    browser.until_says("Nothing was deleted").await;
    wrong.extend(look_at(&browser, "deletion-not-confirmed").await);

    browser
        .go(&served.url("/c/marketing/records?message=lock&failed_from=2026-10-25T00:00&failed_to=2026-10-24T00:00"))
        .await;
    browser.until_says("is searched within one error type only").await;
    browser.until_says("is before failed_from").await;
    assert_eq!(browser.run("return document.querySelector('[name=message]').value").await, "lock");
    wrong.extend(look_at(&browser, "filters-wrong").await);

    browser.go(&served.url("/c/marketing/records?type=row-lok")).await;
    browser.until_says("did you mean row-lock?").await;
    wrong.extend(look_at(&browser, "type-misspelt").await);

    browser.go(&served.url("/c/marketing/usage")).await;
    browser.write("#api_limit", "a lot").await;
    browser.click_on("Save").await;
    browser.until_says("is not a number that fits here").await;
    wrong.extend(look_at(&browser, "limit-wrong").await);

    browser.go(&served.url("/c/marketing/settings")).await;
    browser.write("[name='policy.tries']", "none").await;
    browser.click_on("Save the settings").await;
    browser.until_says("Nothing was saved: 1 value cannot be taken").await;
    wrong.extend(look_at(&browser, "settings-wrong").await);

    browser.go(&served.url("/open?ticket=used")).await;
    browser.until_says("Each link opens the console once").await;
    wrong.extend(look_at(&browser, "link-used").await);

    browser.go(&served.url("/nosuch")).await;
    browser.until_says("There is no such page").await;
    wrong.extend(look_at(&browser, "no-such-page").await);
    assert_eq!(wrong, Vec::<String>::new());
}
