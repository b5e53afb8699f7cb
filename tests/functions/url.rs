//! Requests to the function URL, as Lambda delivers them (payload format 2.0,
//! <https://docs.aws.amazon.com/lambda/latest/dg/urls-invocation.html#urls-payloads>), and its answers.
//!
//! Must not know: routes.

use serde_json::{Value, json};

use super::process::{Binary, Function};
use super::world::World;

/// Who may act: a role, and a user.
pub(super) const OPERATORS: &str = "arn:aws:iam::111122223333:role/Operators,arn:aws:iam::111122223333:user/opal";

/// Who may read: the users of support.
pub(super) const VIEWERS: &str = "arn:aws:iam::111122223333:user/support/*";

/// The operator who is a user.
pub(crate) const OPERATOR: &str = "arn:aws:iam::111122223333:user/opal";

/// An operator who has assumed the role.
pub(super) const ADA: &str = "arn:aws:sts::111122223333:assumed-role/Operators/ada";

/// A viewer.
pub(super) const VIC: &str = "arn:aws:iam::111122223333:user/support/vic";

/// The function behind the URL of a system.
pub(super) struct Url(pub(super) Function);

/// An answer of the function URL.
#[derive(Debug)]
pub(super) struct Answered {
    pub(super) status: u64,
    pub(super) headers: Value,
    /// The body; as JSON where it is some.
    pub(super) body: Value,
}

impl Url {
    /// Starts it.
    pub(super) async fn of(world: &World) -> Self {
        Self(world.function(Binary::Api).await)
    }

    /// Invokes it with an event.
    pub(super) async fn deliver(&mut self, event: Value) -> Answered {
        let answer = self.0.invoke(event).await;
        assert_eq!(answer["isBase64Encoded"], false, "{answer}");
        let text = answer["body"].as_str().unwrap_or_default();
        let body = serde_json::from_str(text).unwrap_or_else(|_| Value::from(text));
        Answered { status: answer["statusCode"].as_u64().unwrap(), headers: answer["headers"].clone(), body }
    }

    /// A request without a body, by `who`.
    pub(super) async fn get(&mut self, who: &str, path: &str) -> Answered {
        self.deliver(event(Some(who), "GET", path, None)).await
    }

    /// A request with a body of JSON, by `who`.
    pub(super) async fn send(&mut self, who: &str, method: &str, path: &str, body: &Value) -> Answered {
        self.deliver(event(Some(who), method, path, Some(&body.to_string()))).await
    }

    /// Ends it, and gives all that it logged.
    pub(super) async fn log(self) -> String {
        self.0.log().await
    }
}

/// A request signed by `who`, or by nobody.
pub(crate) fn event(who: Option<&str>, method: &str, path: &str, body: Option<&str>) -> Value {
    let (path, query) = path.split_once('?').unwrap_or((path, ""));
    let host = "abc123.lambda-url.us-east-1.on.aws";
    let mut headers = json!({
        "host": host, "x-forwarded-proto": "https", "x-forwarded-port": "443", "x-forwarded-for": "192.0.2.7",
        "x-amzn-trace-id": "Root=1-64a1b2c3-0123456789abcdef01234567", "accept": "*/*", "user-agent": "resync",
    });
    if body.is_some() {
        headers["content-type"] = json!("application/json");
    }
    let iam = |arn: &str| {
        json!({ "iam": {
            "accessKey": "ASIAEXAMPLE", "accountId": "111122223333", "callerId": "AROAEXAMPLE:session", "cognitoIdentity": null,
            "principalOrgId": "o-example", "userArn": arn, "userId": "AROAEXAMPLE:session",
        }})
    };
    let mut context = json!({
        "accountId": "111122223333", "apiId": "abc123", "domainName": host, "domainPrefix": "abc123",
        "http": {
            "method": method, "path": path, "protocol": "HTTP/1.1", "sourceIp": "192.0.2.7", "userAgent": "resync"
        },
        "requestId": "e1506fd5-9e7b-434f-bd42-4f8fa224b599", "routeKey": "$default", "stage": "$default",
        "time": "02/Mar/2026:09:30:00 +0000", "timeEpoch": 1_772_443_800_000_u64,
    });
    if let Some(arn) = who {
        context["authorizer"] = iam(arn);
    }
    json!({
        "version": "2.0", "routeKey": "$default", "rawPath": path, "rawQueryString": query, "headers": headers,
        "requestContext": context, "body": body, "isBase64Encoded": false,
    })
}
