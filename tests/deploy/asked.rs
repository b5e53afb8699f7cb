//! What each binary asks AWS for. `functions/asking.rs` holds this list to what the real binaries ask for, request by request.
//!
//! Must not know: what is granted.

/// An action of IAM, and what it is done to: a resource of the template, an index of the table, or `secrets`.
pub(crate) type Asked = (&'static str, &'static str);

/// What ingest asks for.
const INGEST: &[Asked] = &[
    ("dynamodb:BatchGetItem", "Table"),
    ("dynamodb:DeleteItem", "Table"),
    ("dynamodb:GetItem", "Table"),
    ("dynamodb:PutItem", "Table"),
    ("dynamodb:Query", "Table"),
    ("dynamodb:UpdateItem", "Table"),
    ("events:PutEvents", "EventBus"),
];

/// What a run asks for, whichever function carries it out: each makes up for what an earlier run owes, of whatever kind.
const RUN: &[Asked] = &[
    ("dynamodb:BatchGetItem", "Table"),
    ("dynamodb:GetItem", "Table"),
    ("dynamodb:PartiQLDelete", "Table"),
    ("dynamodb:PartiQLUpdate", "Table"),
    ("dynamodb:PutItem", "Table"),
    ("dynamodb:Query", "Table"),
    ("dynamodb:Query", "Table/index/by-age"),
    ("dynamodb:Query", "Table/index/by-next-attempt"),
    ("dynamodb:UpdateItem", "Table"),
    ("events:PutEvents", "EventBus"),
    ("secretsmanager:GetSecretValue", "secrets"),
];

/// What the routes ask for. They write no outcomes, and so no `PartiQL`.
const API: &[Asked] = &[
    ("dynamodb:BatchGetItem", "Table"),
    ("dynamodb:DeleteItem", "Table"),
    ("dynamodb:GetItem", "Table"),
    ("dynamodb:PutItem", "Table"),
    ("dynamodb:Query", "Table"),
    ("dynamodb:Query", "Table/index/by-age"),
    ("dynamodb:Query", "Table/index/by-next-attempt"),
    ("dynamodb:UpdateItem", "Table"),
    ("events:PutEvents", "EventBus"),
    ("secretsmanager:GetSecretValue", "secrets"),
];

/// What this binary asks for.
pub(crate) fn asked_by(binary: &str) -> &'static [Asked] {
    match binary {
        "ingest" => INGEST,
        "retry-due" | "retry-timed-out" | "retry-recent" | "retry-requested" => RUN,
        "api" => API,
        _ => panic!("there is no binary {binary}"),
    }
}
