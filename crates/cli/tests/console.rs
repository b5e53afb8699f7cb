//! The web console in a real browser, over `resync demo --serve`: what a person does who is called when records are stuck.
//!
//! Must not know: how a page is made.

#[path = "console/acting.rs"]
mod acting;
#[path = "console/browser.rs"]
mod browser;
#[path = "console/busy.rs"]
mod busy;
#[path = "console/large.rs"]
mod large;
#[path = "console/looks.rs"]
mod looks;
#[path = "console/served.rs"]
mod served;
