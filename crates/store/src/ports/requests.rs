//! What people ask to be retried now. A request and its place in the list are written together.
//!
//! Must not know: how a request is carried out.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::{Put, TransactWriteItem};
use engine::ports::{Clock, KeptRequest, PortError, Requests};
use rules::ids::{ConnectionId, RequestId};
use rules::resync::Request;

use super::listing::Order;
use super::transaction::{Transacted, put};
use super::{ALL_OLD, DynamoStore};
use crate::items::fields::PK;
use crate::items::{key, request};

const KEEPING: &str = "keeping a request";
const READING: &str = "reading a request";
const LISTING: &str = "listing the requests";
const WRITING: &str = "writing a request";

impl<C: Clock> Requests for DynamoStore<C> {
    async fn keep_request(&self, request: &Request) -> Result<KeptRequest, PortError> {
        let items = vec![new(&self.table, request), put(&self.table, request::listed(request))];
        let found = match self.transact(KEEPING, items).await? {
            Transacted::Done => return Ok(KeptRequest::New),
            Transacted::Refused(Some(item)) => Some(request::read(&item)?),
            Transacted::Refused(None) => self.request(&request.connection, &request.id).await?,
        };
        let gone = || PortError::unavailable(KEEPING, "the request that was there is gone");
        found.map(|known| KeptRequest::Known(Box::new(known))).ok_or_else(gone)
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

    async fn end_request(&self, request: &Request) -> Result<(), PortError> {
        let items = [request::write(request), request::listed(request)];
        self.write_all(WRITING, items.into_iter().map(|item| put(&self.table, item)).collect()).await
    }
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
