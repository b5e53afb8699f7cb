//! `ingest`: takes in what sources report. Invoked by the queue with batches of messages.
//!
//! Must not know: what a report changes.

use functions::{Observer, start};

#[tokio::main(flavor = "current_thread")]
async fn main() -> anyhow::Result<()> {
    let config = start::configure()?;
    let parts = start::clients(&config);
    let observer = Observer::new(&parts, &config.event_bus, start::print);
    start::serve(async |event, _| observer.ingest(event).await).await?;
    Ok(())
}
