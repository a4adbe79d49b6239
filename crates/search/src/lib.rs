#![doc = include_str!("../README.md")]

mod analyzer;
mod cell_name;
mod clauses;
mod cluster;
mod cursor;
mod damage;
mod distribution;
mod document;
mod engine;
mod entry;
mod facet_request;
mod figure_query;
mod folder;
mod found;
mod generations;
mod index;
mod millionths;
mod parse;
mod query;
mod reader;
mod records;
mod region;
mod reviews;
mod snippet;
mod stored;
mod sum;
mod versions;
mod walk;
mod writer;

pub use cell_name::{Named, cells_beginning, cells_named, official_name, short_name};
pub use cluster::{
    ClusterAnswer, ClusterError, ClusterMethod, ClusterRequest, ClusterSettings, ClusterTransport,
};
pub use damage::DamageError;
pub use distribution::{Bucket, Distribution, Quartiles};
pub use entry::{Entry, Version, Withdrawal};
pub use found::Found;
pub use generations::{Compatibility, CurrentReader, FolderLock, Generations};
pub use index::{Index, IndexError};
pub use parse::{Choice, FilterError, Parsed, Question, field, parse, read_query};
pub use query::{Clause, Facet, FacetCounts, FacetValue, Hit, MAX_LIMIT, Page, Query, Sort, SortBy, Span};
pub use reader::Reader;
pub use records::{Figure, Record};
pub use reviews::ReportAct;
pub use snippet::{Snippet, highlights};
pub use stored::{Card, CardHandling, StoredParts, StoredReport};
pub use sum::{GroupBy, Sum};
pub use versions::{IndexedReading, Reassignments, current_readings};
pub use writer::{Applied, CurrentReport, Writer};
