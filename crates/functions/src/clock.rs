//! The machine's clock.
//!
//! Must not know: what the time is for.

use std::time::Duration;

use engine::ports::Clock;
use rules::time::Timestamp;
use rustix::time::{ClockId, clock_gettime};

/// A clock that a suspension of the machine does not stop.
#[cfg(target_os = "linux")]
const SINCE_BOOT: ClockId = ClockId::Boottime;
#[cfg(not(target_os = "linux"))]
const SINCE_BOOT: ClockId = ClockId::Monotonic;

/// The machine's own clock, and real waiting.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        #[expect(
            clippy::disallowed_methods,
            reason = "this is the shell's clock; everybody else is handed it as a port"
        )]
        let now = jiff::Timestamp::now();
        Timestamp::from_millis(now.as_millisecond())
    }

    fn since_boot(&self) -> Duration {
        let time = clock_gettime(SINCE_BOOT);
        let seconds = u64::try_from(time.tv_sec).expect("a machine did not start in the future");
        Duration::new(seconds, u32::try_from(time.tv_nsec).expect("less than a second"))
    }

    fn wait(&self, span: Duration) -> impl Future<Output = ()> + Send {
        #[expect(
            clippy::disallowed_methods,
            reason = "this is the shell's waiting; everybody else is handed it as a port"
        )]
        tokio::time::sleep(span)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn after_a_wait_no_clock_has_gone_back() {
        let (now, boot) = (SystemClock.now(), SystemClock.since_boot());
        SystemClock.wait(Duration::from_millis(5)).await;
        assert!(SystemClock.since_boot() >= boot + Duration::from_millis(5));
        assert!(now > Timestamp::parse("2026-01-01T00:00:00Z").expect("a time"));
    }
}
