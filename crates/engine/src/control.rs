//! Changing a control item from outside a run: by compare-and-set, whoever holds the lease. The holder sees the change at its
//! next write.
//!
//! Must not know: what the changes are for.

use rules::control::Control;
use rules::ids::ConnectionId;

use crate::parts::Ports;
use crate::ports::{Controls, Entropy, PortError, Saved};

/// How often a control item that others keep writing is read anew.
const RACES: usize = 16;

/// What became of a change.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Changed<T> {
    /// It is written.
    Done {
        /// What was there before.
        before: Box<Control>,
        /// What is there now.
        after: Box<Control>,
    },
    /// There was nothing to write.
    Refused(T),
}

/// Changes a connection's control item. `change` says why when nothing is to be written, and is asked again whenever somebody
/// else wrote meanwhile; it may be asked about what it wrote itself.
pub(crate) async fn change<P: Ports, T>(
    ports: &P,
    connection: &ConnectionId,
    change: impl FnMut(Control) -> Result<Control, T>,
) -> Result<Changed<T>, PortError> {
    let known = ports.store().control(connection).await?;
    change_known(ports, connection, known, change).await
}

/// The same of a control item that was read a moment ago.
pub(crate) async fn change_known<P: Ports, T>(
    ports: &P,
    connection: &ConnectionId,
    mut known: Control,
    mut change: impl FnMut(Control) -> Result<Control, T>,
) -> Result<Changed<T>, PortError> {
    let store = ports.store();
    for _ in 0..RACES {
        let changed = match change(known.clone()) {
            Ok(changed) => changed,
            Err(why) => return Ok(Changed::Refused(why)),
        };
        let write = Control { revision: ports.entropy().number(), ..changed };
        match store.save_control(connection, &write, known.revision).await {
            Ok(Saved::Done) => return Ok(done(known, write)),
            Ok(Saved::Conflict(current)) => known = current,
            // The write may have been done all the same, and then its revision is there.
            Err(error) => match store.control(connection).await {
                Ok(current) if current.revision == write.revision => return Ok(done(known, write)),
                Ok(_) | Err(_) => return Err(error),
            },
        }
    }
    Err(PortError::unavailable("changing the control item", "it was written by others all the time"))
}

fn done<T>(before: Control, after: Control) -> Changed<T> {
    Changed::Done { before: Box::new(before), after: Box::new(after) }
}
