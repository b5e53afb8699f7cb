//! `retry-due`: retries what is due. Invoked every 20 minutes, and once for each connection with work.
//!
//! Must not know: which records that are.

use engine::fan_out::Schedule;
use functions::{handlers, start};

#[tokio::main(flavor = "current_thread")]
async fn main() -> anyhow::Result<()> {
    let config = start::configure()?;
    let parts = start::clients(&config).await;
    start::serve(async |event, deadline| handlers::retry(&parts, Schedule::Due, &event, deadline).await).await?;
    Ok(())
}
