//! The inputs that mutations begin with.
//!
//! Must not know: what they are.

use std::fs;
use std::path::{Path, PathBuf};

/// One input.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Input {
    /// What it is called: its file, or the seed that made it.
    pub name: String,
    /// It.
    pub bytes: Vec<u8>,
}

/// All inputs of a target, in the order of their names.
#[derive(Clone, Debug)]
pub struct Corpus {
    pub(crate) target: &'static str,
    pub(crate) inputs: Vec<Input>,
}

impl Corpus {
    /// The inputs that are kept for `target`.
    ///
    /// # Panics
    /// When there are none: a hunt over nothing finds nothing.
    #[must_use]
    pub fn of(target: &'static str) -> Self {
        let inputs = files(&Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus").join(target));
        assert!(!inputs.is_empty(), "the corpus of {target} is empty");
        Self { target, inputs }
    }

    /// The same with the files of another folder that have this extension.
    ///
    /// # Panics
    /// When the folder cannot be read.
    #[must_use]
    pub fn and_those_in(mut self, folder: &str, extension: &str) -> Self {
        let ends = |input: &Input| Path::new(&input.name).extension().is_some_and(|found| found == extension);
        self.inputs.extend(files(Path::new(folder)).into_iter().filter(ends));
        self
    }

    /// The inputs.
    #[must_use]
    pub fn inputs(&self) -> &[Input] {
        &self.inputs
    }
}

fn files(folder: &Path) -> Vec<Input> {
    let listed = fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let mut paths: Vec<PathBuf> = listed.map(|entry| entry.expect("a folder can be listed").path()).collect();
    paths.sort();
    paths.iter().filter(|path| path.is_file()).map(|path| read(path)).collect()
}

fn read(path: &Path) -> Input {
    let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    Input { name, bytes: fs::read(path).unwrap_or_else(|error| panic!("{}: {error}", path.display())) }
}
