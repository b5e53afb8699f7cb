//! What every page of a connection begins with: how the connection stands, what time it is there, and who looks.
//!
//! Must not know: any page.

use engine::overview::{Standing, standing_by};
use engine::parts::Ports;
use engine::ports::{Clock, Facts};
use rules::ids::ConnectionId;
use rules::time::Timestamp;

use super::parts::path;
use crate::caller::{Caller, Role};
use crate::problem::Problem;
use crate::routes::{connection_id, unknown_connection};

/// Who looks, and when.
pub(super) struct Viewer {
    /// Who.
    pub(super) caller: Caller,
    /// The system's own time.
    pub(super) now: Timestamp,
}

impl Viewer {
    /// `caller`, now.
    pub(super) fn of<P: Ports>(ports: &P, caller: Caller) -> Self {
        Self { caller, now: ports.clock().now() }
    }

    /// Whether they may change anything. They are refused in any case; this decides what is offered.
    pub(super) fn may_act(&self) -> bool {
        match self.caller.role() {
            Role::Operator => true,
            Role::Viewer => false,
        }
    }
}

/// A connection's scene.
pub(super) struct Scene {
    /// How the connection stands.
    pub(super) standing: Standing,
    /// What that is known by.
    pub(super) facts: Facts,
    /// Who looks, and when.
    pub(super) viewer: Viewer,
}

impl Scene {
    /// The scene of the connection that an address names.
    pub(super) async fn of<P: Ports>(ports: &P, name: &str, caller: Caller) -> Result<Self, Problem> {
        let id = connection_id(name)?;
        let (standing, facts) = standing_by(ports, &id).await?.ok_or_else(|| unknown_connection(&id))?;
        Ok(Self { standing, facts, viewer: Viewer::of(ports, caller) })
    }

    /// The connection's name.
    pub(super) fn id(&self) -> &ConnectionId {
        &self.standing.connection.id
    }

    /// The system's own time.
    pub(super) fn now(&self) -> Timestamp {
        self.viewer.now
    }

    /// Whether actions are offered.
    pub(super) fn may_act(&self) -> bool {
        self.viewer.may_act()
    }

    /// An address below the connection's own.
    pub(super) fn address(&self, parts: &[&str]) -> String {
        under(self.id(), parts)
    }
}

/// An address below a connection's own.
pub(super) fn under(id: &ConnectionId, parts: &[&str]) -> String {
    path(&[&["c", id.as_str()], parts].concat())
}
