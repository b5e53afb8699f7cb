//! The commands: each measures, prints, and fails when a bar is crossed.
//!
//! Must not know: how a run or the other process works.

use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context, bail};
use engine::ports::Clock;
use functions::SystemClock;
use functions::handlers::RetryReport;

use crate::args;
use crate::bars::{self, Bar};
use crate::clock::RunClock;
use crate::compare;
use crate::figures::{Figures, Took};
use crate::process;
use crate::run::Setting;
use crate::spawn::{Counted, Other};
use measured::plan::{CONNECTION, OutcomeKind, Plan, PolicyKind, USUAL_PAYLOAD};

/// Records of a run whose bars are scaled.
const FEW: usize = 5_000;

/// Runs on one thread, as a function does.
fn on_one_thread<T>(work: impl Future<Output = anyhow::Result<T>>) -> anyhow::Result<T> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().context("starting a runtime")?;
    runtime.block_on(work)
}

/// One run.
pub(crate) fn capacity(args: &args::Capacity) -> anyhow::Result<ExitCode> {
    let plan = Plan {
        due: args.records,
        stored: args.stored,
        connections: 1,
        payload: args.size.unwrap_or(USUAL_PAYLOAD),
        policy: args.policy,
        outcome: args.outcome,
        call_ms: args.call_ms,
        record_us: args.record_us,
        in_flight: args.in_flight,
    };
    let (figures, counted) = on_one_thread(measure(&plan, args.other.as_deref()))?;
    let bars = bars::of_a_run(&plan, &figures, &counted, args.most_memory);
    if args.json {
        println!("{}", serde_json::to_string(&figures)?);
        return Ok(crossed(&told(&plan), &bars));
    }
    if !args.bars {
        println!("{}", serde_json::to_string_pretty(&figures)?);
        println!("{}", serde_json::to_string_pretty(&counted.by_operation)?);
        println!("{}", serde_json::to_string_pretty(&counted.hottest_key)?);
    }
    Ok(verdict(&told(&plan), &bars))
}

fn told(plan: &Plan) -> String {
    format!("{} records, {:?} policy, {:?}", plan.due, plan.policy, plan.outcome)
}

/// Carries out a planned run and gives what it took.
async fn measure(plan: &Plan, running: Option<&str>) -> anyhow::Result<(Figures, Counted)> {
    let other = match running {
        Some(address) => Other::at(address)?,
        None => Other::start().await?,
    };
    let settings = other.set_up(plan).await?;
    let clock = RunClock::starting(plan.policy.tick() + Duration::from_secs(1), plan.takes_time());
    let setting = Setting::new(&other.address, &settings, plan.policy, &clock)?;
    let (cpu, began) = (process::cpu()?, SystemClock.since_boot());
    let report = setting.run(CONNECTION).await?;
    let wall = SystemClock.since_boot().saturating_sub(began);
    let took = Took { cpu: process::cpu()?.saturating_sub(cpu), wall, peak_memory: process::peak_memory()? };
    let counted = other.take().await?;
    other.stop().await?;
    check(plan, &report)?;
    Ok((Figures::of(plan.due, &counted, took), counted))
}

/// A run that did not do what was planned would be cheap.
fn check(plan: &Plan, report: &RetryReport) -> anyhow::Result<()> {
    let RetryReport::Ran { report } = report else { bail!("nothing was run: {report:?}") };
    let refused = (0..plan.due).filter(|&number| plan.outcome.refuses(number)).count() as u64;
    let (resolved, failed) = match plan.outcome {
        OutcomeKind::Outage => (0, 0),
        OutcomeKind::Success | OutcomeKind::Failure | OutcomeKind::Mixed => (plan.due as u64 - refused, refused),
    };
    if (report.resolved, report.failed) != (resolved, failed) {
        bail!("{resolved} were to be saved and {failed} to fail: {report:?}");
    }
    Ok(())
}

/// A tick without work.
pub(crate) fn idle(args: &args::Idle) -> anyhow::Result<ExitCode> {
    let mut failed = false;
    for policy in PolicyKind::ALL {
        let plan = idle_plan(policy, args);
        let (figures, counted) = on_one_thread(measure_idle(&plan))?;
        let what = format!("a tick over {} idle connections, {policy:?} policy", args.connections);
        let bars = bars::of_an_idle_tick(&plan, &counted);
        let code = if args.json {
            println!("{}", serde_json::to_string(&figures)?);
            crossed(&what, &bars)
        } else {
            verdict(&what, &bars)
        };
        failed |= code == ExitCode::FAILURE;
    }
    Ok(if failed { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

fn idle_plan(policy: PolicyKind, args: &args::Idle) -> Plan {
    Plan {
        due: 0,
        stored: args.records,
        connections: args.connections,
        payload: USUAL_PAYLOAD,
        policy,
        outcome: OutcomeKind::Success,
        call_ms: 0,
        record_us: 0,
        in_flight: 4,
    }
}

async fn measure_idle(plan: &Plan) -> anyhow::Result<(Figures, Counted)> {
    let other = Other::start().await?;
    let settings = other.set_up(plan).await?;
    let clock = RunClock::starting(plan.policy.tick() + Duration::from_secs(1), false);
    let setting = Setting::new(&other.address, &settings, plan.policy, &clock)?;
    let (cpu, began) = (process::cpu()?, SystemClock.since_boot());
    let report = setting.tick().await?;
    let wall = SystemClock.since_boot().saturating_sub(began);
    let took = Took { cpu: process::cpu()?.saturating_sub(cpu), wall, peak_memory: process::peak_memory()? };
    let counted = other.take().await?;
    other.stop().await?;
    match report {
        RetryReport::FannedOut { idle, .. } if idle == plan.connections => {
            Ok((Figures::of(0, &counted, took), counted))
        }
        other => bail!("{} connections were to be idle: {other:?}", plan.connections),
    }
}

/// Side by side with the peers.
pub(crate) fn peers(args: &args::Peers) -> anyhow::Result<ExitCode> {
    on_one_thread(compare::side_by_side(args)).map(|()| ExitCode::SUCCESS)
}

/// All bars: each policy and outcome, one with 50,000 records and the rest with fewer, unless all are wanted whole.
pub(crate) fn bars(args: &args::Bars) -> anyhow::Result<ExitCode> {
    let mut crossed = false;
    for policy in PolicyKind::ALL {
        for outcome in OutcomeKind::ALL {
            let whole = args.whole || (policy, outcome) == (PolicyKind::Interval, OutcomeKind::Failure);
            crossed |= bars_of(policy, outcome, if whole { bars::RECORDS } else { FEW })?;
        }
    }
    let idle = args::Idle { connections: 100, records: 0, json: false };
    crossed |= self::idle(&idle)? == ExitCode::FAILURE;
    Ok(if crossed { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

/// Each in a process of its own: the peak of memory is a process's.
fn bars_of(policy: PolicyKind, outcome: OutcomeKind, records: usize) -> anyhow::Result<bool> {
    let own = std::env::current_exe().context("finding this program")?;
    let mut command = std::process::Command::new(own);
    command.args(["capacity", "--records", &records.to_string(), "--policy", policy.name()]);
    command.args(["--outcome", outcome.name(), "--bars"]);
    let status = command.status().context("starting a run")?;
    Ok(!status.success())
}

/// Tells which bars are crossed, for people beside what programs read.
fn crossed(what: &str, bars: &[Bar]) -> ExitCode {
    let crossed: Vec<&Bar> = bars.iter().filter(|bar| bar.is_crossed()).collect();
    for bar in &crossed {
        eprintln!("{what}: {}: {:.1} of {:.1}  CROSSED", bar.what, bar.measured, bar.most);
    }
    if crossed.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Prints the bars, and whether one is crossed.
fn verdict(what: &str, bars: &[Bar]) -> ExitCode {
    println!("{what}");
    for bar in bars {
        let mark = if bar.is_crossed() { "CROSSED" } else { "ok" };
        println!("  {:<42} {:>14.1} of {:>14.1}  {mark}", bar.what, bar.measured, bar.most);
    }
    if bars.iter().any(Bar::is_crossed) { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}
