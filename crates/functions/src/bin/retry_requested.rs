//! `retry-requested`: retries what a person asked for. Invoked once for each request, and again while work is left.
//!
//! Must not know: which records that are.

use functions::{Observer, start};

#[tokio::main(flavor = "current_thread")]
async fn main() -> anyhow::Result<()> {
    let config = start::configure()?;
    let parts = start::clients(&config);
    let observer = Observer::new(&parts, &config.event_bus, start::print);
    start::serve(async |event, deadline| observer.retry_requested(&event, deadline).await).await?;
    Ok(())
}
