//! Tests of `names`: what a hostile name server could answer.
//!
//! Must not know: HTTP beyond whether a request arrived.

use std::sync::Mutex;
use std::time::Duration;

use rules::ids::ConnectionId;
use tokio::net::TcpListener;

use super::*;
use crate::exchange::{Silence, Wire};

const HOST: &str = "acme.my.salesforce.com";

/// A name server that answers each question with the next of these, and the last one again.
#[derive(Clone)]
struct Answers(Arc<Mutex<Vec<Vec<IpAddr>>>>);

impl Answers {
    fn of(answers: &[&[&str]]) -> Self {
        let read = |answer: &&[&str]| answer.iter().map(|text| text.parse().expect("an address")).collect();
        Self(Arc::new(Mutex::new(answers.iter().map(read).collect())))
    }
}

impl Names for Answers {
    async fn addresses(&self, _: &str) -> io::Result<Vec<IpAddr>> {
        let mut left = self.0.lock().expect("no test panics here");
        Ok(if left.len() > 1 { left.remove(0) } else { left[0].clone() })
    }
}

fn guarded(answers: &[&[&str]], reach: Reach) -> Guarded<Answers> {
    Guarded::new(Answers::of(answers), vec![HOST.to_owned()], reach)
}

async fn addresses(names: &Guarded<Answers>, name: &str) -> Result<Vec<String>, String> {
    let found = names.resolve(name.parse().expect("a name")).await;
    found.map(|found| found.map(|address| address.ip().to_string()).collect()).map_err(|error| error.to_string())
}

#[tokio::test]
async fn a_name_that_leads_to_this_machine_or_into_a_private_network_leads_nowhere() {
    for inside in ["127.0.0.1", "10.1.2.3", "169.254.169.254", "::1", "::ffff:192.168.0.1", "fd00:ec2::254"] {
        let refused = addresses(&guarded(&[&[inside]], Reach::Public), HOST).await;
        assert_eq!(refused, Err(LeadsInside.to_string()), "{inside}");
        assert!(!LeadsInside.to_string().contains(inside), "the network is not told of");
    }
}

#[tokio::test]
async fn of_several_addresses_only_the_public_ones_are_connected_to() {
    let names = guarded(&[&["10.0.0.1", "8.8.8.8", "::1", "2606:4700::1111"]], Reach::Public);
    assert_eq!(addresses(&names, HOST).await, Ok(vec!["8.8.8.8".to_owned(), "2606:4700::1111".to_owned()]));
}

#[tokio::test]
async fn a_name_that_is_bound_anew_between_two_connections_is_looked_at_each_time() {
    let names = guarded(&[&["8.8.8.8"], &["127.0.0.1"]], Reach::Public);
    assert_eq!(addresses(&names, HOST).await, Ok(vec!["8.8.8.8".to_owned()]));
    assert_eq!(addresses(&names, HOST).await, Err(LeadsInside.to_string()));
}

#[tokio::test]
async fn the_name_of_a_proxy_may_lead_into_a_private_network() {
    let names = guarded(&[&["10.0.0.1"]], Reach::Public);
    assert_eq!(addresses(&names, "proxy.internal").await, Ok(vec!["10.0.0.1".to_owned()]));
}

/// Makes a request to this machine under the name of an allowed host that leads to it, and says what came of it and whether the
/// connection arrived.
async fn rebound(reach: Reach) -> (Option<Silence>, bool) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let port = listener.local_addr().expect("an address").port();
    let connection = ConnectionId::new("acme").expect("a name");
    let names = guarded(&[&["127.0.0.1"]], reach);
    let wire = Wire::new(connection, Duration::from_millis(500), true, names).expect("a client");
    let asked = wire.exchange(wire.http().get(format!("http://{HOST}:{port}/")));
    let arrived = tokio::time::timeout(Duration::from_secs(2), listener.accept());
    let (answer, arrived) = tokio::join!(asked, arrived);
    (answer.err(), arrived.is_ok())
}

#[tokio::test]
async fn no_connection_is_made_to_this_machine_under_the_name_of_a_host_that_was_bound_to_it() {
    assert_eq!(rebound(Reach::Public).await, (Some(Silence::NotSent), false));
    assert_eq!(rebound(Reach::ThisMachine).await, (Some(Silence::Lost), true), "the test would see one");
}
