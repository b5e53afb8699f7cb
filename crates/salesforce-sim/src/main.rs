//! `salesforce-sim`: serves a simulator until it is interrupted. It must not know more than its flags.

use anyhow::Context;
use clap::Parser;
use salesforce_sim::{ClientSecret, Credentials, Settings, Simulator};

/// A Salesforce to develop against: stateful, with faults on demand under /__sim/.
#[derive(Parser)]
struct Flags {
    /// The loopback port; 0 for any free one.
    #[arg(long, default_value_t = 0)]
    port: u16,
    /// The org's limit of API calls in a rolling 24 hours.
    #[arg(long, default_value_t = 15_000)]
    api_limit: u32,
    /// The consumer key that may log in.
    #[arg(long, default_value = "sim-client")]
    client_id: String,
    /// The consumer secret that goes with it.
    #[arg(long, default_value = "sim-secret")]
    client_secret: String,
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let flags = Flags::parse();
    let client_secret = ClientSecret::from(flags.client_secret.as_str());
    let credentials = Credentials { client_id: flags.client_id, client_secret, ..Credentials::default() };
    let settings = Settings { port: flags.port, org_limit: flags.api_limit, credentials, ..Settings::default() };
    let simulator = Simulator::start(settings).await.context("the simulator did not start")?;
    println!("{}", simulator.url());
    tokio::signal::ctrl_c().await.context("could not wait for an interrupt")?;
    simulator.shutdown().await;
    Ok(())
}
