//! The search index: one query model and the engine behind it.
//!
//! An [`Entry`] is one reviewed report. The index keeps one document for each report ([`Entry::key`]):
//! the version submitted last, with the list of the earlier ones. Text is matched character by
//! character (see [`Clause::Phrase`]), every cell of the tables can be filtered, sorted and summed.
//!
//! The index is a cache: it can be rebuilt from the events at any time, and has to be when the schema
//! or the analyzer change ([`Error::NeedsRebuild`]); [`Generations`] does so beside live searches. One [`Writer`] at a time; any number of
//! [`Reader`]s, also in other processes of the same machine. Every call blocks: async callers take
//! them off their threads.
//!
//! Tantivy stays inside this crate: callers see [`Clause`], [`Query`] and [`Page`] only, so that
//! another engine can come behind the same model.

mod analyzer;
mod compile;
mod entry;
mod excluded;
mod facets;
mod generations;
mod index;
mod page;
mod parse;
mod query;
mod reader;
mod region;
mod schema;
mod snippet;
mod sum;
mod writer;

pub use entry::{Entry, Version, Withdrawn};
pub use generations::{Current, Generations, Hold, Maker};
pub use index::{Error, Index};
pub use parse::{BadFilter, field, parse};
pub use query::{Clause, Facet, FacetCounts, FacetValue, Hit, MAX_LIMIT, Page, Query, Sort, SortBy, Span};
pub use reader::{Found, Reader, Whole};
pub use snippet::{Snippet, highlights};
pub use sum::{GroupBy, Sum};
pub use writer::{Applied, Known, Moves, Writer};
