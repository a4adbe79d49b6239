//! Which properties the bytes of the text have: pages of 512 bytes, each with runs of bytes.

use crate::compound::u32_at;

/// Bytes of the text with the same properties.
pub(super) struct Run<'a> {
    pub(super) start: u32,
    pub(super) end: u32,
    /// Characters: a list of properties. Paragraphs: the number of a style, then the list.
    pub(super) properties: &'a [u8],
}

const PAGE: usize = 512;

/// The runs of characters; `table` lists the pages.
pub(super) fn characters<'a>(table: &[u8], stream: &'a [u8]) -> Vec<Run<'a>> {
    runs(table, stream, 1, |page, at| {
        let size = usize::from(*page.get(at)?);
        page.get(at + 1..at + 1 + size)
    })
}

/// The runs of paragraphs; `table` lists the pages.
pub(super) fn paragraphs<'a>(table: &[u8], stream: &'a [u8]) -> Vec<Run<'a>> {
    runs(table, stream, 13, |page, at| match *page.get(at)? {
        0 => {
            let size = usize::from(*page.get(at + 1)?) * 2;
            page.get(at + 2..at + 2 + size)
        }
        words => page.get(at + 1..at + usize::from(words) * 2),
    })
}

/// All runs in the order of their bytes; each of them has an entry of `width` bytes in its page, whose
/// first byte is the offset of its properties.
fn runs<'a>(
    table: &[u8],
    stream: &'a [u8],
    width: usize,
    properties: impl Fn(&'a [u8], usize) -> Option<&'a [u8]>,
) -> Vec<Run<'a>> {
    // No page is listed twice, so there are no more than the stream has.
    let count = (table.len().saturating_sub(4) / 8).min(stream.len() / PAGE);
    let first = table.len().saturating_sub(4) / 8 * 4 + 4;
    let mut runs = Vec::new();
    for index in 0..count {
        let Some(number) = u32_at(table, first + index * 4) else { break };
        let start = (number & 0x3F_FFFF) as usize * PAGE;
        let Some(page) = stream.get(start..start + PAGE) else { continue };
        let inside = usize::from(page.last().copied().unwrap_or(0));
        for run in 0..inside {
            let (Some(start), Some(end)) = (u32_at(page, run * 4), u32_at(page, run * 4 + 4)) else { break };
            let Some(at) = page.get((inside + 1) * 4 + run * width) else { break };
            let at = usize::from(*at) * 2;
            let found = if at == 0 { None } else { properties(page, at) };
            runs.push(Run { start, end, properties: found.unwrap_or_default() });
        }
    }
    runs.sort_by_key(|run| run.start);
    runs
}

/// The run that a byte lies in.
pub(super) fn find<'r, 'a>(runs: &'r [Run<'a>], at: u32) -> Option<&'r Run<'a>> {
    let index = runs.partition_point(|run| run.start <= at).checked_sub(1)?;
    runs.get(index).filter(|run| at < run.end)
}
