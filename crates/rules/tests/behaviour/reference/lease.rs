//! A lease as a list of everybody who was ever let in, and work owed as a list of everything ever noted.
//! It must not know the control item.

use rules::time::Timestamp;

/// Who was let in, from when to when, with which epoch.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Stay {
    pub(crate) holder: u64,
    pub(crate) epoch: u32,
    pub(crate) from: Timestamp,
    pub(crate) to: Timestamp,
}

/// The book of a connection's door.
#[derive(Clone, Debug, Default)]
pub(crate) struct Book(pub(crate) Vec<Stay>);

impl Book {
    /// Who is inside at `now`.
    pub(crate) fn inside(&self, now: Timestamp) -> Option<&Stay> {
        self.0.iter().find(|stay| stay.from <= now && now < stay.to)
    }

    /// Ends the stay of `holder` at `now`.
    pub(crate) fn leave(&mut self, holder: u64, now: Timestamp) {
        for stay in self.0.iter_mut().filter(|stay| stay.holder == holder) {
            stay.to = stay.to.min(now);
        }
    }

    /// Whether no two stays overlap and every epoch is greater than the one before it.
    pub(crate) fn is_in_order(&self) -> bool {
        self.0.windows(2).all(|pair| pair[0].to <= pair[1].from && pair[0].epoch < pair[1].epoch)
    }
}
