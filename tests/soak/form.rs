//! How long a soak is, and of which seed; the environment may say.
//!
//! Must not know: what is soaked.

use std::path::PathBuf;
use std::str::FromStr;

/// The short form is played in every test run.
const SEED: u64 = 20_260_302;
const RECORDS: usize = 1_500;
const KILLS: usize = 20;

/// So many ticks are played at least: a record that is always refused is timed out after ten.
const TICKS: usize = 18;

/// So many records fail between two ticks at most, if the number of ticks is ours to say.
const AT_ONCE: usize = 1_000;

/// What is played.
#[derive(Clone, Debug)]
pub(super) struct Form {
    /// All chance comes from it.
    pub(super) seed: u64,
    /// How many records fail.
    pub(super) records: usize,
    /// How many lives are killed at least.
    pub(super) kills: usize,
    /// Where the database's file is made; a folder of the system for what is temporary when none is named.
    pub(super) folder: Option<PathBuf>,
}

impl Form {
    /// The short form, but for what the environment says: `RESYNC_SOAK_SEED`, `RESYNC_SOAK_RECORDS`, `RESYNC_SOAK_KILLS` and
    /// `RESYNC_SOAK_FOLDER`.
    pub(super) fn of_environment() -> Self {
        Self {
            seed: number("RESYNC_SOAK_SEED", SEED),
            records: number("RESYNC_SOAK_RECORDS", RECORDS),
            kills: number("RESYNC_SOAK_KILLS", KILLS),
            folder: std::env::var_os("RESYNC_SOAK_FOLDER").map(PathBuf::from),
        }
    }

    /// How many ticks are played before all comes to rest; more if they bring too few kills.
    pub(super) fn ticks(&self) -> usize {
        TICKS.max(self.kills / 3).max(self.records / AT_ONCE)
    }

    /// How many records fail between two ticks.
    pub(super) fn failing_at_once(&self) -> usize {
        // The last quarter of the ticks has none that are new.
        (self.records * 4).div_ceil(self.ticks() * 3)
    }

    /// The file of the database, in a folder of its own that is there.
    pub(super) fn database(&self) -> PathBuf {
        let folder = self.folder.clone().unwrap_or_else(std::env::temp_dir);
        let folder = folder.join(format!("resync-soak-{}-{}", self.seed, std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        folder.join("table.db")
    }
}

fn number<T: FromStr>(name: &str, otherwise: T) -> T {
    let Ok(text) = std::env::var(name) else { return otherwise };
    text.parse().unwrap_or_else(|_| panic!("{name} is no number: {text}"))
}
