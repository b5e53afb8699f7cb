//! An HTTP client between the SDK and a table that counts what each request costs: the requests themselves, and the read units
//! that the table says they took.
//!
//! Must not know: who asks, or why.

use std::sync::{Arc, Mutex};

use aws_sdk_dynamodb::config::RuntimeComponents;
use aws_sdk_dynamodb::config::http::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpClient, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_types::body::SdkBody;
use aws_smithy_types::byte_stream::ByteStream;
use serde_json::{Value, json};

/// The operations that take read units.
const READS: [&str; 4] = [".Query", ".GetItem", ".BatchGetItem", ".Scan"];

/// What requests took.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Cost {
    pub(crate) requests: usize,
    /// Requests that may write.
    pub(crate) writes: usize,
    pub(crate) units: f64,
}

/// The client. All clones share the count.
#[derive(Clone, Debug)]
pub(crate) struct Counting {
    inner: SharedHttpClient,
    cost: Arc<Mutex<Cost>>,
}

impl Counting {
    /// A client that passes everything on to `inner`.
    pub(crate) fn of(inner: SharedHttpClient) -> Self {
        Self { inner, cost: Arc::default() }
    }

    /// What was asked since this was called last.
    pub(crate) fn take(&self) -> Cost {
        std::mem::take(&mut self.cost.lock().unwrap())
    }
}

impl HttpClient for Counting {
    fn http_connector(&self, settings: &HttpConnectorSettings, components: &RuntimeComponents) -> SharedHttpConnector {
        let inner = self.inner.http_connector(settings, components);
        SharedHttpConnector::new(Counter { inner, cost: Arc::clone(&self.cost) })
    }
}

#[derive(Clone, Debug)]
struct Counter {
    inner: SharedHttpConnector,
    cost: Arc<Mutex<Cost>>,
}

impl Counter {
    fn count(&self, one: Cost) {
        let mut cost = self.cost.lock().unwrap();
        cost.requests += one.requests;
        cost.writes += one.writes;
        cost.units += one.units;
    }

    async fn pass(self, mut request: HttpRequest) -> Result<HttpResponse, ConnectorError> {
        let target = request.headers().get("x-amz-target").unwrap_or_default().to_owned();
        if !READS.iter().any(|read| target.ends_with(read)) {
            self.count(Cost { requests: 1, writes: 1, units: 0.0 });
            return self.inner.call(request).await;
        }
        let mut asked: Value = serde_json::from_slice(request.body().bytes().unwrap()).unwrap();
        asked["ReturnConsumedCapacity"] = json!("TOTAL");
        let text = asked.to_string();
        request.headers_mut().insert("content-length", text.len().to_string());
        *request.body_mut() = SdkBody::from(text);
        let mut reply = self.inner.call(request).await?;
        let body = ByteStream::new(std::mem::replace(reply.body_mut(), SdkBody::empty())).collect().await;
        let bytes = body.map_err(|error| ConnectorError::io(error.into()))?.into_bytes();
        let answered: Value = serde_json::from_slice(&bytes).unwrap();
        self.count(Cost { requests: 1, writes: 0, units: units(&answered["ConsumedCapacity"]) });
        *reply.body_mut() = SdkBody::from(bytes);
        Ok(reply)
    }
}

/// One figure, or one for each table. A request whose answer has none would be measured as free.
fn units(consumed: &Value) -> f64 {
    match consumed {
        Value::Array(tables) => tables.iter().map(units).sum(),
        one => one["CapacityUnits"].as_f64().expect("the table says what a request took"),
    }
}

impl HttpConnector for Counter {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        HttpConnectorFuture::new(self.clone().pass(request))
    }
}
