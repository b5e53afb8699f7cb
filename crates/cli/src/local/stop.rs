//! The end of a running `resync local`: a signal asks for it, everything that runs hears of it.
//!
//! Must not know: what runs.

use std::io;
use std::pin::pin;
use std::process;
use std::task::Poll;
use std::time::Duration;

use engine::ports::Clock;
use engine::run::Halt;
use futures::{Stream, StreamExt, stream};
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;
use tracing::{info, warn};

/// How long signals after the first are taken for the same one: `timeout`, for one, sends it to the process and to its group.
const ECHO: Duration = Duration::from_secs(1);

/// Whether and when it ends. Clones are the same one.
#[derive(Clone, Debug)]
pub(super) struct Stop {
    halt: Halt,
    asked: watch::Sender<bool>,
}

impl Stop {
    /// Not yet.
    pub(super) fn new() -> Self {
        Self { halt: Halt::default(), asked: watch::Sender::new(false) }
    }

    /// What stops a run after the call that it is making.
    pub(super) fn halt(&self) -> &Halt {
        &self.halt
    }

    /// Asks everything to end.
    pub(super) fn ask(&self) {
        self.halt.stop();
        self.asked.send_replace(true);
    }

    /// Waits until it is asked for.
    pub(super) async fn asked(&self) {
        let mut asked = self.asked.subscribe();
        // It cannot be closed: this holds the other end of it.
        drop(asked.wait_for(|asked| *asked).await);
    }

    /// Ends everything in order at the first SIGTERM or SIGINT, and the process at once at one that comes a second or more later.
    ///
    /// # Errors
    /// When the signals cannot be listened to.
    pub(super) fn at_signals(&self, clock: impl Clock + 'static) -> io::Result<()> {
        let (mut terminate, mut interrupt) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
        let signals = stream::poll_fn(move |context| {
            if terminate.poll_recv(context).is_ready() {
                return Poll::Ready(Some(SignalKind::terminate()));
            }
            interrupt.poll_recv(context).map(|_| Some(SignalKind::interrupt()))
        });
        let stop = self.clone();
        tokio::spawn(async move {
            let signal = listen(&stop, clock, signals).await;
            warn!("ended by a second signal; the next start recovers what was under way");
            // What a shell reports of a process that a signal ended.
            process::exit(128 + signal.as_raw_value());
        });
        Ok(())
    }
}

/// Asks for the end at the first signal; gives the one that ends it at once.
async fn listen(
    stop: &Stop,
    clock: impl Clock,
    mut signals: impl Stream<Item = SignalKind> + Send + Unpin,
) -> SignalKind {
    let mut next = async || signals.next().await.expect("a process hears signals as long as it lives");
    next().await;
    info!("stopping after the calls that are under way");
    stop.ask();
    let mut echoes = pin!(clock.wait(ECHO));
    loop {
        tokio::select! {
            biased;
            () = &mut echoes => break,
            _ = next() => {}
        }
    }
    info!("calls are still under way; a second signal ends it at once");
    next().await
}

#[cfg(test)]
mod tests {
    use futures::channel::mpsc;
    use rules::time::Timestamp;
    use tokio::sync::Notify;

    use super::*;

    /// A clock whose waits end when the test says so.
    struct Held<'a>(&'a Notify);

    impl Clock for Held<'_> {
        fn now(&self) -> Timestamp {
            Timestamp::from_millis(0)
        }

        fn since_boot(&self) -> Duration {
            Duration::ZERO
        }

        async fn wait(&self, span: Duration) {
            assert_eq!(span, Duration::from_secs(1));
            self.0.notified().await;
        }
    }

    #[tokio::test]
    async fn signals_within_a_second_of_the_first_are_its_echoes_and_a_later_one_ends_it_at_once() {
        let (stop, second) = (Stop::new(), Notify::new());
        let (send, signals) = mpsc::unbounded();
        let signal = |kind| send.unbounded_send(kind).expect("it is listened to");
        let mut ended = pin!(listen(&stop, Held(&second), signals));
        signal(SignalKind::terminate());
        signal(SignalKind::terminate());
        signal(SignalKind::terminate());
        assert!(futures::poll!(&mut ended).is_pending(), "the echoes end nothing");
        assert!(*stop.asked.borrow());
        second.notify_one();
        assert!(futures::poll!(&mut ended).is_pending(), "the second passed without another signal");
        signal(SignalKind::interrupt());
        assert_eq!(ended.await, SignalKind::interrupt());
    }
}
