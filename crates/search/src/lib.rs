#![doc = include_str!("../README.md")]

mod analyzer;
mod cells;
mod compile;
mod damage;
mod entry;
mod excluded;
mod facets;
mod generations;
mod index;
mod lookup;
mod millionths;
mod page;
mod parse;
mod query;
mod reader;
mod region;
mod schema;
mod snippet;
mod stored;
mod sum;
mod versions;
mod walk;
mod writer;

pub use damage::DamageError;
pub use entry::{Entry, Version, Withdrawal};
pub use generations::{Compatibility, CurrentReader, FolderLock, Generations};
pub use index::{Index, IndexError};
pub use parse::{FilterError, field, parse};
pub use query::{Clause, Facet, FacetCounts, FacetValue, Hit, MAX_LIMIT, Page, Query, Sort, SortBy, Span};
pub use reader::Reader;
pub use snippet::{Snippet, highlights};
pub use stored::{Card, StoredParts, StoredReport};
pub use sum::{GroupBy, Sum};
pub use versions::{IndexedReading, Reassignments, current_readings};
pub use writer::{Applied, CurrentReport, Writer};
