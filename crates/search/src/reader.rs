//! Searching, and fetching one report.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Instant, SystemTime};

use serde::de::IgnoredAny;
use serde_json::{Map, Value};
use tantivy::collector::DocSetCollector;
use tantivy::schema::{Field, IndexRecordOption, Value as _};
use tantivy::{DocAddress, DocSet, IndexReader, ReloadPolicy, Searcher, TantivyDocument, Term};

use crate::compile::{compile, phrases};
use crate::entry::Kept;
use crate::page::{PageCollector, Placed};
use crate::schema::{Fields, Record};
use crate::{Clause, Error, Hit, Index, MAX_LIMIT, Page, Query, analyzer, facets, snippet};

/// A view of the index; see [`Index::reader`].
#[derive(Clone)]
pub struct Reader {
    engine: IndexReader,
    pub(crate) fields: Fields,
    index: tantivy::Index,
    /// The file that each commit replaces.
    meta: PathBuf,
    seen: Arc<Mutex<Option<Stamp>>>,
}

/// What tells one commit's file from the next.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Stamp {
    modified: SystemTime,
    size_bytes: u64,
    inode: u64,
}

/// One report as it is stored.
#[derive(Debug, Clone, PartialEq)]
pub struct Found {
    /// The record: `report::json::review` with `id`, `key`, `version`, `title`, `submission`,
    /// `original`, `file_name`, `submitted_at_ms`, `rules_version`, and `versions`, earliest first.
    pub record: Value,
    /// The plain text of the document.
    pub text: String,
}

/// One report as it was handed to the index.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Whole {
    /// See [`crate::Entry::key`].
    pub key: String,
    /// See [`crate::Entry::id`].
    pub id: String,
    /// See [`crate::Entry::fact`].
    pub fact: Vec<u8>,
    /// See [`Found::record`], without the list of versions.
    pub record: String,
    /// The plain text of the document.
    pub text: String,
}

impl From<Kept> for Whole {
    fn from(kept: Kept) -> Self {
        let Kept { key, current, record, fact, text, .. } = kept;
        Self { key, id: current.id, fact, record, text }
    }
}

impl Reader {
    pub(crate) fn new(index: &Index) -> Result<Self, Error> {
        // A watcher would see a commit half a second late; asking the file costs microseconds.
        let engine = index.engine.reader_builder().reload_policy(ReloadPolicy::Manual).try_into()?;
        let meta = index.folder.join("meta.json");
        Ok(Self {
            engine,
            fields: index.fields.clone(),
            index: index.engine.clone(),
            meta,
            seen: Arc::default(),
        })
    }

    /// The index as of the last commit, whichever process made it.
    pub(crate) fn searcher(&self) -> Result<Searcher, Error> {
        let now = stamp(&self.meta);
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        if now.is_none() || *seen != now {
            self.engine.reload()?;
            *seen = now;
        }
        drop(seen);
        Ok(self.engine.searcher())
    }

    /// Finds reports.
    ///
    /// # Errors
    /// [`Error::BadCursor`], or if the index cannot be read. What was typed is never an error.
    pub fn search(&self, query: &Query) -> Result<Page, Error> {
        let started = Instant::now();
        let (typed, warnings) = crate::parse(&query.text);
        let clause = with_filters(typed.clone(), &query.filters);
        let searcher = self.searcher()?;
        let limit = query.limit.min(MAX_LIMIT);
        // One more than wanted tells whether there is a next page.
        let ahead = if limit == 0 { 0 } else { limit + 1 };
        let facets = facets::Request::new(&query.facets, &clause);
        let run = |relaxed: bool| {
            let page = PageCollector::new(query.sort, ahead, query.cursor.as_deref())?;
            let compiled = compile(&self.fields, &clause, relaxed);
            Ok::<_, Error>(searcher.search(&compiled, &(page, facets.collector()))?)
        };
        let mut relaxed = false;
        let ((mut total, mut placed), mut counts) = run(false)?;
        if total == 0 && phrases(&typed).iter().any(|(_, quoted)| !quoted) {
            ((total, placed), counts) = run(true)?;
            relaxed = total > 0;
        }
        let more = placed.len() > limit;
        placed.truncate(limit);
        let next_cursor = placed.last().filter(|_| more).map(|last| last.cursor(query.sort));
        let wanted = if query.highlight { highlighted(&typed, relaxed) } else { Vec::new() };
        let hits = placed.iter().map(|placed| self.hit(&searcher, placed, &wanted, query.records));
        let hits = hits.collect::<Result<Vec<_>, _>>()?;
        let facets = match counts {
            Some(counts) => facets.counts(self, &searcher, counts)?,
            None => Vec::new(),
        };
        Ok(Page { total, took: started.elapsed(), hits, facets, next_cursor, relaxed, warnings })
    }

    /// The report with this key.
    ///
    /// # Errors
    /// If the index cannot be read.
    pub fn get(&self, key: &str) -> Result<Option<Found>, Error> {
        self.found(self.fields.key, key)
    }

    /// The report that has this id among its versions; the record is that of its current version.
    ///
    /// # Errors
    /// If the index cannot be read.
    pub fn get_by_id(&self, id: &str) -> Result<Option<Found>, Error> {
        self.found(self.fields.id, id)
    }

    /// Hands out every report that `query` finds (its text and filters; the rest is not looked at, and the
    /// match is never relaxed) until `each` says to stop, in the order in which they lie in the index.
    ///
    /// # Errors
    /// If the index cannot be read.
    pub fn each(&self, query: &Query, mut each: impl FnMut(Whole) -> bool) -> Result<(), Error> {
        let (typed, _) = crate::parse(&query.text);
        let compiled = compile(&self.fields, &with_filters(typed, &query.filters), false);
        let searcher = self.searcher()?;
        let mut addresses: Vec<DocAddress> =
            searcher.search(&compiled, &DocSetCollector)?.into_iter().collect();
        addresses.sort_unstable();
        for address in addresses {
            let kept = read_kept(&searcher, &self.fields, address)?;
            if !each(kept.into()) {
                break;
            }
        }
        Ok(())
    }

    /// The report with this key as it was handed to the index; none where it was taken back.
    ///
    /// # Errors
    /// If the index cannot be read.
    pub fn whole(&self, key: &str) -> Result<Option<Whole>, Error> {
        let searcher = self.searcher()?;
        let term = Term::from_field_text(self.fields.key, key);
        let Some(address) = term_address(&searcher, &term)? else { return Ok(None) };
        let kept = read_kept(&searcher, &self.fields, address)?;
        Ok((!kept.is_withdrawn()?).then(|| kept.into()))
    }

    /// Reports in the index, also those that were taken back.
    ///
    /// # Errors
    /// If the index cannot be read.
    pub fn count(&self) -> Result<u64, Error> {
        Ok(self.searcher()?.num_docs())
    }

    /// What the last commit said of itself; see [`crate::Writer::commit`].
    ///
    /// # Errors
    /// If the index cannot be read.
    pub fn payload(&self) -> Result<Option<String>, Error> {
        Ok(self.index.load_metas()?.payload)
    }

    fn found(&self, field: Field, name: &str) -> Result<Option<Found>, Error> {
        let searcher = self.searcher()?;
        let term = Term::from_field_text(field, name);
        let Some(address) = term_address(&searcher, &term)? else { return Ok(None) };
        let stored = Stored::read(&searcher, &self.fields, address)?;
        let record =
            stored.whole_record().map_err(|source| Error::Record { key: name.to_owned(), source })?;
        Ok(Some(Found { record, text: stored.text }))
    }

    fn hit(
        &self,
        searcher: &Searcher,
        placed: &Placed,
        highlighted: &[String],
        with_record: bool,
    ) -> Result<Hit, Error> {
        let stored = Stored::read(searcher, &self.fields, placed.address)?;
        let damaged = |source| Error::Record { key: format!("{:?}", placed.address), source };
        let record: Record = serde_json::from_str(&stored.record).map_err(damaged)?;
        let versions: Vec<IgnoredAny> = serde_json::from_str(&stored.versions).map_err(damaged)?;
        let snippets =
            if highlighted.is_empty() { Vec::new() } else { snippet::snippets(&stored.text, highlighted) };
        Ok(Hit {
            key: record.key,
            id: record.id,
            title: record.title.filter(|title| !title.is_empty()).unwrap_or(record.file_name),
            agency: record.agency,
            year: record.year.and_then(|year| year.try_into().ok()),
            region: record.region.map(|region| report::Region { code: region.code, name: region.name }),
            verdict: record.verdict,
            form: record.form,
            published: record.published,
            versions: versions.len(),
            score: placed.score,
            snippets,
            record: if with_record { Some(stored.whole_record().map_err(damaged)?) } else { None },
        })
    }
}

/// What is stored of a report.
struct Stored {
    record: String,
    versions: String,
    fact: Vec<u8>,
    text: String,
}

impl Stored {
    fn read(searcher: &Searcher, fields: &Fields, address: DocAddress) -> Result<Self, Error> {
        let document: TantivyDocument = searcher.doc(address)?;
        let string = |field| {
            let value = document.get_first(field);
            value.and_then(|value| value.as_str().map(str::to_owned)).unwrap_or_default()
        };
        Ok(Self {
            record: string(fields.record),
            versions: string(fields.versions),
            fact: document
                .get_first(fields.fact)
                .and_then(|fact| fact.as_bytes())
                .unwrap_or_default()
                .to_vec(),
            text: string(fields.text),
        })
    }

    /// The record with the list of versions in it.
    fn whole_record(&self) -> Result<Value, serde_json::Error> {
        let mut record: Map<String, Value> = serde_json::from_str(&self.record)?;
        record.insert("versions".into(), serde_json::from_str(&self.versions)?);
        Ok(record.into())
    }
}

/// The typed clause with the filters beside it, which a relaxed match leaves alone.
pub(crate) fn with_filters(typed: Clause, filters: &[Clause]) -> Clause {
    if filters.is_empty() {
        return typed;
    }
    let mut parts = match typed {
        Clause::And(parts) => parts,
        Clause::All => Vec::new(),
        typed => vec![typed],
    };
    parts.extend(filters.iter().cloned());
    Clause::And(parts)
}

/// The first living document with this term.
pub(crate) fn term_address(searcher: &Searcher, term: &Term) -> Result<Option<DocAddress>, Error> {
    for (ordinal, segment) in searcher.segment_readers().iter().enumerate() {
        let inverted = segment.inverted_index(term.field())?;
        let postings = inverted.read_postings(term, IndexRecordOption::Basic);
        let Some(mut postings) = postings.map_err(tantivy::TantivyError::from)? else { continue };
        while postings.doc() != tantivy::TERMINATED {
            if !segment.is_deleted(postings.doc()) {
                return Ok(Some(DocAddress::new(ordinal as u32, postings.doc())));
            }
            postings.advance();
        }
    }
    Ok(None)
}

/// Where the reports are that have a term of a field from `start` up to `end`, which is not among them.
pub(crate) fn addresses_between(
    searcher: &Searcher,
    field: Field,
    start: &str,
    end: &str,
) -> Result<Vec<DocAddress>, Error> {
    let mut addresses = Vec::new();
    for (ordinal, segment) in searcher.segment_readers().iter().enumerate() {
        let inverted = segment.inverted_index(field)?;
        let mut terms =
            inverted.terms().range().ge(start).lt(end).into_stream().map_err(tantivy::TantivyError::from)?;
        while terms.advance() {
            let postings = inverted.read_postings_from_terminfo(terms.value(), IndexRecordOption::Basic);
            let mut postings = postings.map_err(tantivy::TantivyError::from)?;
            while postings.doc() != tantivy::TERMINATED {
                if !segment.is_deleted(postings.doc()) {
                    addresses.push(DocAddress::new(ordinal as u32, postings.doc()));
                }
                postings.advance();
            }
        }
    }
    Ok(addresses)
}

/// Everything the index keeps of the report at an address.
pub(crate) fn read_kept(searcher: &Searcher, fields: &Fields, address: DocAddress) -> Result<Kept, Error> {
    let Stored { record, versions, fact, text } = Stored::read(searcher, fields, address)?;
    Kept::from_stored(record, &versions, fact, text)
        .map_err(|source| Error::Record { key: format!("{address:?}"), source })
}

/// The full name of the region of the report at an address.
pub(crate) fn read_region(
    searcher: &Searcher,
    fields: &Fields,
    address: DocAddress,
) -> Result<Option<String>, Error> {
    let stored = Stored::read(searcher, fields, address)?;
    let record: Record = serde_json::from_str(&stored.record)
        .map_err(|source| Error::Record { key: format!("{address:?}"), source })?;
    Ok(record.region.map(|region| region.name))
}

/// What to mark in the text of a hit.
pub(crate) fn highlighted(typed: &Clause, relaxed: bool) -> Vec<String> {
    let phrases = phrases(typed).into_iter();
    phrases
        .flat_map(
            |(text, quoted)| {
                if relaxed && !quoted { analyzer::pieces(text) } else { vec![text.to_owned()] }
            },
        )
        .collect()
}

/// None where the file cannot be asked; then every search looks afresh.
fn stamp(meta: &Path) -> Option<Stamp> {
    let metadata = fs::metadata(meta).ok()?;
    #[cfg(unix)]
    let inode = std::os::unix::fs::MetadataExt::ino(&metadata);
    #[cfg(not(unix))]
    let inode = 0;
    Some(Stamp { modified: metadata.modified().ok()?, size_bytes: metadata.len(), inode })
}
