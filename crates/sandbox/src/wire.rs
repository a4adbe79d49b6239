//! The framing on the pipes: a header of a few numbers, then a head, then a body.
//!
//! Parent and child are the same program, so the format needs no version.

use std::time::Duration;

use crate::Confinement;

/// Bytes of a request's header: the lengths of head and body.
pub(crate) const REQUEST_HEADER: usize = 16;
/// Bytes of a response's header: the lengths of head and body, the cost, and what confines the child.
pub(crate) const RESPONSE_HEADER: usize = 40;

pub(crate) struct Lengths {
    pub(crate) head: u64,
    pub(crate) body: u64,
}

impl Lengths {
    pub(crate) fn of(head: &[u8], body: &[u8]) -> Self {
        Self { head: head.len() as u64, body: body.len() as u64 }
    }

    pub(crate) fn total(&self) -> u64 {
        self.head.saturating_add(self.body)
    }
}

/// What a response cost.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Cost {
    pub(crate) cpu: Duration,
    pub(crate) peak_bytes: u64,
}

pub(crate) fn request_header(lengths: &Lengths) -> [u8; REQUEST_HEADER] {
    encode([lengths.head, lengths.body])
}

pub(crate) fn read_request_header(bytes: [u8; REQUEST_HEADER]) -> Lengths {
    Lengths { head: decode(&bytes, 0), body: decode(&bytes, 1) }
}

pub(crate) fn response_header(
    lengths: &Lengths,
    cost: Cost,
    confinement: Confinement,
) -> [u8; RESPONSE_HEADER] {
    let micros = u64::try_from(cost.cpu.as_micros()).unwrap_or(u64::MAX);
    encode([lengths.head, lengths.body, micros, cost.peak_bytes, confinement.to_bits()])
}

pub(crate) fn read_response_header(bytes: [u8; RESPONSE_HEADER]) -> (Lengths, Cost, Confinement) {
    let lengths = Lengths { head: decode(&bytes, 0), body: decode(&bytes, 1) };
    let cost = Cost { cpu: Duration::from_micros(decode(&bytes, 2)), peak_bytes: decode(&bytes, 3) };
    (lengths, cost, Confinement::from_bits(decode(&bytes, 4)))
}

fn encode<const COUNT: usize, const BYTES: usize>(numbers: [u64; COUNT]) -> [u8; BYTES] {
    let mut bytes = [0; BYTES];
    for (target, number) in bytes.chunks_exact_mut(8).zip(numbers) {
        target.copy_from_slice(&number.to_le_bytes());
    }
    bytes
}

fn decode(bytes: &[u8], index: usize) -> u64 {
    let bytes = bytes[index * 8..][..8].try_into().expect("the slice has eight bytes");
    u64::from_le_bytes(bytes)
}
