//! Removes all that is stored of a record, in one transaction.
//!
//! Must not know: why it is removed, or where else its key may stand.

use aws_sdk_dynamodb::types::{Delete, TransactWriteItem};
use engine::ports::{Clock, PortError, Written};
use rules::record::Stored;

use super::transaction::{Transacted, delete};
use super::{ALL_OLD, DynamoStore};
use crate::items::fields::number;
use crate::items::record::{self, FENCE};
use crate::items::{key, pointer};

const ERASING: &str = "erasing a record";

impl<C: Clock> DynamoStore<C> {
    pub(super) async fn erase_record(&self, stored: &Stored) -> Result<Written, PortError> {
        let found = match self.transact(ERASING, all_of(&self.table, stored)).await? {
            Transacted::Done => return Ok(Written::Done),
            Transacted::Refused(_, Some(item)) => Some(item),
            Transacted::Refused(_, None) => self.get(ERASING, &key::record(stored.key())).await?,
        };
        let current = found.map(|item| record::read(&item)).transpose()?;
        Ok(Written::Conflict(current.map(|current| Box::new(current.stored))))
    }
}

/// The record's own item on its version, its payload, the pointer from its parent.
fn all_of(table: &str, stored: &Stored) -> Vec<TransactWriteItem> {
    let own = Delete::builder()
        .table_name(table)
        .set_key(Some(key::record(stored.key()).item()))
        .condition_expression("#v = :v")
        .expression_attribute_names("#v", FENCE)
        .expression_attribute_values(":v", number(stored.fence().0))
        .return_values_on_condition_check_failure(ALL_OLD)
        .build();
    let own = TransactWriteItem::builder().delete(own.expect("the table and the key are set")).build();
    let pointer = match stored {
        Stored::Record(record) => pointer::key(record),
        Stored::Success(_) => None,
    };
    let beside = std::iter::once(key::payload(stored.key())).chain(pointer);
    std::iter::once(own).chain(beside.map(|key| delete(table, &key))).collect()
}
