//! `api`: serves the routes at the function URL. Invoked by whoever may, with one HTTP request each.
//!
//! Must not know: routes, roles.

use functions::{function_url, start};

#[tokio::main(flavor = "current_thread")]
async fn main() -> anyhow::Result<()> {
    let config = start::configure_api()?;
    let parts = start::clients(&config.common);
    function_url::serve(parts, config.access).await?;
    Ok(())
}
