//! Inputs spoilt as rows of bytes, whatever they mean.
//!
//! Must not know: what is written in them.

use fastrand::Rng;

use crate::odd;

/// The longest that an input grows.
const LONGEST: usize = 2_000_000;

/// Pieces that readers trip over.
const PIECES: [&[u8]; 16] = [
    b"\0",
    b"\xff",
    b"\xc3\x28",
    b"\xed\xa0\x80",
    b"\xef\xbb\xbf",
    b"\r",
    b"\r\n",
    b"\"",
    b"\"\"",
    b"\\",
    b"\\u0000",
    b"\\ud800",
    b",",
    b";",
    b"{",
    b"]",
];

/// `input` with a few things wrong; what it takes from elsewhere is from `other`.
pub(crate) fn spoil(input: &mut Vec<u8>, other: &[u8], rng: &mut Rng) {
    for _ in 0..rng.usize(1..=4) {
        once(input, other, rng);
        input.truncate(LONGEST);
    }
}

fn once(input: &mut Vec<u8>, other: &[u8], rng: &mut Rng) {
    let (from, to) = range(input.len(), rng);
    match rng.u8(0..10) {
        0 if !input.is_empty() => {
            let at = rng.usize(..input.len());
            input[at] ^= 1 << rng.u8(0..8);
        }
        1 if !input.is_empty() => {
            let at = rng.usize(..input.len());
            input[at] = rng.u8(..);
        }
        2 => drop(input.drain(from..to)),
        3 => input.truncate(to),
        4 => repeat(input, (from, to), rng),
        5 => insert(input, from, PIECES[rng.usize(..PIECES.len())]),
        6 => insert(input, from, odd::text(rng).as_bytes()),
        7 => insert(input, from, deep(rng).as_slice()),
        8 => number(input, from, rng),
        _ => {
            let (begin, end) = range(other.len(), rng);
            insert(input, from, &other[begin..end]);
        }
    }
}

fn range(length: usize, rng: &mut Rng) -> (usize, usize) {
    let from = rng.usize(..=length);
    let longest = if rng.bool() { 8 } else { length };
    (from, (from + rng.usize(..=longest)).min(length))
}

fn insert(input: &mut Vec<u8>, at: usize, piece: &[u8]) {
    drop(input.splice(at..at, piece.iter().copied()));
}

fn repeat(input: &mut Vec<u8>, (from, to): (usize, usize), rng: &mut Rng) {
    let piece = input[from..to].to_vec();
    let most = if rng.u8(..) < 8 { 2_000 } else { 8 };
    insert(input, to, &piece.repeat(rng.usize(1..=most).min(LONGEST / piece.len().max(1))));
}

/// Brackets that are opened and never closed; rarely very many.
fn deep(rng: &mut Rng) -> Vec<u8> {
    let most = if rng.u8(..) < 8 { 200_000 } else { 300 };
    let opening: &[u8] = if rng.bool() { b"[" } else { b"{\"a\":" };
    opening.repeat(rng.usize(1..=most))
}

/// Another number where one stands after `from`.
fn number(input: &mut Vec<u8>, from: usize, rng: &mut Rng) {
    let Some(begin) = input[from..].iter().position(u8::is_ascii_digit).map(|at| from + at) else { return };
    let end = input[begin..].iter().position(|byte| !byte.is_ascii_digit()).map_or(input.len(), |at| begin + at);
    drop(input.splice(begin..end, odd::number(rng).to_string().into_bytes()));
}
