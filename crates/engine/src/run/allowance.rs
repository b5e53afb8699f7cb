//! The allowance: API calls reserved in blocks before they are made, valid only inside the bucket they were reserved in.
//!
//! Must not know: what the calls are for.

use rules::budget::{Bucket, Budget, Ledger};
use rules::connection::Connection;
use rules::control::Control;
use rules::counts::ApiCalls;
use rules::ids::RequestId;
use rules::time::Timestamp;

use super::held::Held;
use super::interrupt::Interrupt;
use crate::parts::Ports;
use crate::ports::UsageReports;

/// The calls that are reserved at a time.
pub(crate) const BLOCK: ApiCalls = ApiCalls(25);

#[derive(Clone, Copy, Debug)]
struct Block {
    bucket: Bucket,
    left: ApiCalls,
}

/// What a wish for one call got.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Grant {
    /// One call, to be made before the end of this bucket.
    Call(Bucket),
    /// None: the budget is used up.
    Refused,
}

/// The calls that a run may still make without asking.
#[derive(Debug, Default)]
pub(super) struct Allowance {
    block: Option<Block>,
}

impl Allowance {
    /// One call, from the block at hand or from a new reservation. The first one for a person's request is always from a new one:
    /// that write says who works at it, too.
    pub(super) async fn take<P: Ports>(
        &mut self,
        ports: &P,
        connection: &Connection,
        held: &mut Held<'_, P>,
        request: Option<&RequestId>,
        now: Timestamp,
    ) -> Result<Grant, Interrupt> {
        let current = Bucket::of(now);
        let marked = request.is_none_or(|request| held.is_marked(request));
        match &mut self.block {
            Some(block) if marked && block.bucket == current && block.left > ApiCalls(0) => {
                block.left = block.left.less(ApiCalls(1));
                Ok(Grant::Call(current))
            }
            Some(_) | None => self.reserve(ports, connection, held, now).await,
        }
    }

    async fn reserve<P: Ports>(
        &mut self,
        ports: &P,
        connection: &Connection,
        held: &mut Held<'_, P>,
        now: Timestamp,
    ) -> Result<Grant, Interrupt> {
        let reported = ports.store().usage(&connection.id).await?.total();
        let (cap, request_timeout) = (connection.budget.cap(), connection.request_timeout());
        let bucket = Bucket::of(now);
        let rest = self.block.take();
        let mut granted = ApiCalls(0);
        held.update(|control| {
            let own = returned(&control, rest);
            granted = Budget { own: &own, reported: &reported, cap, request_timeout }.grant(BLOCK, now);
            let nothing = granted == ApiCalls(0) && own == control.ledger;
            let ledger = own.charge(bucket, granted, now, request_timeout);
            (!nothing).then_some(Control { ledger, ..control })
        })
        .await?;
        if granted == ApiCalls(0) {
            return Ok(Grant::Refused);
        }
        self.block = Some(Block { bucket, left: granted.less(ApiCalls(1)) });
        Ok(Grant::Call(bucket))
    }

    /// Puts back a call that was taken in `bucket` and not made. From an older block it stays charged.
    pub(super) fn put_back(&mut self, bucket: Bucket) {
        if let Some(block) = self.block.as_mut().filter(|block| block.bucket == bucket) {
            block.left += ApiCalls(1);
        }
    }

    /// The ledger with the rest of the block returned to its own bucket.
    pub(super) fn settle(&self, control: &Control) -> Ledger {
        returned(control, self.block)
    }

    /// Forgets the block, once its rest is returned.
    pub(super) fn forget(&mut self) {
        self.block = None;
    }
}

fn returned(control: &Control, rest: Option<Block>) -> Ledger {
    match rest {
        Some(block) if block.left > ApiCalls(0) => control.ledger.clone().give_back(block.bucket, block.left),
        Some(_) | None => control.ledger.clone(),
    }
}
