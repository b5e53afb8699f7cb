//! `retry-requested`: retries what a person asked for. Invoked once for each request, and again while work is left.
//!
//! Must not know: which records that are.

use functions::{handlers, start};

#[tokio::main(flavor = "current_thread")]
async fn main() -> anyhow::Result<()> {
    let config = start::configure()?;
    let parts = start::clients(&config).await;
    start::serve(async |event, deadline| handlers::retry_requested(&parts, &event, deadline).await).await?;
    Ok(())
}
