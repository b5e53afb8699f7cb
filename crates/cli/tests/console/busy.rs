//! What is under way shows: a form that was sent is not sent twice, and what is brought up to date says so.

use std::time::Duration;

use serde_json::{Value, json};

use crate::browser::{Browser, Scheme};
use crate::looks::look_at;
use crate::served::Served;

/// Sends the page's form by its button three times, and tells what is to be seen while the first is under way.
const SEND_THRICE: &str = "
    const done = arguments[arguments.length - 1];
    const button = document.querySelector('main form button.primary');
    const form = button.form;
    let sent = 0;
    document.addEventListener('submit', (event) => { if (!event.defaultPrevented) sent += 1; });
    button.click();
    form.requestSubmit();
    setTimeout(() => {
        button.click();
        done({ sent, busy: form.getAttribute('aria-busy'), disabled: button.disabled, pressed: button.dataset.busy });
    }, 50);";

/// Waits until the progress asks for itself, and tells what is to be seen then.
const WHILE_UPDATING: &str = "
    const done = arguments[arguments.length - 1];
    document.addEventListener('htmx:beforeRequest', (event) => setTimeout(() => {
        const place = document.querySelector('#progress');
        done({ busy: place.getAttribute('aria-busy'), told: getComputedStyle(place.querySelector('.updating')).visibility });
    }, 1000), { once: true });";

#[tokio::test(flavor = "multi_thread")]
async fn a_form_is_sent_once_however_often_it_is_pressed_and_its_button_is_disabled_meanwhile() {
    let (served, browser) = (Served::start().await, Browser::start().await);
    browser.show(1_280, Scheme::Light).await;
    browser.take_cookie(&served.url("/"), served.cookie()).await;
    browser.go(&served.url("/c/marketing/records/Contact/N-00007")).await;
    browser.click_on("Resync").await;
    browser.until_says("This is a plan: nothing is done yet").await;
    browser.slow_down(Duration::from_secs(4)).await;
    let seen = browser.run_async(SEND_THRICE).await;
    assert_eq!(seen, json!({ "sent": 1, "busy": "true", "disabled": true, "pressed": "pressed" }));
    browser.slow_down(Duration::ZERO).await;
    browser.until_says("Done: 1 record tried").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn progress_that_is_long_in_coming_says_that_it_is_being_brought_up_to_date() {
    let (served, browser) = (Served::start().await, Browser::start().await);
    browser.show(1_280, Scheme::Light).await;
    browser.take_cookie(&served.url("/"), served.cookie()).await;
    let (status, _) = served.post("/c/marketing/limit", &[("api_limit", "100")]).await;
    assert_eq!(status, 303);
    browser.go(&served.url("/c/marketing/records/Contact/N-00001")).await;
    browser.click_on("Resync").await;
    browser.click_on("Retry 1 record").await;
    browser.until_says("It waits").await;
    assert_eq!(look_at(&browser, "request-waits").await, Vec::<String>::new());
    browser.slow_down(Duration::from_secs(4)).await;
    let seen = browser.run_async(WHILE_UPDATING).await;
    assert_eq!(seen, json!({ "busy": "true", "told": "visible" }));
    browser.slow_down(Duration::ZERO).await;
    for _ in 0..100 {
        let busy = browser.run("return document.querySelector('#progress').getAttribute('aria-busy')").await;
        if busy == Value::Null {
            return;
        }
    }
    panic!("the progress stays busy");
}
