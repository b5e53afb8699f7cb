//! `ingest`: takes in what sources report. Invoked by the queue with batches of messages.
//!
//! Must not know: what a report changes.

use functions::{handlers, start};

#[tokio::main(flavor = "current_thread")]
async fn main() -> anyhow::Result<()> {
    let config = start::configure()?;
    let parts = start::clients(&config).await;
    start::serve(async |event, _| handlers::ingest(&parts, event).await).await?;
    Ok(())
}
