//! A person's request: its own item, and its place in the list of its connection's requests.
//!
//! Must not know: how a request is carried out.

use std::time::Duration;

use engine::ports::PortError;
use rules::ids::{ConnectionId, RequestId};
use rules::resync::Request;

use super::body::BODY;
use super::fields::{CURRENT_FORMAT, FORMAT, SK, expires, format, number};
use super::key::{self, ItemKey};
use super::{Fields, Item, body};

/// How long a request is kept after its end.
const KEPT: Duration = Duration::from_hours(24 * 30);

/// The request's item.
pub(crate) fn write(request: &Request) -> Item {
    let mut item = body::item(&key::request(&request.connection, &request.id), request);
    // The first version would take a deletion for a resync.
    item.insert(FORMAT.to_owned(), number(CURRENT_FORMAT));
    item.extend(request.ended.map(|ended| expires(ended + KEPT)));
    item
}

/// Its place in the list.
pub(crate) fn listed(request: &Request) -> Item {
    let mut item = key::request_listed(request).item();
    item.extend([format()]);
    item.extend(request.ended.map(|ended| expires(ended + KEPT)));
    item
}

/// Its text, by which a write knows that nobody else wrote meanwhile.
pub(crate) fn text_of(item: &Item) -> Result<&str, PortError> {
    Fields::of("the request", item)?.text(BODY)
}

/// Reads a request's item.
pub(crate) fn read(item: &Item) -> Result<Request, PortError> {
    body::read("the request", item)
}

/// The request at a place in the list of `connection`.
pub(crate) fn key_of(connection: &ConnectionId, listed: &Item) -> Result<ItemKey, PortError> {
    let id = |sk: &str| sk.split_once('#').and_then(|(_, id)| RequestId::new(id).ok());
    let id = Fields::of("the listed request", listed)?.parsed(SK, id)?;
    Ok(key::request(connection, &id))
}

#[cfg(test)]
#[path = "request_tests.rs"]
mod tests;
