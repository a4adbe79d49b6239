//! Numbers of the narrative.

use crate::{Decimal, Origin, Quantity};

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
    /// The quantity that it states, if that is certain.
    pub about: Option<Quantity>,
    /// How it relates to the quantity.
    pub relation: Relation,
    /// Where the number stands.
    pub origin: Origin,
}

/// How a number relates to its quantity.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Relation {
    /// It states the quantity: 收到9件.
    #[default]
    Is,
    /// It states by how much the quantity grew: 较上年增加1件, 同比增长12%. 与上年持平 is 0 above.
    Above,
    /// It states by how much the quantity shrank.
    Below,
}

impl Relation {
    /// The name used in every output.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Is => "is",
            Self::Above => "above",
            Self::Below => "below",
        }
    }
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

/// A percentage of the narrative with what it is the share of, as positions in the report's claims:
/// `258件，占33.9%`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Share {
    /// The claim that states the percentage.
    pub share: usize,
    /// The claim that states the part.
    pub part: usize,
    /// The claim that states the whole.
    pub whole: usize,
}
