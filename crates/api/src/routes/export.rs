//! Writing all failing records of a connection, without their payloads: as a stream that never holds more than one page, or in
//! parts that are whole each, for whoever carries no stream.
//!
//! A file is audited once, at its beginning, whether or not its reader comes for the other parts.
//!
//! Must not know: how records are found.

use std::sync::Arc;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{Extension, State};
use axum::http::{HeaderName, HeaderValue, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use engine::manage::{Deed, note};
use engine::overview::{Filter, Line, Place, list};
use engine::parts::Ports;
use engine::ports::{AuditAction, PortError, causes};
use futures::{StreamExt, TryStreamExt, future, stream};
use rules::connection::Connection;
use tracing::error;

use super::records::filter;
use super::settings;
use crate::caller::Caller;
use crate::cursor;
use crate::params::{Named, Params};
use crate::problem::Problem;
use crate::sheet;

/// The records of a page.
const PAGE: usize = 500;

/// The records of a part at most: with the longest messages and ids that is half of what Lambda carries.
const LARGEST_PART: usize = 2_000;

/// The listings of a part at most: a filter may find nothing for long.
const MOST_LISTINGS: usize = 20;

/// Says where the next part begins; not there at the end.
const NEXT: HeaderName = HeaderName::from_static("resync-next");

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
    let part = params.optional_number("limit", 1..=LARGEST_PART);
    let from = cursor(&mut params, &name, &filter, part.is_some());
    params.finish()?;
    let connection = settings(ports.as_ref(), &name).await?;
    if from.is_none() {
        let deed = Deed::of(caller.as_str(), AuditAction::Exported, filter.to_string());
        note(ports.as_ref(), Some(&connection), deed).await?;
    }
    let export = Export { ports, connection, filter, format };
    if let Some(most) = part {
        return Ok(export.part(from, most).await?);
    }
    // The first page is there before the answer begins, so that a store that fails is a problem and no broken file.
    let (first, next) = export.page(None).await?;
    let head = stream::once(future::ready(Ok(Bytes::from(format.head() + &first))));
    let body = Body::from_stream(head.chain(export.after(next)));
    Ok(([(header::CONTENT_TYPE, format.media_type())], body).into_response())
}

/// What the place of an export is good for. That of a list is not: only the first part of an export stands in the audit.
fn listing(connection: &str) -> String {
    format!("{connection} export")
}

/// Where a part begins, when it is not the first.
fn cursor(params: &mut Params, connection: &str, filter: &Filter, in_parts: bool) -> Option<Place> {
    let given = params.raw("cursor")?;
    if !in_parts {
        params.wrong("cursor", "is of a part", "say by `limit` how large a part may be");
    }
    let place = cursor::read(&given, &listing(connection), filter);
    if place.is_none() {
        let mend = "take `Resync-Next` of the part before, with the same parameters";
        params.wrong("cursor", "is not one of this listing", mend);
    }
    place
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

    /// The part from `from` on, with at most so many records. It may have fewer, or none, before the end.
    async fn part(&self, from: Option<Place>, most: usize) -> Result<Response, PortError> {
        let mut text = if from.is_none() { self.format.head() } else { String::new() };
        let (mut left, mut place, mut listings) = (most, from, 0);
        loop {
            let (ports, size) = (self.ports.as_ref(), left.min(PAGE));
            let page = list(ports, &self.connection, &self.filter, size, place.take()).await?;
            text.extend(page.records.iter().map(|line| self.format.line(line)));
            left = left.saturating_sub(page.records.len());
            (place, listings) = (page.next, listings + 1);
            if place.is_none() || left == 0 || listings == MOST_LISTINGS {
                break;
            }
        }
        let mut response = ([(header::CONTENT_TYPE, self.format.media_type())], text).into_response();
        if let Some(place) = place {
            let next = cursor::write(&place, &listing(self.connection.id.as_str()), &self.filter);
            response.headers_mut().insert(NEXT, HeaderValue::from_str(&next).expect("hexadecimal digits fit a header"));
        }
        Ok(response)
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
