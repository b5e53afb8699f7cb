//! A running `resync local`: everything that it consists of, started in order and ended in order.
//!
//! Must not know: what any part does.

use std::io;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, anyhow};
use engine::parts::Ports;
use engine::ports::{Clock, Connections};
use engine::run::take_over;
use rules::time::Timestamp;
use salesforce_sim::{Settings, Simulator};
use tracing::{error, info, warn};

use super::config::{Config, SimulatorSettings};
use super::endpoint::Endpoint;
use super::fired::Fired;
use super::runs;
use super::scheduler::Scheduler;
use super::secrets::simulator_credentials;
use super::serve::Server;
use super::stop::Stop;
use super::system::System;
use super::ticks::Job;
use super::work::LocalWork;
use crate::exit::Failure;
use crate::output;

/// How often the table is asked whether it still stands.
const WATCH: Duration = Duration::from_secs(1);

/// Runs until a signal stops it: no further call is begun, those that are under way are finished.
///
/// # Errors
/// When it cannot start, or a sync of the disk failed.
pub(super) async fn run(system: System, config: &Config, json: bool) -> Result<(), Failure> {
    let stop = Stop::new();
    stop.at_signals(system.parts.clock).context("listening to signals")?;
    let simulator = start_simulator(config.simulator).await?;
    let token = system.directory.token()?;
    recover(&system).await?;
    clean(&system).await;
    let server = Server::start(system.router(), config.port, &token, stop.clone()).await?;
    let path = system.directory.path();
    let fired = Fired::read(path).context("reading the noted ticks")?;
    Endpoint::announce(path, &server.url).context("leaving word where the interface is")?;
    greet(&system, &server.url, simulator.as_ref(), json).await?;
    let (withdrawn, (), ()) = tokio::join!(withdraw(path, &stop), watch(&system, &stop), work(&system, fired, &stop));
    withdrawn.context("taking back the word where the interface was")?;
    server.end().await;
    if let Some(simulator) = simulator {
        simulator.shutdown().await;
    }
    let is_broken = system.table.is_broken();
    system.close().await?;
    info!("stopped");
    if is_broken { Err(anyhow!("a sync of the disk failed; start resync again").into()) } else { Ok(()) }
}

/// Ends everything when the table can no longer tell what is on the disk: only a new start can.
async fn watch(system: &System, stop: &Stop) {
    while !system.table.is_broken() {
        tokio::select! {
            () = stop.asked() => return,
            () = system.parts.clock.wait(WATCH) => {}
        }
    }
    error!("a sync of the disk failed: nobody knows what is on it; ending, so that a new start finds out");
    stop.ask();
}

/// Takes the word back that this process listens, as soon as it is asked to stop: a command then waits for its end instead of
/// asking nobody.
async fn withdraw(directory: &Path, stop: &Stop) -> io::Result<()> {
    stop.asked().await;
    Endpoint::withdraw(directory)
}

/// Carries out ticks and runs until it is asked to stop, and then until the runs have ended.
async fn work(system: &System, fired: Fired, stop: &Stop) {
    let (parts, board) = (Arc::clone(&system.parts), system.board.clone());
    let work = LocalWork {
        parts: Arc::clone(&parts),
        table: system.table.clone(),
        cleaning: system.cleaning.clone(),
        board: board.clone(),
        stop: stop.clone(),
    };
    let scheduler = Scheduler::new(work, system.parts.clock, fired);
    tokio::join!(scheduler.run(stop.clone()), runs::carry_out(parts, board, stop.clone()));
}

/// The lock proves that no other process is alive, so what one that was killed held is free at once.
async fn recover(system: &System) -> anyhow::Result<()> {
    let freed = take_over(system.parts.as_ref()).await.context("taking over what a dead process held")?;
    if freed > 0 {
        info!(connections = freed, "the last process ended in the middle of its work; going on where it was");
    }
    Ok(())
}

/// Does what a dead process still owed to the database's file. If it fails, the house is kept tomorrow; that the interface
/// is there now matters more.
async fn clean(system: &System) {
    if let Err(problem) = system.cleaning.settle().await {
        error!(error = format!("{problem:#}"), "what was deleted may still be readable in the database's file");
    }
}

async fn start_simulator(settings: Option<SimulatorSettings>) -> anyhow::Result<Option<Simulator>> {
    let Some(SimulatorSettings { port }) = settings else {
        return Ok(None);
    };
    let settings = Settings { port, credentials: simulator_credentials(), ..Settings::default() };
    let started = Simulator::start(settings).await;
    started.map(Some).with_context(|| {
        format!(
            "the simulated Salesforce cannot start on 127.0.0.1:{port}; set another `port` under [simulator] in resync.toml, \
             and the login_url of its connections to it"
        )
    })
}

/// Tells a person where things are, and the log what is amiss.
async fn greet(system: &System, url: &str, simulator: Option<&Simulator>, json: bool) -> anyhow::Result<()> {
    for warning in system.secrets.warnings() {
        warn!("{warning}");
    }
    let connections = system.parts.store().connections().await.context("reading the connections")?;
    let directory = system.directory.path().display().to_string();
    if json {
        info!(url, directory, connections = connections.len(), "started");
        return Ok(());
    }
    let names: Vec<String> =
        connections.iter().filter_map(|connection| Some(connection.as_ref().ok()?.id.to_string())).collect();
    let now = system.parts.clock().now();
    output::print(&greeting(&directory, url, simulator.map(Simulator::url), &names, now))
}

fn greeting(directory: &str, url: &str, simulator: Option<&str>, connections: &[String], now: Timestamp) -> String {
    let connections = if connections.is_empty() {
        "none yet; create one with `resync connection create`".to_owned()
    } else {
        connections.join(", ")
    };
    let simulator = simulator.map(|url| format!("  simulator    {url}\n")).unwrap_or_default();
    format!(
        "Resync runs.\n  data         {directory}\n  interface    {url}\n{simulator}  connections  {connections}\n  \
         next ticks   {} due records, {} timeout queue, {} sweeps\nStop it with Ctrl-C.\n",
        Job::Due.next(now),
        Job::TimedOut.next(now),
        Job::Recent.next(now)
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_greeting_says_where_things_are_what_comes_next_and_what_to_do_first() {
        let now = Timestamp::parse("2026-03-02T09:25:00Z").expect("a time");
        let said = greeting("/srv/resync", "http://127.0.0.1:40001", None, &[], now);
        let expected = "\
Resync runs.
  data         /srv/resync
  interface    http://127.0.0.1:40001
  connections  none yet; create one with `resync connection create`
  next ticks   2026-03-02T09:40:00Z due records, 2026-03-03T00:00:00Z timeout queue, 2026-03-02T11:30:00Z sweeps
Stop it with Ctrl-C.
";
        assert_eq!(said, expected);
        let connections = ["acme".to_owned(), "other".to_owned()];
        let said = greeting("/srv/resync", "http://127.0.0.1:1", Some("http://127.0.0.1:8740"), &connections, now);
        assert!(said.contains("  simulator    http://127.0.0.1:8740\n  connections  acme, other\n"), "{said}");
    }
}
