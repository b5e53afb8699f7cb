//! Ingest's trigger: a batch of messages, each one event of a source; those that are not taken in are reported one by one,
//! so that the queue delivers them again and puts them aside in the end. None is lost.
//!
//! Must not know: what a report changes, what is wrong with one.

use aws_lambda_events::event::sqs::{SqsBatchResponse, SqsEvent};
use engine::ingest::{Ingest, NotTaken};
use engine::parts::Ports;
use futures::stream::{self, StreamExt};
use serde_json::Value;
use tracing::{error, info, warn};

use super::error::HandlerError;
use super::lanes::{Message, lanes};
use crate::refusal::chain;

/// Lanes that are worked on at the same time.
const AT_A_TIME: usize = 16;

/// What became of a batch.
#[derive(Clone, Debug, Default)]
pub struct TakenIn {
    /// The answer for the queue.
    pub response: SqsBatchResponse,
    /// Reports that were taken in.
    pub taken: usize,
    /// Reports that are wrong.
    pub refused: usize,
    /// Reports that may be taken in when they are delivered again.
    pub put_off: usize,
}

/// A message that was not taken in.
#[derive(Clone, Debug)]
struct GivenBack {
    id: String,
    is_refused: bool,
}

/// Takes in a batch of messages.
///
/// # Errors
/// When the event is no batch of messages; nothing of it is taken in, and the queue delivers all of it again.
pub async fn ingest<P: Ports>(ports: &P, event: Value) -> Result<SqsBatchResponse, HandlerError> {
    Ok(take_in(ports, event).await?.response)
}

/// The same, with what became of the messages.
///
/// # Errors
/// As [`ingest`].
pub async fn take_in<P: Ports>(ports: &P, event: Value) -> Result<TakenIn, HandlerError> {
    // The parser's own words may quote what it read.
    let event: SqsEvent = serde_json::from_value(event).map_err(|_| HandlerError::NotABatch)?;
    let delivered = event.records.len();
    let taking = Ingest::new(ports);
    let lanes = stream::iter(lanes(event.records)).map(|lane| take_in_order(&taking, lane));
    let failed: Vec<Vec<GivenBack>> = lanes.buffered(AT_A_TIME).collect().await;
    let failed = failed.concat();
    taking.write_counts().await;
    info!(delivered, failed = failed.len(), "reports taken in");
    let refused = failed.iter().filter(|message| message.is_refused).count();
    let (taken, put_off) = (delivered - failed.len(), failed.len() - refused);
    let mut response = SqsBatchResponse::default();
    response.set_failures(failed.into_iter().map(|message| message.id));
    Ok(TakenIn { response, taken, refused, put_off })
}

/// Gives the messages that were not taken in. One that fails holds up no later one: versions order them.
async fn take_in_order<P: Ports>(taking: &Ingest<'_, P>, lane: Vec<Message>) -> Vec<GivenBack> {
    let mut failed = Vec::new();
    for message in lane {
        if let Err(not_taken) = taking.take(&message.body).await {
            log(&message, &not_taken);
            failed.push(GivenBack { id: message.id, is_refused: matches!(not_taken, NotTaken::Refused(_)) });
        }
    }
    failed
}

fn log(message: &Message, not_taken: &NotTaken) {
    let connection = message.connection.as_ref().map(tracing::field::display);
    match not_taken {
        NotTaken::Refused(mistakes) => {
            warn!(connection, message_id = %message.id, %mistakes, "a report is refused");
        }
        NotTaken::Throttled => {
            warn!(connection, message_id = %message.id, "a report is put off: the store is short of capacity");
        }
        NotTaken::Contended => {
            warn!(connection, message_id = %message.id, "a report is put off: its record is contended");
        }
        NotTaken::Port(failure) => {
            error!(connection, message_id = %message.id, error = chain(failure), "a report could not be taken in");
        }
    }
}
