//! The way when no `resync local` runs: the same router, called in this process, which holds the directory's lock meanwhile.
//!
//! Must not know: what is asked for.

use std::path::Path;

use anyhow::Context;
use axum::Router;
use axum::body::{Body, BodyDataStream, Bytes};
use axum::http::Request;
use axum::http::header::CONTENT_TYPE;
use futures::TryStreamExt;
use tower::ServiceExt;

use super::{Answer, Chunks, NAME, Question, next_page};
use crate::exit::Failure;
use crate::local::System;

/// The router, and the system that it stands on.
pub(super) struct InProcess {
    router: Router,
    system: Box<System>,
}

impl InProcess {
    pub(super) fn over(system: Box<System>) -> Self {
        Self { router: system.router(), system }
    }

    pub(super) async fn send(&self, question: &Question<'_>) -> Result<Answer, Failure> {
        let path = question.route.as_str();
        let mut request = Request::builder().method(question.method.clone()).uri(path);
        if let Some(name) = question.name {
            request = request.header(NAME, name);
        }
        let request = match question.body {
            Some(body) => request.header(CONTENT_TYPE, "application/json").body(Body::from(body.to_string())),
            None => request.body(Body::empty()),
        };
        let request = request.with_context(|| format!("asking for {path}"))?;
        let Ok(response) = self.router.clone().oneshot(request).await;
        let (parts, body) = response.into_parts();
        Ok(Answer {
            status: parts.status,
            next: next_page(&parts.headers),
            body: Chunks::InProcess(body.into_data_stream()),
        })
    }

    /// The directory.
    pub(super) fn directory(&self) -> &Path {
        self.system.path()
    }

    pub(super) fn is_for_looking_only(&self) -> bool {
        self.system.is_for_looking_only()
    }

    pub(super) async fn close(self) -> Result<(), Failure> {
        drop(self.router);
        self.system.close().await
    }
}

pub(super) async fn next(body: &mut BodyDataStream) -> Result<Option<Bytes>, Failure> {
    Ok(body.try_next().await.context("reading the answer")?)
}
