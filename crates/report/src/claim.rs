//! What the narrative says in numbers.

use crate::{CellId, Decimal, Origin};

/// A number of the narrative with what it is about.
#[derive(Debug, Clone, PartialEq)]
pub struct Claim {
    /// The words around the number, as printed, e.g. `收到政府信息公开申请9件`.
    pub text: String,
    /// The number; `37.4万` is 374000, `99.9%` is 0.999, `未收到` is 0.
    pub value: Decimal,
    /// The measure word: `件`, `条`, `%`; empty where none follows.
    pub unit: String,
    /// False for 余, 约, 近, 以上 and their like: such a number never fails an equality.
    pub exact: bool,
    /// The cell it speaks of, where that is certain.
    pub about: Option<CellId>,
    /// Where the number stands.
    pub origin: Origin,
}

/// A whole of the narrative and the parts listed for it, as positions in the report's claims.
///
/// Chinese 其中 introduces a list that may be partial: parts that exceed the whole contradict it,
/// parts that fall short of it do so only where the sentence says that they are all.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Breakdown {
    /// The claim that states the whole.
    pub whole: usize,
    /// The claims that state its parts, in their order.
    pub parts: Vec<usize>,
    /// Whether the sentence says that the parts are all (分别为, 包括 … 共).
    pub complete: bool,
}
