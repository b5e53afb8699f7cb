//! A function that serves as the real ones do, and panics whenever it is invoked.
//!
//! Must not know: who is told.

use functions::handlers::HandlerError;
use functions::start;

#[tokio::main(flavor = "current_thread")]
async fn main() -> anyhow::Result<()> {
    start::configure()?;
    start::serve(async |_, _| -> Result<(), HandlerError> { panic!("a panic on purpose") }).await?;
    Ok(())
}
