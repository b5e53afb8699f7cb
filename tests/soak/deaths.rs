//! Who dies, and at which of its requests, chosen from the seed.
//!
//! Must not know: what a request is for.

use fastrand::Rng;

use crate::functions::process::Binary;
use crate::kill::gate::Stop;

/// Of a hundred lives so many are to be killed, if they make as many requests as was chosen.
const FATAL: u8 = 65;

/// The same for a look at all connections, without which nothing runs.
const FATAL_FOR_LOOKS: u8 = 30;

/// What chance says of deaths.
pub(super) struct Deaths {
    chance: Rng,
    over: bool,
}

impl Deaths {
    pub(super) fn of(chance: Rng) -> Self {
        Self { chance, over: false }
    }

    /// From now on nobody is killed.
    pub(super) fn end(&mut self) {
        self.over = true;
    }

    /// Where the next life ends. Early requests are likelier than late ones, which few lives come to.
    pub(super) fn next(&mut self, binary: Binary, is_look: bool) -> Option<Stop> {
        let powers = match binary {
            Binary::Ingest => 4..=11,
            Binary::Api => 1..=4,
            _ if is_look => 1..=5,
            _ => 3..=10,
        };
        let most = 1_usize << self.chance.u32(powers);
        let fatal = if is_look { FATAL_FOR_LOOKS } else { FATAL };
        let (fatal, number) = (self.chance.u8(..100) < fatal, self.chance.usize(1..=most));
        let stop = if self.chance.bool() { Stop::Before(number) } else { Stop::After(number) };
        (fatal && !self.over).then_some(stop)
    }
}
