//! Hosts' names and what they lead to, looked at when a connection is made: the addresses that were looked at are the ones that are
//! connected to, so that a name which leads elsewhere the next time gains nothing.
//!
//! Must not know: what is sent.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use reqwest::dns::{Addrs, Name, Resolve, Resolving};

use crate::reach::Reach;

/// What finds the addresses of a name.
pub(crate) trait Names: Send + Sync + 'static {
    /// Its addresses.
    ///
    /// # Errors
    /// When it has none, or nobody can tell.
    fn addresses(&self, name: &str) -> impl Future<Output = io::Result<Vec<IpAddr>>> + Send;
}

/// The names that this system knows, or its name server.
#[derive(Clone, Copy, Debug)]
pub(crate) struct SystemNames;

impl Names for SystemNames {
    async fn addresses(&self, name: &str) -> io::Result<Vec<IpAddr>> {
        Ok(tokio::net::lookup_host((name, 0)).await?.map(|address| address.ip()).collect())
    }
}

/// A name leads to no address that may be connected to. No address is shown: it would tell of the network.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the host's name leads to this machine or a private network")]
pub(crate) struct LeadsInside;

/// Looks names up, and leaves out the addresses that a connection may not reach. A name that is none of the connection's hosts is a
/// proxy's, which whoever runs this process has set.
#[derive(Debug)]
pub(crate) struct Guarded<N> {
    names: Arc<N>,
    hosts: Vec<String>,
    reach: Reach,
}

impl<N: Names> Guarded<N> {
    /// The names of `hosts`, as far as `reach`.
    pub(crate) fn new(names: N, hosts: Vec<String>, reach: Reach) -> Self {
        Self { names: Arc::new(names), hosts, reach }
    }

    fn permitted(&self, name: &str) -> Option<Reach> {
        self.hosts.iter().any(|host| host.eq_ignore_ascii_case(name)).then_some(self.reach)
    }
}

impl<N: Names> Resolve for Guarded<N> {
    fn resolve(&self, name: Name) -> Resolving {
        let (names, reach) = (Arc::clone(&self.names), self.permitted(name.as_str()));
        Box::pin(async move {
            let found = names.addresses(name.as_str()).await?;
            let kept = found.into_iter().filter(|address| reach.is_none_or(|reach| reach.permits(*address)));
            let kept: Vec<SocketAddr> = kept.map(|address| SocketAddr::new(address, 0)).collect();
            if kept.is_empty() { Err(LeadsInside.into()) } else { Ok(Box::new(kept.into_iter()) as Addrs) }
        })
    }
}

#[cfg(test)]
#[path = "names_tests.rs"]
mod tests;
