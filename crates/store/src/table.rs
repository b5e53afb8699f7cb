//! Creates the table where nothing else does: on a developer's machine and in tests. In the cloud the template does.
//!
//! Must not know: what the table will hold.

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::operation::create_table::CreateTableError;
use aws_sdk_dynamodb::types::{BillingMode, TimeToLiveSpecification};

use crate::failure::{Refusal, refusal};
use crate::template::{self, TemplateError};

/// Why the table was not created.
#[derive(Debug, thiserror::Error)]
#[error("the table could not be created")]
pub struct TableFailure(#[source] Cause);

#[derive(Debug, thiserror::Error)]
enum Cause {
    #[error(transparent)]
    Template(TemplateError),
    #[error(transparent)]
    Refused(Refusal),
}

/// Creates the table that the template defines under `name`; one that is there already is left as it is.
///
/// # Errors
/// When the table can neither be created nor is there.
pub async fn create_table(client: &Client, name: &str) -> Result<(), TableFailure> {
    let definition = template::table().map_err(|error| TableFailure(Cause::Template(error)))?;
    let created = client
        .create_table()
        .table_name(name)
        .set_attribute_definitions(Some(definition.attributes))
        .set_key_schema(Some(definition.key))
        .set_global_secondary_indexes(Some(definition.indexes))
        .billing_mode(BillingMode::PayPerRequest)
        .send()
        .await;
    match created {
        Err(error) if error.as_service_error().is_some_and(CreateTableError::is_resource_in_use_exception) => Ok(()),
        Err(error) => Err(TableFailure(Cause::Refused(refusal(&error)))),
        Ok(_) => expire_by(client, name, definition.expires_by).await,
    }
}

async fn expire_by(client: &Client, name: &str, attribute: String) -> Result<(), TableFailure> {
    let expiry = TimeToLiveSpecification::builder().attribute_name(attribute).enabled(true).build();
    let expiry = expiry.map_err(|error| TableFailure(Cause::Template(error.into())))?;
    let set = client.update_time_to_live().table_name(name).time_to_live_specification(expiry).send().await;
    set.map(drop).map_err(|error| TableFailure(Cause::Refused(refusal(&error))))
}
