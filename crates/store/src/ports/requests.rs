//! What people ask to be retried now. A request, its place in the list, the control item that owes it and the audit's entry are
//! written together.
//!
//! Must not know: how a request is carried out.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::{Put, TransactWriteItem};
use engine::ports::{AuditEntry, Clock, Controls, KeptRequest, PortError, Requests, Saved};
use rules::control::Control;
use rules::ids::{ConnectionId, RequestId};
use rules::resync::Request;

use super::listing::Order;
use super::revised::Revised;
use super::transaction::{Transacted, put};
use super::{ALL_OLD, DynamoStore};
use crate::backoff::Backoff;
use crate::items::body::{self, BODY, REVISION};
use crate::items::fields::{PK, number, text};
use crate::items::{audit, key, request};

const KEEPING: &str = "keeping a request";
const READING: &str = "reading a request";
const LISTING: &str = "listing the requests";
const WRITING: &str = "writing a request";

/// The place of a new request's own item among the writes that keep it.
const REQUEST: usize = 0;

impl<C: Clock> Requests for DynamoStore<C> {
    async fn keep_request(
        &self,
        request: &Request,
        owing: &Control,
        expected: u64,
        audit: &AuditEntry,
    ) -> Result<KeptRequest, PortError> {
        let mut items = vec![new(&self.table, request), owed(&self.table, &request.connection, owing, expected)];
        let beside = std::iter::once(request::listed(request)).chain(audit::write(audit));
        items.extend(beside.map(|item| put(&self.table, item)));
        let gone = || PortError::unavailable(KEEPING, "the request that was there is gone");
        match self.transact(KEEPING, items).await? {
            Transacted::Done => Ok(KeptRequest::New),
            Transacted::Refused(REQUEST, found) => {
                let known = match found {
                    Some(item) => Some(request::read(&item)?),
                    None => self.request(&request.connection, &request.id).await?,
                };
                known.map(|known| KeptRequest::Known(Box::new(known))).ok_or_else(gone)
            }
            Transacted::Refused(_, found) => {
                let current = match found {
                    Some(item) => body::read(Control::KIND, &item)?,
                    None => self.control(&request.connection).await?,
                };
                Ok(KeptRequest::Overtaken(Box::new(current)))
            }
        }
    }

    async fn request(&self, connection: &ConnectionId, id: &RequestId) -> Result<Option<Request>, PortError> {
        self.get(READING, &key::request(connection, id)).await?.as_ref().map(request::read).transpose()
    }

    async fn requests_named(&self, connection: &ConnectionId, ids: &[RequestId]) -> Result<Vec<Request>, PortError> {
        let keys = ids.iter().map(|id| key::request(connection, id)).collect();
        self.items(READING, keys).await?.iter().map(request::read).collect()
    }

    async fn requests(&self, connection: &ConnectionId, limit: usize) -> Result<Vec<Request>, PortError> {
        let listed = self.partition(LISTING, &key::requests(connection), Order::LastToFirst, limit).await?;
        let keys = listed.iter().map(|item| request::key_of(connection, item)).collect::<Result<Vec<_>, _>>()?;
        let items = self.items(LISTING, keys.clone()).await?;
        let requests = items.iter().map(request::read).collect::<Result<Vec<_>, _>>()?;
        let mut requests: HashMap<_, _> = requests.into_iter().map(|one| (one.id.to_string(), one)).collect();
        Ok(keys.iter().filter_map(|key| requests.remove(&key.sk)).collect())
    }

    async fn change_request(&self, before: &Request, after: &Request) -> Result<Saved<Option<Request>>, PortError> {
        let key = key::request(&before.connection, &before.id);
        let mut backoff = Backoff::new(before.id.as_str());
        loop {
            let item = self.get(WRITING, &key).await?;
            let there = item.as_ref().map(request::read).transpose()?;
            // Our own write may have been done, and only its reply lost.
            if there.as_ref() == Some(after) {
                return Ok(Saved::Done);
            }
            let Some(item) = item.filter(|_| there.as_ref() == Some(before)) else {
                return Ok(Saved::Conflict(there));
            };
            let writes =
                vec![unchanged(&self.table, request::text_of(&item)?, after), put(&self.table, request::listed(after))];
            match self.transact(WRITING, writes).await? {
                Transacted::Done => return Ok(Saved::Done),
                Transacted::Refused(..) => self.pause(WRITING, &mut backoff).await?,
            }
        }
    }
}

/// The put of a request over the one whose text was read.
pub(super) fn unchanged(table: &str, read: &str, after: &Request) -> TransactWriteItem {
    let put = Put::builder()
        .table_name(table)
        .set_item(Some(request::write(after)))
        .condition_expression("#d = :read")
        .expression_attribute_names("#d", BODY)
        .expression_attribute_values(":read", text(read))
        .return_values_on_condition_check_failure(ALL_OLD)
        .build();
    TransactWriteItem::builder().put(put.expect("the table and the item are set")).build()
}

/// The put of a request that is not there yet.
fn new(table: &str, request: &Request) -> TransactWriteItem {
    let put = Put::builder()
        .table_name(table)
        .set_item(Some(request::write(request)))
        .condition_expression("attribute_not_exists(#pk)")
        .expression_attribute_names("#pk", PK)
        .return_values_on_condition_check_failure(ALL_OLD)
        .build();
    TransactWriteItem::builder().put(put.expect("the table and the item are set")).build()
}

/// The put of the control item that owes the request, over the one that was read.
pub(super) fn owed(table: &str, connection: &ConnectionId, owing: &Control, expected: u64) -> TransactWriteItem {
    let put = Put::builder().table_name(table);
    let put = put.set_item(Some(body::revised(&key::control(connection), owing, owing.revision)));
    let put = match expected {
        0 => put.condition_expression("attribute_not_exists(#r)"),
        _ => put.condition_expression("#r = :expected").expression_attribute_values(":expected", number(expected)),
    };
    let put = put.expression_attribute_names("#r", REVISION).return_values_on_condition_check_failure(ALL_OLD);
    TransactWriteItem::builder().put(put.build().expect("the table and the item are set")).build()
}
