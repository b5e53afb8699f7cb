//! What memory the lives of each binary needed at most.
//!
//! Must not know: what they did with it.

use std::collections::BTreeMap;

use crate::functions::process::Binary;

/// KiB that no process may need, whatever it does: the bar that the bench holds a run to.
const CEILING: u64 = 48 * 1024;

/// KiB by which the last lives may need more than the first, beside a tenth.
const LEEWAY: u64 = 2 * 1024;

/// Fewer lives than this say nothing of growth.
const TELLING: usize = 9;

/// Lives whose numbers of requests are within this factor had like work.
const ALIKE: usize = 4;

/// The peaks of each binary's lives with like work, in the order in which they ended.
#[derive(Default)]
pub(super) struct Memory(BTreeMap<(&'static str, u32), Vec<u64>>);

impl Memory {
    /// A life made so many requests, and had `peak` KiB resident at most.
    pub(super) fn note(&mut self, binary: Binary, requests: usize, peak: u64) {
        self.0.entry((binary.name(), requests.max(1).ilog(ALIKE))).or_default().push(peak);
    }

    /// The highest of all.
    pub(super) fn peak(&self) -> u64 {
        self.0.values().flatten().copied().max().unwrap_or(0)
    }

    /// The highest of each binary.
    pub(super) fn peaks(&self) -> BTreeMap<&'static str, u64> {
        let mut of_each = BTreeMap::new();
        for (&(name, _), peaks) in &self.0 {
            let known = of_each.entry(name).or_default();
            *known = highest(peaks).max(*known);
        }
        of_each
    }

    /// What is wrong: the ceiling, and that the last third of the lives with like work needs no more than the first.
    pub(super) fn check(&self, wrong: &mut Vec<String>) {
        for ((name, _), peaks) in &self.0 {
            if highest(peaks) > CEILING {
                wrong.push(format!("memory: {name} had {} KiB resident", highest(peaks)));
            }
            let third = peaks.len() / 3;
            let (first, last) = (highest(&peaks[..third]), highest(&peaks[peaks.len() - third..]));
            if peaks.len() >= TELLING && last > first + first / 10 + LEEWAY {
                wrong.push(format!("memory: {name} had {first} KiB resident at first, and {last} at last"));
            }
        }
    }
}

fn highest(peaks: &[u64]) -> u64 {
    peaks.iter().copied().max().unwrap_or(0)
}

#[test]
fn memory_that_grows_from_life_to_life_is_found_out() {
    let of = |peaks: &[u64]| {
        let mut memory = Memory::default();
        for &peak in peaks {
            memory.note(Binary::Ingest, 5, peak);
        }
        let mut wrong = Vec::new();
        memory.check(&mut wrong);
        wrong.len()
    };
    assert_eq!(of(&[9_000; 12]), 0);
    assert_eq!(of(&[9_000, 12_000, 9_000, 9_000, 9_000, 9_000, 9_000, 9_000, 15_000]), 0);
    assert_eq!(of(&[9_000, 9_000, 9_000, 9_000, 9_000, 9_000, 9_000, 9_000, 15_000]), 1);
    assert_eq!(of(&[60_000; 2]), 1);
}
