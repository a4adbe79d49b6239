//! Questions to a large index on several threads, a segment at a time.

use std::num::NonZeroUsize;
use std::sync::LazyLock;
use std::thread::available_parallelism;

use tantivy::collector::Collector;
use tantivy::query::{EnableScoring, Query};
use tantivy::{Executor, Searcher};

/// A question to fewer reports takes a few milliseconds, of which waking other threads would be a good part.
const MANY_REPORTS: u64 = 5_000;
/// More than four segments of a size that counts are rare.
const MOST_THREADS: usize = 4;

/// The threads of this process that search; made with the first question that needs them.
static THREADS: LazyLock<Executor> = LazyLock::new(|| {
    let cores = available_parallelism().map_or(1, NonZeroUsize::get);
    Executor::multi_thread(cores.min(MOST_THREADS), "search-").unwrap_or(Executor::SingleThread)
});

/// What the collector finds; the same on however many threads.
pub(crate) fn search<C: Collector>(
    searcher: &Searcher,
    query: &dyn Query,
    collector: &C,
) -> tantivy::Result<C::Fruit> {
    if searcher.num_docs() < MANY_REPORTS || searcher.segment_readers().len() < 2 {
        return searcher.search(query, collector);
    }
    search_on(&THREADS, searcher, query, collector)
}

fn search_on<C: Collector>(
    threads: &Executor,
    searcher: &Searcher,
    query: &dyn Query,
    collector: &C,
) -> tantivy::Result<C::Fruit> {
    let scoring = match collector.requires_scoring() {
        true => EnableScoring::enabled_from_searcher(searcher),
        false => EnableScoring::disabled_from_searcher(searcher),
    };
    searcher.search_with_executor(query, collector, threads, scoring)
}

#[cfg(test)]
mod tests {
    use tantivy::collector::{Count, TopDocs};
    use tantivy::query::QueryParser;
    use tantivy::schema::{Schema, TEXT};

    use super::*;

    #[test]
    fn several_threads_find_what_one_finds() {
        let mut schema = Schema::builder();
        let text = schema.add_text_field("text", TEXT);
        let index = tantivy::Index::create_in_ram(schema.build());
        let mut writer: tantivy::IndexWriter = index.writer_with_num_threads(1, 20 << 20).unwrap();
        for words in [&["one two", "two"], &["two two", "three"], &["two one two", "one"]] {
            for words in words {
                let mut document = tantivy::TantivyDocument::new();
                document.add_text(text, words);
                writer.add_document(document).unwrap();
            }
            writer.commit().unwrap();
        }
        let searcher = index.reader().unwrap().searcher();
        assert_eq!(searcher.segment_readers().len(), 3);
        let threads = Executor::multi_thread(2, "search-").unwrap();
        for asked in ["two", "one", "four"] {
            let query = QueryParser::for_index(&index, vec![text]).parse_query(asked).unwrap();
            let collector = (Count, TopDocs::with_limit(3).order_by_score());
            let (alone, together) = (
                searcher.search(&*query, &collector).unwrap(),
                search_on(&threads, &searcher, &*query, &collector).unwrap(),
            );
            assert_eq!(alone, together, "{asked}");
        }
    }
}
