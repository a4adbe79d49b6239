//! Reports across agencies: who should report and has not, what the children of a region add up to,
//! who stands out among peers, and whose text is whose copy.
//!
//! Pure functions over reports that are handed in; `console` fetches them from the index.

mod division;
mod figures;
mod forest;
mod member;
mod name;
mod roll_up;
mod roster;
mod tally;
mod walk;

pub use division::Level;
pub use figures::Figures;
pub use member::{Member, Scope};
pub use roll_up::{Contributor, Doubt, DoubtKind, Gap, How, RollUp, ScopeSource, Sum, Whole, roll_up};
pub use roster::{Agency, Fault, FaultKind, Roster, WrongRoster};
