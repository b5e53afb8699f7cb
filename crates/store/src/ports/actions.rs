//! The keys of actions: one item each, that `DynamoDB` removes some time after it has expired.
//!
//! Must not know: which actions there are.

use aws_sdk_dynamodb::operation::delete_item::DeleteItemError;
use aws_sdk_dynamodb::operation::put_item::PutItemError;
use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use engine::ports::{ActionKeys, Claimed, Clock, KeptAnswer, KeyedAction, PortError};

use super::{ALL_OLD, DynamoStore};
use crate::failure::failed;
use crate::items::action::{ANSWER, ATTEMPT, FINGERPRINT, LEASED_UNTIL, attempt};
use crate::items::fields::{EXPIRES, PK, number, text};
use crate::items::{action, key};

const CLAIMING: &str = "claiming an action's key";
const KEEPING: &str = "keeping an action's answer";
const ENDING: &str = "ending an attempt at an action";
const RELEASING: &str = "giving an action's key back";

/// A key that may be claimed: nobody's, or of an action that has expired, or of this one when its last attempt has ended or is
/// given up.
const FREE: &str = "attribute_not_exists(#pk) OR #x <= :seconds OR \
                    #fp = :fp AND attribute_not_exists(#an) AND (attribute_not_exists(#lu) OR #lu <= :millis)";
/// A key that is still the attempt's own.
const OWN: &str = "#fp = :fp AND #at = :at";

impl<C: Clock> ActionKeys for DynamoStore<C> {
    async fn claim_key(&self, wanted: &KeyedAction) -> Result<Claimed, PortError> {
        let put = self.client.put_item().table_name(&self.table).set_item(Some(action::write(wanted)));
        let put = put
            .condition_expression(FREE)
            .expression_attribute_names("#pk", PK)
            .expression_attribute_names("#x", EXPIRES)
            .expression_attribute_names("#fp", FINGERPRINT)
            .expression_attribute_names("#an", ANSWER)
            .expression_attribute_names("#lu", LEASED_UNTIL)
            .expression_attribute_values(":seconds", number(wanted.at.as_millis() / 1_000))
            .expression_attribute_values(":millis", number(wanted.at.as_millis()))
            .expression_attribute_values(":fp", text(&wanted.fingerprint.0))
            .return_values_on_condition_check_failure(ALL_OLD);
        let Err(error) = put.send().await else { return Ok(Claimed::Own) };
        let Some(PutItemError::ConditionalCheckFailedException(refused)) = error.as_service_error() else {
            return Err(failed(CLAIMING, &error));
        };
        match &refused.item {
            Some(item) => action::read(item, wanted),
            None => self.claimed(wanted).await,
        }
    }

    async fn keep_answer(&self, answered: &KeyedAction, answer: &KeptAnswer) -> Result<(), PortError> {
        let update = self.client.update_item().table_name(&self.table);
        let update = update
            .set_key(Some(key::action(&answered.key).item()))
            .update_expression("SET #an = :an")
            .condition_expression(OWN)
            .expression_attribute_names("#an", ANSWER)
            .expression_attribute_names("#fp", FINGERPRINT)
            .expression_attribute_names("#at", ATTEMPT)
            .expression_attribute_values(":an", text(&answer.0))
            .expression_attribute_values(":fp", text(&answered.fingerprint.0))
            .expression_attribute_values(":at", text(attempt(answered.attempt)));
        let Err(error) = update.send().await else { return Ok(()) };
        match error.as_service_error() {
            Some(UpdateItemError::ConditionalCheckFailedException(_)) => Ok(()),
            Some(_) | None => Err(failed(KEEPING, &error)),
        }
    }

    async fn end_attempt(&self, ended: &KeyedAction) -> Result<(), PortError> {
        let update = self.client.update_item().table_name(&self.table);
        let update = update
            .set_key(Some(key::action(&ended.key).item()))
            .update_expression("REMOVE #lu")
            .condition_expression(OWN)
            .expression_attribute_names("#lu", LEASED_UNTIL)
            .expression_attribute_names("#fp", FINGERPRINT)
            .expression_attribute_names("#at", ATTEMPT)
            .expression_attribute_values(":fp", text(&ended.fingerprint.0))
            .expression_attribute_values(":at", text(attempt(ended.attempt)));
        let Err(error) = update.send().await else { return Ok(()) };
        match error.as_service_error() {
            Some(UpdateItemError::ConditionalCheckFailedException(_)) => Ok(()),
            Some(_) | None => Err(failed(ENDING, &error)),
        }
    }

    async fn release_key(&self, refused: &KeyedAction) -> Result<(), PortError> {
        let delete = self.client.delete_item().table_name(&self.table);
        let delete = delete
            .set_key(Some(key::action(&refused.key).item()))
            .condition_expression(format!("{OWN} AND attribute_not_exists(#an)"))
            .expression_attribute_names("#an", ANSWER)
            .expression_attribute_names("#fp", FINGERPRINT)
            .expression_attribute_names("#at", ATTEMPT)
            .expression_attribute_values(":fp", text(&refused.fingerprint.0))
            .expression_attribute_values(":at", text(attempt(refused.attempt)));
        let Err(error) = delete.send().await else { return Ok(()) };
        match error.as_service_error() {
            Some(DeleteItemError::ConditionalCheckFailedException(_)) => Ok(()),
            Some(_) | None => Err(failed(RELEASING, &error)),
        }
    }
}

impl<C: Clock> DynamoStore<C> {
    async fn claimed(&self, wanted: &KeyedAction) -> Result<Claimed, PortError> {
        let there = self.get(CLAIMING, &key::action(&wanted.key)).await?;
        let gone = || PortError::unavailable(CLAIMING, "the key that was there is gone");
        action::read(&there.ok_or_else(gone)?, wanted)
    }
}
