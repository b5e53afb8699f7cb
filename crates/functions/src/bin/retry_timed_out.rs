//! `retry-timed-out`: retries the timeout queue. Invoked every midnight (UTC), and once for each connection with work.
//!
//! Must not know: which records that are.

use engine::fan_out::Schedule;
use functions::{Observer, start};

#[tokio::main(flavor = "current_thread")]
async fn main() -> anyhow::Result<()> {
    let config = start::configure()?;
    let parts = start::clients(&config);
    let observer = Observer::new(&parts, &config.event_bus, start::print);
    start::serve(async |event, deadline| observer.retry(Schedule::TimedOut, &event, deadline).await).await?;
    Ok(())
}
