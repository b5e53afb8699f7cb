//! An HTTP client between the SDK and the local table that breaks requests as the cloud does: throttling, keys not
//! processed, statements refused one by one, replies lost.
//!
//! Must not know: what the store does about it.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex};

use aws_sdk_dynamodb::config::RuntimeComponents;
use aws_sdk_dynamodb::config::http::{HttpRequest, HttpResponse};

use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_types::body::SdkBody;
use aws_smithy_types::byte_stream::ByteStream;
use serde_json::{Value, json};

/// What happens to one request.
#[derive(Clone, Debug)]
pub(crate) enum Fault {
    /// It takes effect, but its reply is lost.
    ReplyLost,
    /// It is refused as a whole with this error, and takes no effect.
    Refused(&'static str),
    /// Of a batch of reads, only the first so many keys are processed.
    OnlyKeys(usize),
    /// Of a batch of statements, all but the first so many are refused with this code, and take no effect.
    OnlyStatements(usize, &'static str),
    /// A query's page ends after so many items, although there are more.
    ShortPage(usize),
    /// The items that failed conditions are left out of the reply.
    ItemsLeftOut,
}

/// The client. All clones share the plan and the record.
#[derive(Clone, Debug)]
pub(crate) struct Faulty {
    inner: SharedHttpConnector,
    shared: Arc<Mutex<Shared>>,
}

#[derive(Debug, Default)]
struct Shared {
    plans: HashMap<&'static str, VecDeque<Fault>>,
    seen: Vec<String>,
}

impl Default for Faulty {
    fn default() -> Self {
        let inner = aws_smithy_http_client::Connector::builder().build_http();
        Self { inner: SharedHttpConnector::new(inner), shared: Arc::default() }
    }
}

impl Faulty {
    /// Breaks the next requests of `operation`, one after another.
    pub(crate) fn plan(&self, operation: &'static str, faults: impl IntoIterator<Item = Fault>) {
        self.shared.lock().unwrap().plans.entry(operation).or_default().extend(faults);
    }

    /// How many requests of `operation` were made.
    pub(crate) fn seen(&self, operation: &str) -> usize {
        self.shared.lock().unwrap().seen.iter().filter(|seen| *seen == operation).count()
    }

    fn next(&self, request: &HttpRequest) -> Option<Fault> {
        let target = request.headers().get("x-amz-target").unwrap_or_default();
        let operation = target.rsplit('.').next().unwrap_or_default();
        let mut shared = self.shared.lock().unwrap();
        shared.seen.push(operation.to_owned());
        shared.plans.get_mut(operation).and_then(VecDeque::pop_front)
    }

    async fn pass(self, request: HttpRequest) -> Result<HttpResponse, ConnectorError> {
        match self.next(&request) {
            None => self.inner.call(request).await,
            Some(Fault::ReplyLost) => {
                self.inner.call(request).await?;
                Err(ConnectorError::timeout("the reply was lost".into()))
            }
            Some(Fault::Refused(code)) => Ok(refusal(code)),
            Some(Fault::OnlyKeys(count)) => self.only_keys(request, count).await,
            Some(Fault::OnlyStatements(count, code)) => self.only_statements(request, count, code).await,
            Some(Fault::ShortPage(count)) => self.short_page(request, count).await,
            Some(Fault::ItemsLeftOut) => self.items_left_out(request).await,
        }
    }

    async fn only_keys(&self, mut request: HttpRequest, count: usize) -> Result<HttpResponse, ConnectorError> {
        let mut body = json_of(&request);
        let mut unread = serde_json::Map::new();
        for (table, wanted) in body["RequestItems"].as_object_mut().unwrap() {
            let rest = wanted["Keys"].as_array_mut().unwrap().split_off(count);
            unread.insert(table.clone(), json!({ "Keys": rest, "ConsistentRead": true }));
        }
        set(&mut request, &body);
        let mut reply = self.json_reply(request).await?;
        reply["UnprocessedKeys"] = Value::Object(unread);
        Ok(answer(200, &reply))
    }

    async fn only_statements(
        &self,
        mut request: HttpRequest,
        count: usize,
        code: &str,
    ) -> Result<HttpResponse, ConnectorError> {
        let mut body = json_of(&request);
        let refused = body["Statements"].as_array_mut().unwrap().split_off(count).len();
        set(&mut request, &body);
        let mut reply = if count == 0 { json!({ "Responses": [] }) } else { self.json_reply(request).await? };
        let error = json!({ "Error": { "Code": code, "Message": "refused" } });
        reply["Responses"].as_array_mut().unwrap().extend(vec![error; refused]);
        Ok(answer(200, &reply))
    }

    async fn short_page(&self, mut request: HttpRequest, count: usize) -> Result<HttpResponse, ConnectorError> {
        let mut body = json_of(&request);
        body["Limit"] = count.into();
        set(&mut request, &body);
        self.inner.call(request).await
    }

    async fn items_left_out(&self, request: HttpRequest) -> Result<HttpResponse, ConnectorError> {
        let mut reply = self.json_reply(request).await?;
        for response in reply["Responses"].as_array_mut().unwrap() {
            if let Some(error) = response.get_mut("Error").and_then(Value::as_object_mut) {
                error.remove("Item");
            }
        }
        Ok(answer(200, &reply))
    }

    async fn json_reply(&self, request: HttpRequest) -> Result<Value, ConnectorError> {
        let body = self.inner.call(request).await?.into_body();
        let bytes = ByteStream::new(body).collect().await.map_err(|error| ConnectorError::io(error.into()))?;
        Ok(serde_json::from_slice(&bytes.into_bytes()).unwrap())
    }
}

fn json_of(request: &HttpRequest) -> Value {
    serde_json::from_slice(request.body().bytes().unwrap()).unwrap()
}

fn set(request: &mut HttpRequest, body: &Value) {
    let text = body.to_string();
    request.headers_mut().insert("content-length", text.len().to_string());
    *request.body_mut() = SdkBody::from(text);
}

fn refusal(code: &str) -> HttpResponse {
    answer(400, &json!({ "__type": format!("com.amazonaws.dynamodb.v20120810#{code}"), "message": "refused" }))
}

fn answer(status: u16, body: &Value) -> HttpResponse {
    HttpResponse::new(status.try_into().unwrap(), SdkBody::from(body.to_string()))
}

impl HttpConnector for Faulty {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        HttpConnectorFuture::new(self.clone().pass(request))
    }
}

impl HttpClient for Faulty {
    fn http_connector(&self, _: &HttpConnectorSettings, _: &RuntimeComponents) -> SharedHttpConnector {
        SharedHttpConnector::new(self.clone())
    }
}
