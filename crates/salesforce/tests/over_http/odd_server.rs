//! A server that answers each connection as the test says, whatever the request, and keeps what it received.
//!
//! Must not know: HTTP beyond the length of a body, Salesforce.

use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// What it does with a request.
#[derive(Clone, Debug)]
pub(crate) enum Does {
    /// Answers with this text, byte for byte, and closes.
    Answer(String),
    /// Resets the connection once it has received the whole request.
    Reset,
    /// Keeps still until the client goes away.
    KeepStill,
}

/// A running server.
pub(crate) struct OddServer {
    pub(crate) url: String,
    received: Arc<Mutex<Vec<String>>>,
}

impl OddServer {
    /// Starts it: the first connection meets the first of `does`, and so on; the last is met by all that follow.
    pub(crate) async fn start(does: Vec<Does>) -> Self {
        Self::on(TcpListener::bind("127.0.0.1:0").await.unwrap(), does)
    }

    /// Starts it on this port.
    pub(crate) fn on(listener: TcpListener, does: Vec<Does>) -> Self {
        let url = format!("http://{}", listener.local_addr().unwrap());
        let received = Arc::new(Mutex::new(Vec::new()));
        tokio::spawn(serve(listener, does, Arc::clone(&received)));
        Self { url, received }
    }

    /// The requests so far, heads and bodies.
    pub(crate) fn received(&self) -> Vec<String> {
        self.received.lock().unwrap().clone()
    }
}

/// An answer with a length that fits its body.
pub(crate) fn answer(status: u16, headers: &str, body: &str) -> Does {
    Does::Answer(format!(
        "HTTP/1.1 {status} Said\r\n{headers}content-length: {}\r\nconnection: close\r\n\r\n{body}",
        body.len()
    ))
}

/// A token for the org at `instance_url`.
pub(crate) fn token(instance_url: &str) -> Does {
    let body =
        serde_json::json!({"access_token": "canary-token", "instance_url": instance_url, "token_type": "Bearer"});
    answer(200, "content-type: application/json\r\n", &body.to_string())
}

async fn serve(listener: TcpListener, does: Vec<Does>, received: Arc<Mutex<Vec<String>>>) {
    let mut left = does.iter();
    let mut current = left.next();
    while let Ok((mut stream, _)) = listener.accept().await {
        let request = read(&mut stream).await;
        received.lock().unwrap().push(request);
        meet(stream, current.expect("a server does something")).await;
        current = left.next().or(current);
    }
}

async fn meet(mut stream: TcpStream, does: &Does) {
    match does {
        Does::Answer(text) => {
            // The client may stop reading, and so reset the connection, once it has seen enough.
            let written = stream.write_all(text.as_bytes()).await;
            drop(written);
        }
        Does::Reset => stream.set_zero_linger().unwrap(),
        Does::KeepStill => {
            let mut rest = Vec::new();
            let end = stream.read_to_end(&mut rest).await;
            drop(end);
        }
    }
}

async fn read(stream: &mut TcpStream) -> String {
    let mut bytes = Vec::new();
    while !is_whole(&bytes) {
        if stream.read_buf(&mut bytes).await.unwrap() == 0 {
            break;
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// The first byte of a TLS handshake, which is not waited for: no request follows it in the clear.
const TLS_HANDSHAKE: u8 = 0x16;

fn is_whole(bytes: &[u8]) -> bool {
    if bytes.first() == Some(&TLS_HANDSHAKE) {
        return true;
    }
    let text = String::from_utf8_lossy(bytes).to_ascii_lowercase();
    let Some((head, body)) = text.split_once("\r\n\r\n") else { return false };
    let length = head.lines().find_map(|line| line.strip_prefix("content-length:")?.trim().parse().ok());
    body.len() >= length.unwrap_or(0)
}
