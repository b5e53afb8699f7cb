//! More contacts in the likeness of the example file, for `--records`.
//!
//! Must not know: what will become of them.

use engine::ports::Entropy;
use rules::ids::RecordId;

use super::clock::Seeded;
use super::manifest::FileOfRows;

/// Cuts the file to `wanted` rows, or fills it up with rows made from its own ones, each under a new external id.
pub(crate) fn resize(file: &mut FileOfRows, wanted: usize, seed: u64) {
    let chance = Seeded::new(seed);
    let models = file.rows.len() as u64;
    file.rows.truncate(wanted);
    for number in file.rows.len() + 1..=wanted {
        let model = usize::try_from(chance.number() % models).unwrap_or(0).min(file.rows.len() - 1);
        let mut row = file.rows[model].clone();
        row.external_id = RecordId::new(format!("M-{number:07}")).expect("a few plain characters are an id");
        file.rows.push(row);
    }
}
