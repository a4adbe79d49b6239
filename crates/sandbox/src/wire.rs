//! How questions and answers lie on the pipes: a few numbers, then a head, then a body.
//!
//! Parent and child are the same program, so that neither ever meets another version of this.

use std::time::Duration;

/// Bytes before a question's head: the lengths of head and body.
pub(crate) const QUESTION: usize = 16;
/// Bytes before an answer's head: the lengths of head and body, then what it cost.
pub(crate) const ANSWER: usize = 32;

pub(crate) struct Lengths {
    pub(crate) head: u64,
    pub(crate) body: u64,
}

impl Lengths {
    pub(crate) fn of(head: &[u8], body: &[u8]) -> Self {
        Self { head: head.len() as u64, body: body.len() as u64 }
    }

    pub(crate) fn all(&self) -> u64 {
        self.head.saturating_add(self.body)
    }
}

/// What an answer cost.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Cost {
    pub(crate) cpu: Duration,
    pub(crate) peak_bytes: u64,
}

pub(crate) fn question(lengths: &Lengths) -> [u8; QUESTION] {
    numbers([lengths.head, lengths.body])
}

pub(crate) fn read_question(bytes: [u8; QUESTION]) -> Lengths {
    Lengths { head: number(&bytes, 0), body: number(&bytes, 1) }
}

pub(crate) fn answer(lengths: &Lengths, cost: Cost) -> [u8; ANSWER] {
    let micros = u64::try_from(cost.cpu.as_micros()).unwrap_or(u64::MAX);
    numbers([lengths.head, lengths.body, micros, cost.peak_bytes])
}

pub(crate) fn read_answer(bytes: [u8; ANSWER]) -> (Lengths, Cost) {
    let lengths = Lengths { head: number(&bytes, 0), body: number(&bytes, 1) };
    (lengths, Cost { cpu: Duration::from_micros(number(&bytes, 2)), peak_bytes: number(&bytes, 3) })
}

fn numbers<const COUNT: usize, const BYTES: usize>(numbers: [u64; COUNT]) -> [u8; BYTES] {
    let mut bytes = [0; BYTES];
    for (place, number) in bytes.chunks_exact_mut(8).zip(numbers) {
        place.copy_from_slice(&number.to_le_bytes());
    }
    bytes
}

fn number(bytes: &[u8], index: usize) -> u64 {
    let bytes = bytes[index * 8..][..8].try_into().expect("eight bytes are eight bytes");
    u64::from_le_bytes(bytes)
}
