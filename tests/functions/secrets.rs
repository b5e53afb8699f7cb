//! A Secrets Manager with one secret for each connection.
//!
//! Must not know: who signs in with it.

use std::net::SocketAddr;

use axum::http::StatusCode;
use serde_json::{Value, json};

use super::json_service::serve_operation;

/// A part of the secret that must be seen nowhere.
pub(crate) const CLIENT_SECRET: &str = "sim-secret";

/// Where it listens.
pub(crate) async fn start() -> SocketAddr {
    serve_operation("secretsmanager.GetSecretValue", |request| get(&request)).await
}

fn get(request: &Value) -> (StatusCode, Value) {
    let name = request["SecretId"].as_str().unwrap();
    if !name.starts_with("resync/") {
        return (
            StatusCode::BAD_REQUEST,
            json!({"__type": "ResourceNotFoundException", "Message": "there is no such secret"}),
        );
    }
    let text = json!({"client_id": "sim-client", "client_secret": CLIENT_SECRET}).to_string();
    let arn = format!("arn:aws:secretsmanager:us-east-1:123456789012:secret:{name}");
    (StatusCode::OK, json!({"ARN": arn, "Name": name, "VersionId": "v-1", "SecretString": text}))
}
