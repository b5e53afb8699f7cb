//! What the machine says of this process: the processor's time and the memory that it took.
//!
//! Must not know: what it was doing.

use std::time::Duration;

use anyhow::Context;
use tokio::io::AsyncReadExt;

/// Ticks of the processor's time in a second, which `/proc` counts in: always so on Linux, as user space sees it.
const TICKS: f64 = 100.0;

/// The processor's time so far, in user space and in the kernel.
pub(crate) fn cpu() -> anyhow::Result<Duration> {
    let stat = std::fs::read_to_string("/proc/self/stat").context("reading /proc/self/stat")?;
    // The name of the program comes second, in parentheses, and may hold spaces.
    let (_, after_name) = stat.rsplit_once(") ").context("reading /proc/self/stat")?;
    let field = |place: usize| after_name.split(' ').nth(place).and_then(|ticks| ticks.parse::<f64>().ok());
    let (user, kernel) = field(11).zip(field(12)).context("reading /proc/self/stat")?;
    Ok(Duration::from_secs_f64((user + kernel) / TICKS))
}

/// The most memory that was resident so far, in bytes.
pub(crate) fn peak_memory() -> anyhow::Result<u64> {
    let status = std::fs::read_to_string("/proc/self/status").context("reading /proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kilobytes = line.and_then(|line| line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok());
    Ok(kilobytes.context("reading /proc/self/status")? * 1_024)
}

/// Comes back when the standard input has ended.
pub(crate) async fn input_ended() {
    let mut input = tokio::io::stdin();
    let mut byte = [0];
    while matches!(input.read(&mut byte).await, Ok(1)) {}
}
