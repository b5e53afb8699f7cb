//! The demo's console: the same routes and pages as `resync local`, over the demo's world, which goes on meanwhile.
//!
//! Must not know: what the pages show.

use std::net::Ipv4Addr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use api::guard::{Guard, guarded};
use engine::fan_out::Schedule;
use engine::ports::Clock;
use functions::handlers::scheduled_event;
use functions::{SystemClock, SystemEntropy};
use rules::time::Timestamp;
use serde_json::json;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tracing::error;

use super::world::World;
use crate::exit::Failure;
use crate::local::{Claim, Job, user};
use crate::output;

/// How often it is looked for work.
const LOOK: Duration = Duration::from_millis(100);

/// What ticks in the demo.
const JOBS: [Job; 3] = [Job::Due, Job::TimedOut, Job::Recent];

/// Takes the port, before anything is played in vain; 0 is any that is free.
pub(super) async fn listen(port: u16) -> Result<TcpListener, Failure> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await;
    Ok(listener.with_context(|| format!("127.0.0.1:{port} cannot be listened on; take another --port"))?)
}

/// Serves until a signal ends it: browsers that follow a link, and commands that find it through its directory.
pub(super) async fn serve(world: &World, listener: TcpListener, claim: &Claim, json: bool) -> Result<(), Failure> {
    let address = listener.local_addr().context("asking where the console listens")?;
    let guard = Guard::on_loopback(claim.token()?.expose(), address.port(), SystemClock, SystemEntropy);
    let router = guarded(api::router(Arc::clone(&world.parts)), guard.clone(), user());
    let base = format!("http://{address}");
    claim.announce(&base)?;
    let mut terminated = signal(SignalKind::terminate()).context("listening to signals")?;
    let mut interrupted = signal(SignalKind::interrupt()).context("listening to signals")?;
    greet(&guard, &base, claim.path(), json)?;
    tokio::select! {
        ended = async { axum::serve(listener, router).await } => Ok(ended.context("serving the console")?),
        () = go_on(world) => Ok(()),
        _ = interrupted.recv() => Ok(()),
        _ = terminated.recv() => Ok(()),
    }
}

/// Says where the console is. Each link works once, so that whoever is at the terminal gets a new one for the asking.
fn greet(guard: &Guard, base: &str, directory: &Path, json: bool) -> anyhow::Result<()> {
    let link = format!("{base}{}", guard.ticket());
    if json {
        return output::print(&(json!({ "open": link, "data": directory }).to_string() + "\n"));
    }
    output::print(&format!(
        "\nThe console shows the morning after. Open this link within a minute; it works once.\n  {link}\n\
         Enter gives a new link, Ctrl-C ends the demo. In another terminal the commands reach it, too:\n  \
         export RESYNC_DATA={}\n",
        directory.display()
    ))?;
    let (guard, base) = (guard.clone(), base.to_owned());
    std::thread::spawn(move || {
        for _ in std::io::stdin().lines().map_while(Result::ok) {
            if output::print(&format!("  {base}{}\n", guard.ticket())).is_err() {
                return;
            }
        }
    });
    Ok(())
}

/// Lets the schedules tick and carries out what is asked for, one run after another.
async fn go_on(world: &World) {
    let mut last = JOBS.map(|job| job.latest(world.clock.now()));
    loop {
        world.clock.wait(LOOK).await;
        let now = world.clock.now();
        for (job, last) in JOBS.into_iter().zip(&mut last) {
            if let (Some(schedule), true) = (job.schedule(), job.latest(now) > *last) {
                *last = job.latest(now);
                report(tick(world, schedule, *last).await);
            }
        }
        while let Some(request) = world.bus.next_request() {
            report(world.carry_out(&request).await.map(drop));
        }
    }
}

async fn tick(world: &World, schedule: Schedule, tick: Timestamp) -> anyhow::Result<()> {
    world.invoke(schedule, &scheduled_event(schedule, tick)).await.map(drop)
}

fn report(done: anyhow::Result<()>) {
    if let Err(problem) = done {
        error!(error = format!("{problem:#}"), "a run of the demo failed");
    }
}
