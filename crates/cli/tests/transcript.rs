//! docs/local.md is played: every command of its transcripts is run as a newcomer would type it, and what the real binary
//! prints is compared with what the page shows. `RESYNC_WRITE_TRANSCRIPTS=1 cargo test -p cli --test transcript` writes the
//! page's transcripts anew.
//!
//! The page's clock stands between two ticks (libfaketime), so that no tick falls into a play. Instants, ports and ids of
//! processes are compared as such and not by their value.
//!
//! Must not know: how the command works inside.

#[path = "../../../tests/kill/moment.rs"]
mod moment;
#[path = "transcript/page.rs"]
mod page;
#[path = "transcript/play.rs"]
mod play;

use std::fs;
use std::path::Path;

use page::Page;
use play::Stage;

const PAGE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/local.md");

#[tokio::test(flavor = "multi_thread")]
async fn the_first_ten_minutes_go_as_the_page_shows_them() {
    let text = fs::read_to_string(PAGE).expect("the page is there");
    let mut page = Page::read(&text);
    let mut stage = Stage::set(&page).await;
    for step in page.steps_mut() {
        step.output = stage.play(step);
    }
    drop(stage);
    let played = page.render();
    if std::env::var_os("RESYNC_WRITE_TRANSCRIPTS").is_some() {
        fs::write(Path::new(PAGE), &played).expect("the page is written");
        return;
    }
    let (shown, seen) = (page::comparable(&text), page::comparable(&played));
    for (number, (shown, seen)) in shown.lines().zip(seen.lines()).enumerate() {
        assert_eq!(seen, shown, "docs/local.md, line {}: left is what was seen, right what the page shows", number + 1);
    }
    assert_eq!(seen.lines().count(), shown.lines().count(), "the page shows another number of lines\n{played}");
}
