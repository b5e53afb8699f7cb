//! What people ask to be retried now. A request and its place in the list are written together.
//!
//! Must not know: how a request is carried out.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::{AttributeValue, Delete, Put, TransactWriteItem};
use engine::ports::{Clock, KeptRequest, PortError, Requests, Saved};
use rules::ids::{ConnectionId, RequestId};
use rules::resync::Request;

use super::listing::Order;
use super::transaction::{Transacted, delete, put};
use super::{ALL_OLD, DynamoStore};
use crate::backoff::Backoff;
use crate::items::body::BODY;
use crate::items::fields::{PK, text};
use crate::items::key::ItemKey;
use crate::items::{Item, key, request};

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

    async fn change_request(&self, before: &Request, after: &Request) -> Result<Saved<Option<Request>>, PortError> {
        self.replace_request(before, Some(after)).await
    }

    async fn withdraw_request(&self, request: &Request) -> Result<Saved<Option<Request>>, PortError> {
        self.replace_request(request, None).await
    }
}

impl<C: Clock> DynamoStore<C> {
    /// Puts `after`, or nothing, in the place of `before`, if that is still there.
    async fn replace_request(
        &self,
        before: &Request,
        after: Option<&Request>,
    ) -> Result<Saved<Option<Request>>, PortError> {
        let key = key::request(&before.connection, &before.id);
        let mut backoff = Backoff::new(before.id.as_str());
        loop {
            let item = self.get(WRITING, &key).await?;
            let there = item.as_ref().map(request::read).transpose()?;
            // Our own write may have been done, and only its reply lost.
            if there.as_ref() == after {
                return Ok(Saved::Done);
            }
            let Some(item) = item.filter(|_| there.as_ref() == Some(before)) else {
                return Ok(Saved::Conflict(there));
            };
            let writes = self.replacing(&item, before, after)?;
            match self.transact(WRITING, writes).await? {
                Transacted::Done => return Ok(Saved::Done),
                Transacted::Refused(_) => self.pause(WRITING, &mut backoff).await?,
            }
        }
    }

    /// The writes that do so: the request's item on the condition of its text, and its place in the list.
    fn replacing(
        &self,
        item: &Item,
        before: &Request,
        after: Option<&Request>,
    ) -> Result<Vec<TransactWriteItem>, PortError> {
        let unchanged = ("#d = :read", BODY, text(request::text_of(item)?));
        Ok(if let Some(after) = after {
            let item = put_if(&self.table, request::write(after), unchanged);
            vec![item, put(&self.table, request::listed(after))]
        } else {
            let gone = delete_if(&self.table, &key::request(&before.connection, &before.id), unchanged);
            vec![gone, delete(&self.table, &key::request_listed(before))]
        })
    }
}

fn put_if(table: &str, item: Item, (condition, name, value): (&str, &str, AttributeValue)) -> TransactWriteItem {
    let put = Put::builder().table_name(table).set_item(Some(item)).condition_expression(condition);
    let put = put.expression_attribute_names("#d", name).expression_attribute_values(":read", value).build();
    TransactWriteItem::builder().put(put.expect("the table and the item are set")).build()
}

fn delete_if(table: &str, key: &ItemKey, (condition, name, value): (&str, &str, AttributeValue)) -> TransactWriteItem {
    let delete = Delete::builder().table_name(table).set_key(Some(key.item())).condition_expression(condition);
    let delete = delete.expression_attribute_names("#d", name).expression_attribute_values(":read", value).build();
    TransactWriteItem::builder().delete(delete.expect("the table and the key are set")).build()
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
