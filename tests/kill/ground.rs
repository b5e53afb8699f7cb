//! The ground on which processes live: a table, a bus, secrets, a clock that the orgs go by, and wires of its own for each life.
//!
//! Must not know: which records there are, when which process lives and dies, what must come of it.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use aws_sdk_dynamodb::Client;
use engine::ports::{Clock, Connections};
use functions::SystemClock;
use futures::future::join_all;
use rules::connection::Connection;
use rules::ids::ConnectionId;
use rules::time::Timestamp;
use salesforce_sim::{Settings, Simulator};
use serde_json::{Value, json};
use store::DynamoStore;
use store::local::{LocalTable, Place};

use super::gate::Stop;
use super::moment;
use super::wires::Services;
use crate::functions::bus::Bus;
use crate::functions::environment::{self, Environment, TABLE};
use crate::functions::process::{Binary, Function};
use crate::functions::runtime_api::Answer;
use crate::functions::secrets;

/// A connection's settings without its target, and the org behind it.
pub(crate) struct Org {
    pub(crate) id: ConnectionId,
    pub(crate) settings: Value,
    pub(crate) salesforce: Simulator,
}

/// One life: what starts when, to handle what, and how it ends.
pub(crate) struct Life<'a> {
    pub(crate) binary: Binary,
    pub(crate) at: Timestamp,
    /// How long each of its events may take.
    pub(crate) lasts: Duration,
    /// Handled one after another.
    pub(crate) events: Vec<Value>,
    /// How many processes handle the same events at the same time.
    pub(crate) processes: usize,
    /// Where all of them are killed.
    pub(crate) stop: Option<Stop>,
    /// The orgs that it may reach; no other life may reach them meanwhile.
    pub(crate) orgs: &'a [&'a Org],
}

impl<'a> Life<'a> {
    /// One process for one event, which nobody kills.
    pub(crate) fn of(binary: Binary, at: Timestamp, lasts: Duration, event: Value, orgs: &'a [&'a Org]) -> Self {
        Self { binary, at, lasts, events: vec![event], processes: 1, stop: None, orgs }
    }
}

/// What became of a life.
#[derive(Debug)]
pub(crate) struct Lived {
    /// Its first process's answers, as far as it came.
    pub(crate) answers: Vec<Answer>,
    /// Whether it was killed before all its processes had answered everything.
    pub(crate) killed: bool,
    /// The requests that it made.
    pub(crate) requests: usize,
    /// How long it was, in real time.
    pub(crate) lasted: Duration,
    /// The most memory that one of its processes ever had resident, in KiB.
    pub(crate) peak: u64,
    /// What its processes logged.
    pub(crate) log: String,
}

/// The services, and the clock.
pub(crate) struct Ground {
    pub(crate) store: DynamoStore<SystemClock>,
    pub(crate) bus: Bus,
    services: Services,
    now: Arc<AtomicI64>,
    table: LocalTable,
}

impl Ground {
    /// With a table at `place`.
    pub(crate) async fn start(place: Place<'_>) -> Self {
        let table = LocalTable::start(place, TABLE).await.unwrap();
        let store = DynamoStore::new(table.client(), TABLE, SystemClock);
        let (bus, now) = (Bus::start().await, Arc::new(AtomicI64::new(0)));
        let services = Services {
            dynamodb: format!("http://{}", table.address()),
            eventbridge: bus.url(),
            secrets: format!("http://{}", secrets::start().await),
            salesforce: Vec::new(),
            // No connection is used again: one that its service closes meanwhile would lose a request.
            http: reqwest::Client::builder().no_proxy().pool_max_idle_per_host(0).build().unwrap(),
        };
        Self { store, bus, services, now, table }
    }

    /// An org that goes by this ground's clock, behind a connection with these settings.
    pub(crate) async fn org(&self, settings: Value, org: Settings) -> Org {
        let now = Arc::clone(&self.now);
        let clock = Arc::new(move || now.load(Ordering::SeqCst));
        let salesforce = Simulator::start(Settings { clock, ..org }).await.unwrap();
        let id = ConnectionId::new(settings["id"].as_str().unwrap()).unwrap();
        let org = Org { id, settings, salesforce };
        self.connect(&org, org.salesforce.url()).await;
        org
    }

    /// The orgs' clock reads `at` from now on; it never goes back.
    pub(crate) fn pass(&self, at: Timestamp) {
        self.now.fetch_max(at.as_millis(), Ordering::SeqCst);
    }

    /// What the processes are told: that the org of the connection is at `address`.
    async fn connect(&self, org: &Org, address: &str) {
        let mut settings = org.settings.clone();
        let secret = format!("resync/{}", org.id);
        settings["target"] = json!({ "login_url": address, "flow": "client_credentials", "secret": secret });
        self.store.save_connection(&Connection::read(&settings).unwrap()).await.unwrap();
    }

    /// Lets processes live, until they have answered or are killed.
    pub(crate) async fn live(&self, life: Life<'_>) -> Lived {
        self.pass(life.at);
        let began = SystemClock.since_boot();
        let orgs = life.orgs.iter().map(|org| org.salesforce.url().to_owned()).collect();
        let services = Services { salesforce: orgs, ..self.services.clone() };
        let wired = services.wired(life.stop).await;
        for (org, address) in life.orgs.iter().zip(&wired.services.salesforce) {
            self.connect(org, address).await;
        }
        let environment = environment(life.binary, &wired.services, life.at);
        let start = || Function::start(life.binary, &environment);
        let mut processes = join_all((0..life.processes).map(|_| start())).await;
        let mut answers = vec![Vec::new(); life.processes];
        let working = processes.iter_mut().zip(&mut answers).map(|(process, answers)| work(process, &life, answers));
        let killed = tokio::select! {
            _ = join_all(working) => false,
            () = wired.gate.stopped() => true,
        };
        let peak = processes.iter().filter_map(Function::id).map(peak).max().unwrap_or(0);
        let log = join_all(processes.into_iter().map(kill)).await.concat();
        wired.gate.settled().await;
        let (answers, requests) = (answers.swap_remove(0), wired.gate.arrived());
        Lived { answers, killed, requests, lasted: SystemClock.since_boot().saturating_sub(began), peak, log }
    }

    /// A client of the table, and the table's name.
    pub(crate) fn table(&self) -> (Client, &str) {
        (self.table.client(), TABLE)
    }

    /// Ends the services.
    pub(crate) async fn end(self) {
        self.table.stop().await.unwrap();
    }
}

async fn work(process: &mut Function, life: &Life<'_>, answers: &mut Vec<Answer>) {
    for event in &life.events {
        answers.push(process.answer(event.clone(), life.at + life.lasts).await);
    }
}

fn environment(binary: Binary, services: &Services, at: Timestamp) -> Environment {
    let of_cloud = environment::Services {
        dynamodb: services.dynamodb.clone(),
        eventbridge: services.eventbridge.clone(),
        secrets: services.secrets.clone(),
    };
    let moment = moment::environment(at).into_iter().map(|(name, value)| (name.to_owned(), value));
    environment::of(binary, &of_cloud).into_iter().chain(moment).collect()
}

/// The most memory that a process ever had resident, in KiB (`proc(5)`: `VmHWM`); 0 when it is gone.
fn peak(process: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|line| line.trim().strip_suffix(" kB")?.trim().parse().ok()).unwrap_or(0)
}

/// Ends a process at once, as Lambda does, and gives what it logged.
async fn kill(process: Function) -> String {
    let id = process.id();
    let log = process.log().await;
    id.into_iter().for_each(moment::forget);
    log
}
