//! The hunt: every input of a corpus, and then mutations of them, under watch.
//!
//! Must not know: what the code under test does with an input.

use std::any::Any;
use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::thread;
use std::time::Duration;

use fastrand::Rng;
use serde_json::Value;

use crate::corpus::{Corpus, Input};
use crate::{CANARY, bytes, json};

/// Mutations that a test makes when the environment does not say otherwise.
const CASES: u64 = 2_000;

/// The longest that the code may take for one input, on a busy machine.
const LONGEST: Duration = Duration::from_secs(30);

/// What the inputs of a target are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// Bytes.
    Bytes,
    /// Texts of JSON: spoilt as values and as bytes.
    Json,
}

/// What went wrong with an input.
struct Found {
    input: Input,
    what: String,
}

/// Gives `look` every input of `corpus` and `RESYNC_FUZZ_CASES` mutations (2,000 when it is not set), from the seed
/// `RESYNC_FUZZ_SEED` on (0). `look` answers all that the code said of an input, to whoever sees it: errors, logs, answers.
///
/// # Panics
/// When the code panicked, was not done within 30 seconds, or said a canary. The input is kept in `target/fuzz`, to be put into the
/// corpus once the code is mended.
pub fn hunt(corpus: Corpus, shape: Shape, look: impl Fn(&[u8]) -> String + Send + 'static) {
    let (target, (sender, receiver)) = (corpus.target, mpsc::channel());
    thread::spawn(move || work(&corpus, shape, &look, &sender));
    if let Err(found) = watch(&receiver) {
        let kept = keep(target, &found.input);
        panic!("{target}: {} {}; the input is in {}", found.input.name, found.what, kept.display());
    }
}

/// What the worker tells: that it begins with an input, and what was wrong with one.
enum Word {
    Begins(Input),
    Found(Found),
    Done,
}

fn watch(receiver: &Receiver<Word>) -> Result<(), Found> {
    let mut current = Input { name: "nothing".to_owned(), bytes: Vec::new() };
    loop {
        match receiver.recv_timeout(LONGEST) {
            Ok(Word::Begins(input)) => current = input,
            Ok(Word::Found(found)) => return Err(found),
            Ok(Word::Done) => return Ok(()),
            Err(RecvTimeoutError::Timeout) => {
                return Err(Found { input: current, what: format!("took longer than {LONGEST:?}") });
            }
            Err(RecvTimeoutError::Disconnected) => {
                return Err(Found { input: current, what: "ended the thread".to_owned() });
            }
        }
    }
}

fn work(corpus: &Corpus, shape: Shape, look: &impl Fn(&[u8]) -> String, sender: &Sender<Word>) {
    let (first, cases) = (number("RESYNC_FUZZ_SEED", 0), number("RESYNC_FUZZ_CASES", CASES));
    let spoilt = (first..first.saturating_add(cases)).map(|seed| mutation(corpus, shape, seed));
    for input in corpus.inputs.iter().cloned().chain(spoilt) {
        // Nobody listens any more once something was found.
        if sender.send(Word::Begins(input.clone())).is_err() {
            return;
        }
        if let Err(what) = judge(&input.bytes, look) {
            drop(sender.send(Word::Found(Found { input, what })));
            return;
        }
    }
    drop(sender.send(Word::Done));
}

fn judge(input: &[u8], look: &impl Fn(&[u8]) -> String) -> Result<(), String> {
    match catch_unwind(AssertUnwindSafe(|| look(input))) {
        Err(panic) => Err(format!("made it panic: {}", text_of(panic.as_ref()))),
        Ok(said) if said.contains(CANARY) => Err(format!("is quoted: {said}")),
        Ok(_) => Ok(()),
    }
}

fn text_of(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<String>().cloned();
    text.or_else(|| panic.downcast_ref::<&str>().map(|&text| text.to_owned())).unwrap_or_default()
}

/// The input that `seed` makes.
fn mutation(corpus: &Corpus, shape: Shape, seed: u64) -> Input {
    let mut rng = Rng::with_seed(seed);
    let [one, other] = [(); 2].map(|()| &corpus.inputs[rng.usize(..corpus.inputs.len())].bytes);
    let as_value = (shape == Shape::Json && rng.u8(0..4) > 0).then(|| Some((read(one)?, read(other)?))).flatten();
    let bytes = if let Some((mut value, other)) = as_value {
        json::spoil(&mut value, &other, &mut rng);
        value.to_string().into_bytes()
    } else {
        let mut spoilt = one.clone();
        bytes::spoil(&mut spoilt, other, &mut rng);
        spoilt
    };
    Input { name: format!("seed-{seed}"), bytes }
}

fn read(bytes: &[u8]) -> Option<Value> {
    serde_json::from_slice(bytes).ok()
}

fn number(variable: &str, usual: u64) -> u64 {
    match std::env::var(variable) {
        Ok(text) => text.parse().unwrap_or_else(|_| panic!("{variable} is no number")),
        Err(_) => usual,
    }
}

fn keep(target: &str, input: &Input) -> PathBuf {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/fuzz");
    let path = folder.join(format!("{target}-{}", input.name));
    let kept = fs::create_dir_all(&folder).and_then(|()| fs::write(&path, &input.bytes));
    kept.map_or_else(|error| PathBuf::from(format!("no file: {error}")), |()| path)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn corpus(text: &str) -> Corpus {
        Corpus { target: "of-the-hunt", inputs: vec![Input { name: "one".to_owned(), bytes: text.into() }] }
    }

    fn found(corpus: Corpus, shape: Shape, look: impl Fn(&[u8]) -> String + Send + 'static) -> String {
        let found = catch_unwind(AssertUnwindSafe(|| hunt(corpus, shape, look)));
        found.err().map_or_else(String::new, |panic| text_of(panic.as_ref()))
    }

    #[test]
    fn code_that_panics_on_one_input_of_many_is_found_with_its_seed() {
        let look = |input: &[u8]| {
            let read: Value = serde_json::from_slice(input).unwrap_or_default();
            assert!(read["count"].as_u64() != Some(u64::MAX), "it is too much");
            String::new()
        };
        let found = found(corpus(r#"{"count": 1}"#), Shape::Json, look);
        assert!(found.contains("seed-") && found.contains("it is too much"), "{found}");
    }

    #[test]
    fn code_that_quotes_a_value_is_found() {
        let look = |input: &[u8]| String::from_utf8_lossy(input).into_owned();
        let found = found(corpus(r#"{"name": "canary-1"}"#), Shape::Json, look);
        assert!(found.contains("one is quoted"), "{found}");
    }

    #[test]
    fn code_that_is_content_with_everything_is_let_be() {
        assert_eq!(found(corpus("a,b\n1,2\n"), Shape::Bytes, |_| String::new()), "");
    }

    #[test]
    fn the_same_seed_spoils_in_the_same_way_and_hardly_any_mutation_is_the_input_itself() {
        let corpus = corpus(r#"{"a": [1, {"b": "text"}], "c": "{\"d\": 1}"}"#);
        let all = |seeds: std::ops::Range<u64>| -> Vec<Vec<u8>> {
            seeds.map(|seed| mutation(&corpus, Shape::Json, seed).bytes).collect()
        };
        assert_eq!(all(0..100), all(0..100));
        let spoilt = all(0..1_000);
        assert!(spoilt.iter().filter(|bytes| **bytes == corpus.inputs[0].bytes).count() < 20);
        let readable = spoilt.iter().filter(|bytes| read(bytes).is_some()).count();
        assert!((500..900).contains(&readable), "{readable} of 1,000 can be read");
    }
}
