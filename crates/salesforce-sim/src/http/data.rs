//! Salesforce's own routes: from method, path and body to an operation. It must not know the org's state.

use std::collections::HashMap;
use std::sync::Arc;

use axum::Form;
use axum::body::Bytes;
use axum::extract::rejection::FormRejection;
use axum::extract::{ConnectInfo, Query, State};
use axum::http::{HeaderMap, Method, Uri, header};
use axum::response::Response;
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use percent_encoding::percent_decode_str;

use crate::http::connection::Connection;
use crate::http::shell::Shell;
use crate::log::CallKind;
use crate::names::{ExternalId, FieldName, ObjectName};
use crate::org::errors::ApiError;
use crate::org::operation::{Collections, Get, Key, Operation, Write};
use crate::org::sessions::{LoginError, TokenForm};
use crate::org::versions::ApiVersion;
use crate::org::{Call, normal_id};

/// `POST /services/oauth2/token`.
pub(crate) async fn token(
    State(shell): State<Arc<Shell>>,
    ConnectInfo(connection): ConnectInfo<Connection>,
    headers: HeaderMap,
    form: Result<Form<TokenForm>, FormRejection>,
) -> Response {
    let with_client = |Form(form): Form<TokenForm>| match basic(&headers) {
        Some((client_id, client_secret)) => form.with_client(client_id, client_secret),
        None => form,
    };
    let form = form.map(with_client).map_err(|_| LoginError::unreadable());
    shell.serve(Call { operation: Operation::Token(form), token: None }, &connection).await
}

/// Everything else: `/services/data…`, or an address that does not exist.
pub(crate) async fn data(
    State(shell): State<Arc<Shell>>,
    ConnectInfo(connection): ConnectInfo<Connection>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    shell.receive(body.len() as u64);
    let operation = operation(&method, &uri, &body);
    shell.serve(Call { operation, token: bearer(&headers) }, &connection).await
}

fn bearer(headers: &HeaderMap) -> Option<String> {
    authorization(headers, "bearer").or_else(|| authorization(headers, "oauth"))
}

/// The client's id and secret, when they come in a `Basic` header.
fn basic(headers: &HeaderMap) -> Option<(String, String)> {
    let bytes = BASE64_STANDARD.decode(authorization(headers, "basic")?).ok()?;
    let (id, secret) = std::str::from_utf8(&bytes).ok()?.split_once(':')?;
    Some((id.to_owned(), secret.to_owned()))
}

fn authorization(headers: &HeaderMap, scheme: &str) -> Option<String> {
    let value = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (found, credentials) = value.split_once(' ')?;
    found.eq_ignore_ascii_case(scheme).then(|| credentials.trim().to_owned())
}

fn operation(method: &Method, uri: &Uri, body: &[u8]) -> Operation {
    let segments: Vec<String> = uri.path().split('/').filter(|segment| !segment.is_empty()).map(decoded).collect();
    let segments: Vec<&str> = segments.iter().map(String::as_str).collect();
    let ["services", "data", rest @ ..] = segments.as_slice() else {
        return unknown(ApiError::not_found());
    };
    let [version, resource @ ..] = rest else {
        return only(&Method::GET, method, || Operation::Versions);
    };
    match ApiVersion::read(version) {
        Some(version) => resource_operation(method, version, resource, uri, body),
        None => unknown(ApiError::not_found()),
    }
}

fn decoded(segment: &str) -> String {
    percent_decode_str(segment).decode_utf8_lossy().into_owned()
}

fn resource_operation(method: &Method, version: ApiVersion, resource: &[&str], uri: &Uri, body: &[u8]) -> Operation {
    match resource {
        [] => only(&Method::GET, method, || Operation::Resources(version)),
        ["limits"] => only(&Method::GET, method, || Operation::Limits),
        ["query"] => only(&Method::GET, method, || query(uri, version)),
        ["composite", "sobjects", object, field] if version.has_collection_upserts() => {
            only(&Method::PATCH, method, || collections(object, field, body))
        }
        ["sobjects", object] => only(&Method::POST, method, || {
            read(CallKind::Create, Write::read(ObjectName::from(*object), body), Operation::Create)
        }),
        ["sobjects", object, id] => by_id(method, version, object, id, uri, body),
        ["sobjects", object, field, value] => by_external_id(method, version, [object, field, value], uri, body),
        _ => unknown(ApiError::not_found()),
    }
}

fn unknown(error: ApiError) -> Operation {
    Operation::Invalid { kind: CallKind::Unknown, error }
}

fn only(allowed: &Method, method: &Method, operation: impl FnOnce() -> Operation) -> Operation {
    if method == allowed { operation() } else { unknown(ApiError::method_not_allowed()) }
}

fn read<T>(kind: CallKind, read: Result<T, ApiError>, operation: impl FnOnce(T) -> Operation) -> Operation {
    read.map_or_else(|error| Operation::Invalid { kind, error }, operation)
}

fn collections(object: &str, field: &str, body: &[u8]) -> Operation {
    let call = Collections::read(object.into(), field.into(), body);
    read(CallKind::Collections, call, Operation::Collections)
}

fn by_id(method: &Method, version: ApiVersion, object: &str, id: &str, uri: &Uri, body: &[u8]) -> Operation {
    let object = ObjectName::from(object);
    let id = normal_id(id);
    match *method {
        Method::GET => get(object, Key::Id(id), version, uri),
        Method::DELETE => Operation::Delete { object, id },
        Method::PATCH => read(CallKind::Update, Write::read(object, body), |write| Operation::Update { write, id }),
        _ => unknown(ApiError::method_not_allowed()),
    }
}

fn by_external_id(method: &Method, version: ApiVersion, path: [&str; 3], uri: &Uri, body: &[u8]) -> Operation {
    let [object, field, value] = path;
    let (object, field, value) = (ObjectName::from(object), FieldName::from(field), ExternalId::from(value));
    match *method {
        Method::GET => get(object, Key::External(field, value), version, uri),
        Method::PATCH => {
            let write = Write::read_upsert(object, &field, value, body);
            read(CallKind::Upsert, write, |write| Operation::Upsert { write, field, version })
        }
        _ => unknown(ApiError::method_not_allowed()),
    }
}

fn get(object: ObjectName, key: Key, version: ApiVersion, uri: &Uri) -> Operation {
    let fields = parameter(uri, "fields").map(|names| names.split(',').map(|name| name.trim().into()).collect());
    Operation::Get(Get { object, key, fields, version })
}

fn query(uri: &Uri, version: ApiVersion) -> Operation {
    let Some(soql) = parameter(uri, "q") else {
        let error = ApiError::bad_request("MALFORMED_QUERY", "the parameter q is missing");
        return Operation::Invalid { kind: CallKind::Query, error };
    };
    Operation::Query { soql, version }
}

fn parameter(uri: &Uri, name: &str) -> Option<String> {
    let Query(mut parameters) = Query::<HashMap<String, String>>::try_from_uri(uri).ok()?;
    parameters.remove(name)
}
