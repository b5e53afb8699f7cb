//! Writing all failing records of a connection, without their payloads, as a stream that never holds more than one page.
//!
//! Must not know: how records are found.

use std::sync::Arc;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{Extension, State};
use axum::http::header;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use engine::manage::{Deed, note};
use engine::overview::{Filter, Line, Place, list};
use engine::parts::Ports;
use engine::ports::{AuditAction, PortError};
use futures::{StreamExt, TryStreamExt, future, stream};
use rules::connection::Connection;
use tracing::error;

use super::records::filter;
use super::settings;
use crate::caller::Caller;
use crate::params::{Named, Params};
use crate::problem::{Problem, causes};
use crate::sheet;

/// The records of a page.
const PAGE: usize = 500;

pub(super) fn routes<P: Ports + 'static>() -> Router<Arc<P>> {
    Router::new().route("/v1/connections/{connection}/export", get(export::<P>))
}

#[derive(Clone, Copy)]
enum Format {
    Csv,
    Jsonl,
}

impl Format {
    fn read(params: &mut Params) -> Self {
        match params.raw("format").as_deref() {
            None | Some("csv") => Self::Csv,
            Some("jsonl") => Self::Jsonl,
            Some(_) => {
                params.wrong("format", "is not a format that is known", "write csv or jsonl");
                Self::Csv
            }
        }
    }

    fn media_type(self) -> &'static str {
        match self {
            Self::Csv => "text/csv; charset=utf-8; header=present",
            Self::Jsonl => "application/jsonl",
        }
    }

    fn head(self) -> String {
        match self {
            Self::Csv => sheet::head(),
            Self::Jsonl => String::new(),
        }
    }

    fn line(self, line: &Line) -> String {
        match self {
            Self::Csv => sheet::line(line),
            Self::Jsonl => {
                let json = serde_json::to_string(line).expect("a line has no map with keys that are not texts");
                json + "\n"
            }
        }
    }
}

async fn export<P: Ports + 'static>(
    State(ports): State<Arc<P>>,
    Extension(caller): Extension<Caller>,
    Named(name): Named<String>,
    mut params: Params,
) -> Result<Response, Problem> {
    let filter = filter(&mut params);
    let format = Format::read(&mut params);
    params.finish()?;
    let connection = settings(ports.as_ref(), &name).await?;
    let deed = Deed::of(caller.as_str(), AuditAction::Exported, subject(&filter));
    note(ports.as_ref(), Some(&connection), deed).await?;
    let export = Export { ports, connection, filter, format };
    // The first page is there before the answer begins, so that a store that fails is a problem and no broken file.
    let (first, next) = export.page(None).await?;
    let head = stream::once(future::ready(Ok(Bytes::from(format.head() + &first))));
    let body = Body::from_stream(head.chain(export.after(next)));
    Ok(([(header::CONTENT_TYPE, format.media_type())], body).into_response())
}

fn subject(filter: &Filter) -> String {
    serde_json::to_string(filter).expect("a filter has no map with keys that are not texts")
}

struct Export<P> {
    ports: Arc<P>,
    connection: Connection,
    filter: Filter,
    format: Format,
}

impl<P: Ports + 'static> Export<P> {
    async fn page(&self, from: Option<Place>) -> Result<(String, Option<Place>), PortError> {
        let page = list(self.ports.as_ref(), &self.connection, &self.filter, PAGE, from).await?;
        Ok((page.records.iter().map(|line| self.format.line(line)).collect(), page.next))
    }

    /// The pages from `place` on. When the store fails midway the answer breaks off, which its reader notices.
    fn after(self, place: Option<Place>) -> impl futures::Stream<Item = Result<Bytes, PortError>> + Send {
        let id = self.connection.id.clone();
        let pages = stream::try_unfold((self, place), |(export, place)| async move {
            let Some(place) = place else { return Ok(None) };
            let (text, next) = export.page(Some(place)).await?;
            Ok(Some((Bytes::from(text), (export, next))))
        });
        pages.inspect_err(move |failure| error!(connection = %id, problem = %causes(failure), "an export broke off"))
    }
}
