//! Chance from the operating system.
//!
//! Must not know: what the numbers are for.

use engine::ports::Entropy;

/// Numbers of the operating system.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemEntropy;

impl Entropy for SystemEntropy {
    fn number(&self) -> u64 {
        let mut bytes = [0; 8];
        #[expect(
            clippy::disallowed_methods,
            reason = "this is the shell's chance; everybody else is handed it as a port"
        )]
        getrandom::fill(&mut bytes).expect("Linux's generator, once the machine is up, never fails");
        u64::from_ne_bytes(bytes)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn a_hundred_draws_are_all_different() {
        let drawn: BTreeSet<u64> = (0..100).map(|_| SystemEntropy.number()).collect();
        assert_eq!(drawn.len(), 100);
    }
}
