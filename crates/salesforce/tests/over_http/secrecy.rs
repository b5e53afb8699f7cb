//! No output shows a token, a credential or a payload.
//!
//! Must not know: what a log is for.

use std::io;
use std::sync::{Arc, Mutex};

use engine::ports::{SyncTarget, Targets};
use salesforce::FixedSecrets;
use serde_json::json;
use tracing_subscriber::fmt::MakeWriter;

use crate::odd_server::{Does, OddServer, answer, token};
use crate::support::{batch, clients, read, secret, settings};

/// Keeps what is logged.
#[derive(Clone, Default)]
struct Kept(Arc<Mutex<Vec<u8>>>);

impl Kept {
    fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }
}

impl io::Write for Kept {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl MakeWriter<'_> for Kept {
    type Writer = Self;

    fn make_writer(&self) -> Self {
        self.clone()
    }
}

#[tokio::test]
async fn neither_logs_nor_debug_output_show_a_canary() {
    let log = Kept::default();
    let subscriber = tracing_subscriber::fmt().with_max_level(tracing::Level::TRACE).with_writer(log.clone()).finish();
    let _guard = tracing::subscriber::set_default(subscriber);
    let secrets = Arc::new(FixedSecrets::new());
    secrets.put("sf/acme", secret("1", &json!({"client_id": "canary-id", "client_secret": "canary-secret"})));
    let refusal = answer(400, "", r#"{"error":"invalid_grant","error_description":"canary-description"}"#);
    let cut = Does::Answer("HTTP/1.1 500 Oh\r\ncontent-length: 99\r\n\r\ncanary-body".to_owned());
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let _server =
        OddServer::on(listener, vec![refusal, token("https://canary.example.com"), token(&url), cut, Does::Reset]);
    let clients = clients(&secrets);
    let client = clients.of(&read(&settings("acme", &url))).unwrap();

    for _ in 0..3 {
        client.login().await;
    }
    assert!(client.is_signed_in());
    for _ in 0..2 {
        client.upsert(batch([("canary-record", json!({"LastName": "canary-name"}))])).await;
    }

    let shown = format!("{}{client:?}{clients:?}{secrets:?}", log.text());
    assert!(shown.contains("the login brought no token"), "{shown}");
    assert!(shown.contains("invalid_grant"), "{shown}");
    assert!(shown.contains("instance_url is not used"), "{shown}");
    assert!(shown.contains("could not be read to its end"), "{shown}");
    assert!(shown.contains("no answer came"), "{shown}");
    assert!(!shown.contains("canary"), "{shown}");
}
