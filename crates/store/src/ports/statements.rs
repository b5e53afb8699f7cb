//! `PartiQL` statements, 25 a call and several calls at a time; each statement's error is its own, and those refused for
//! lack of capacity are sent again.
//!
//! Must not know: what a statement writes.

use aws_sdk_dynamodb::types::{
    AttributeValue, BatchStatementError, BatchStatementErrorCodeEnum as Code, BatchStatementRequest,
    BatchStatementResponse,
};
use engine::ports::{Clock, PortError};
use futures::stream::{self, StreamExt, TryStreamExt};

use super::{ALL_OLD, DynamoStore, IN_FLIGHT};
use crate::backoff::Backoff;
use crate::failure::{Refusal, failed, is_busy};
use crate::items::Item;

/// The most statements of one call (`DynamoDB` API reference, `BatchExecuteStatement`).
const STATEMENTS: usize = 25;

/// One conditional write. Values go as parameters only, so that no error repeats them.
#[derive(Clone, Debug)]
pub(super) struct Statement {
    pub(super) text: String,
    pub(super) parameters: Vec<AttributeValue>,
}

/// What became of one statement.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Executed {
    /// It took effect.
    Done,
    /// Its condition failed on this item, or on none as far as the answer says.
    Refused(Option<Item>),
    /// It was refused for lack of capacity to the last.
    Throttled,
}

/// What one answer says of one statement.
enum Answer {
    Settled(Executed),
    Busy,
    Broken(Refusal),
}

impl<C: Clock> DynamoStore<C> {
    /// Executes them; the results come in the same order.
    pub(super) async fn execute(
        &self,
        doing: &'static str,
        statements: &[Statement],
    ) -> Result<Vec<Executed>, PortError> {
        let chunks: Vec<_> = statements.chunks(STATEMENTS).map(|chunk| self.execute_chunk(doing, chunk)).collect();
        let results: Vec<Vec<Executed>> = stream::iter(chunks).buffered(IN_FLIGHT).try_collect().await?;
        Ok(results.into_iter().flatten().collect())
    }

    async fn execute_chunk(&self, doing: &'static str, statements: &[Statement]) -> Result<Vec<Executed>, PortError> {
        let mut results = vec![Executed::Throttled; statements.len()];
        let mut open: Vec<usize> = (0..statements.len()).collect();
        let mut backoff = Backoff::new(seed(statements));
        loop {
            let answers = self.send(doing, open.iter().map(|&index| request(&statements[index])).collect()).await?;
            let mut busy = Vec::new();
            let mut broken = None;
            for (&index, answer) in open.iter().zip(answers) {
                match answer {
                    Answer::Settled(result) => results[index] = result,
                    Answer::Busy => busy.push(index),
                    Answer::Broken(refusal) => broken = Some(refusal),
                }
            }
            if let Some(refusal) = broken {
                return Err(PortError::unavailable(doing, refusal));
            }
            let Some(wait) = backoff.next().filter(|_| !busy.is_empty()) else { return Ok(results) };
            self.clock.wait(wait).await;
            open = busy;
        }
    }

    /// One call; an answer per statement, whatever the call's own answer was.
    async fn send(&self, doing: &'static str, requests: Vec<BatchStatementRequest>) -> Result<Vec<Answer>, PortError> {
        let sent = requests.len();
        let reply = match self.client.batch_execute_statement().set_statements(Some(requests)).send().await {
            Ok(reply) => reply,
            Err(error) if is_busy(&error) => return Ok((0..sent).map(|_| Answer::Busy).collect()),
            Err(error) => return Err(failed(doing, &error)),
        };
        let answers = reply.responses.unwrap_or_default().into_iter().map(answer);
        Ok(answers.chain(std::iter::repeat_with(|| Answer::Busy)).take(sent).collect())
    }
}

/// The first statement's last parameter: a version or a key, and never the same as that of a call made at the same time.
fn seed(statements: &[Statement]) -> String {
    format!("{:?}", statements.first().and_then(|first| first.parameters.last()))
}

fn request(statement: &Statement) -> BatchStatementRequest {
    BatchStatementRequest::builder()
        .statement(&statement.text)
        .set_parameters(Some(statement.parameters.clone()))
        .return_values_on_condition_check_failure(ALL_OLD)
        .build()
        .expect("the statement's text is set")
}

fn answer(response: BatchStatementResponse) -> Answer {
    let Some(BatchStatementError { code, item, .. }) = response.error else { return Answer::Settled(Executed::Done) };
    match code {
        Some(Code::ConditionalCheckFailed) => Answer::Settled(Executed::Refused(item)),
        Some(
            Code::ProvisionedThroughputExceeded
            | Code::RequestLimitExceeded
            | Code::ThrottlingError
            | Code::TransactionConflict
            | Code::InternalServerError,
        ) => Answer::Busy,
        other => {
            let code = other.map_or_else(|| "an error without a code".to_owned(), |code| code.as_str().to_owned());
            Answer::Broken(Refusal::Answered { code, message: String::new() })
        }
    }
}
