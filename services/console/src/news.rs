//! What is new: reports that were received, corrected, withdrawn or refused, and agencies that are overdue.
//!
//! A background task follows two facts on the log, from a recent sequence on, and remembers the newest of them, so
//! that a request reads neither the log nor the whole index. Who is overdue follows from the roster and the index.

mod atom;
mod follow;
mod mark;
mod overdue;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use access::Caller;
use proto::v1::ReportSubmitted;
use report::{Region, Verdict};
use search::CurrentReader;
use worker::Worker;

use crate::app::App;
use crate::params::Params;
use crate::problem::Problem;
use crate::{region_lookup, regional};

pub(crate) use atom::feed;
pub(crate) use mark::Mark;

/// Items in memory, 1 KB each: a province has so many in a week of January.
const MAX_ITEMS: usize = 10_000;

/// What happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A report was received for the first time.
    Received,
    /// A new version of a report was received.
    Corrected,
    /// A report was withdrawn.
    Withdrawn,
    /// A file was not accepted.
    Refused,
    /// An agency did not report in time.
    Overdue,
}

impl Kind {
    pub(crate) const ALL: [Self; 5] =
        [Self::Received, Self::Corrected, Self::Withdrawn, Self::Refused, Self::Overdue];

    /// Its name in addresses and in JSON.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Received => "received",
            Self::Corrected => "corrected",
            Self::Withdrawn => "withdrawn",
            Self::Refused => "refused",
            Self::Overdue => "overdue",
        }
    }

    pub(crate) fn title(self) -> &'static str {
        match self {
            Self::Received => "新报送",
            Self::Corrected => "更正",
            Self::Withdrawn => "撤回",
            Self::Refused => "未接收",
            Self::Overdue => "逾期未报送",
        }
    }

    fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == name)
    }
}

/// Something that happened.
#[derive(Debug, Clone)]
pub(crate) struct Item {
    pub(crate) kind: Kind,
    /// Stable: the same in every answer and on every console.
    pub(crate) id: String,
    /// Its sequence on the log; none for an overdue agency, which is no fact.
    pub(crate) sequence: Option<u64>,
    pub(crate) at_ms: i64,
    /// What `/reports/{id}` takes; none where there is no report.
    pub(crate) report: Option<String>,
    pub(crate) agency: Option<String>,
    pub(crate) region: Option<Region>,
    pub(crate) year: Option<u16>,
    pub(crate) file_name: Option<String>,
    pub(crate) verdict: Option<Verdict>,
    /// Why the file was not accepted, or the report withdrawn; by when the agency had to report.
    pub(crate) why: Option<String>,
    /// The submission, for who may see a file that was not accepted.
    submitted: Option<Arc<ReportSubmitted>>,
}

impl Item {
    /// `某市财政局2024年度报告`; the name of the file where the report does not say.
    pub(crate) fn title(&self) -> String {
        match (&self.agency, self.year) {
            (Some(agency), Some(year)) => format!("{agency}{year}年度报告"),
            (Some(agency), None) => agency.clone(),
            (None, _) => self.file_name.clone().unwrap_or_else(|| "未命名的文件".into()),
        }
    }

    fn is_visible_to(&self, caller: &Caller) -> bool {
        let is_sender = || self.submitted.as_ref().is_some_and(|submitted| caller.may_follow(submitted));
        let region = self.region.as_ref().map(|region| region.code.as_str());
        match self.kind {
            Kind::Refused => caller.sees_all() || is_sender(),
            _ => caller.may_see(region, self.agency.as_deref()),
        }
    }
}

/// Which items are asked for.
#[derive(Debug, Default)]
pub(crate) struct Filter {
    /// None for every kind.
    kinds: Vec<Kind>,
    /// The code of a region with everything in it; empty for all.
    region: String,
    /// Words in the title.
    words: String,
}

impl Filter {
    /// The filter of the parameters `kind`, `region` and `q`.
    ///
    /// # Errors
    /// If there is no such kind, or no such region.
    pub(crate) fn parse(params: &Params) -> Result<Self, Problem> {
        let kinds = params.0.iter().filter(|(name, _)| name == "kind");
        let kinds = kinds.map(|(_, value)| Kind::parse(value).ok_or_else(|| no_such_kind(value)));
        let region = match params.get("region").unwrap_or_default().trim() {
            "" => String::new(),
            text => {
                let region = region_lookup::find(text).map_err(|problem| {
                    let hint = "写区划代码，例如 3704，或者写全称，例如山东省枣庄市。";
                    Problem::bad_parameter("region", problem.detail).hint(hint)
                })?;
                regional::prefix(&region).to_owned()
            }
        };
        let words = params.get("q").unwrap_or_default().trim().to_owned();
        Ok(Self { kinds: kinds.collect::<Result<_, _>>()?, region, words })
    }

    fn takes(&self, item: &Item) -> bool {
        let code = item.region.as_ref().map(|region| region.code.as_str()).unwrap_or_default();
        (self.kinds.is_empty() || self.kinds.contains(&item.kind))
            && code.starts_with(&self.region)
            && (self.words.is_empty() || item.title().contains(&self.words))
    }
}

fn no_such_kind(value: &str) -> Problem {
    let problem = Problem::bad_parameter("kind", format!("没有类别“{value}”。"));
    problem.hint("可用 received、corrected、withdrawn、refused、overdue。")
}

/// What this process remembers of the log.
pub(crate) struct News {
    remembered: Arc<Mutex<Remembered>>,
    overdue: overdue::Overdue,
}

#[derive(Debug, Default)]
struct Remembered {
    /// When the log was made: a sequence means nothing on another.
    log_made_at_ms: i64,
    /// By their sequences.
    items: BTreeMap<u64, Item>,
}

impl Remembered {
    fn add(&mut self, sequence: u64, item: Item) {
        self.items.insert(sequence, item);
        if self.items.len() > MAX_ITEMS {
            self.items.pop_first();
        }
    }
}

impl News {
    /// Starts to follow the log; the tasks end at shutdown.
    pub(crate) fn start(worker: &Worker, index: &Arc<CurrentReader>) -> Self {
        let remembered = Arc::new(Mutex::new(Remembered::default()));
        tokio::spawn(follow::follow(worker.clone(), index.clone(), remembered.clone()));
        Self { remembered, overdue: overdue::Overdue::default() }
    }

    fn remembered(&self) -> MutexGuard<'_, Remembered> {
        self.remembered.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What a caller may see of the log after a mark, oldest first, at most `limit` items; and the mark behind them.
    pub(crate) fn after(
        &self,
        caller: &Caller,
        filter: &Filter,
        after: &Mark,
        limit: usize,
    ) -> (Vec<Item>, Mark) {
        let remembered = self.remembered();
        let mut mark = after.on_log(remembered.log_made_at_ms);
        let mut items = Vec::new();
        for (sequence, item) in &remembered.items {
            if mark.is_after(item.kind, *sequence) {
                continue;
            }
            if filter.takes(item) && item.is_visible_to(caller) {
                if items.len() == limit {
                    break;
                }
                items.push(item.clone());
            }
            mark.pass(item.kind, *sequence);
        }
        (items, mark)
    }

    /// What a caller may see, latest first; overdue agencies with the day after their deadline.
    pub(crate) async fn latest(
        &self,
        app: &App,
        caller: &Caller,
        filter: &Filter,
    ) -> Result<Vec<Item>, Problem> {
        let takes = |item: &&Item| filter.takes(item) && item.is_visible_to(caller);
        let overdue = self.overdue.now(app).await?;
        let mut items: Vec<Item> = self.remembered().items.values().filter(takes).cloned().collect();
        items.extend(overdue.iter().filter(takes).cloned());
        items.sort_by_key(|item| std::cmp::Reverse(item.at_ms));
        Ok(items)
    }

    /// The agencies that are overdue, as far as a caller may see them.
    pub(crate) async fn overdue(
        &self,
        app: &App,
        caller: &Caller,
        filter: &Filter,
    ) -> Result<Vec<Item>, Problem> {
        let overdue = self.overdue.now(app).await?;
        let takes = |item: &&Item| filter.takes(item) && item.is_visible_to(caller);
        Ok(overdue.iter().filter(takes).cloned().collect())
    }

    /// When the log was made.
    pub(crate) fn log_made_at_ms(&self) -> i64 {
        self.remembered().log_made_at_ms
    }

    /// The same mark on this log; the beginning where it is of another log.
    pub(crate) fn known(&self, mark: Mark) -> Mark {
        mark.on_log(self.log_made_at_ms())
    }

    /// The mark behind everything that is remembered now.
    pub(crate) fn mark(&self, now_ms: i64) -> Mark {
        let remembered = self.remembered();
        let mut mark = Mark::default().on_log(remembered.log_made_at_ms);
        mark.looked_at_ms = now_ms;
        remembered.items.iter().for_each(|(sequence, item)| mark.pass(item.kind, *sequence));
        mark
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    pub(super) fn item(kind: Kind, sequence: u64, region: &str) -> Item {
        Item {
            kind,
            id: sequence.to_string(),
            sequence: Some(sequence),
            at_ms: sequence as i64,
            report: None,
            agency: Some("甲局".into()),
            region: Some(Region { code: region.into(), name: String::new() }),
            year: Some(2024),
            file_name: None,
            verdict: None,
            why: None,
            submitted: None,
        }
    }

    fn news(items: impl IntoIterator<Item = Item>) -> News {
        let mut remembered = Remembered { log_made_at_ms: 7, items: BTreeMap::new() };
        items.into_iter().for_each(|item| remembered.add(item.sequence.unwrap(), item));
        News { remembered: Arc::new(Mutex::new(remembered)), overdue: overdue::Overdue::default() }
    }

    fn anybody() -> Caller {
        Caller::service("127.0.0.1")
    }

    fn sequences(items: &[Item]) -> Vec<u64> {
        items.iter().filter_map(|item| item.sequence).collect()
    }

    #[test]
    fn every_item_comes_once_whatever_the_order_in_which_the_facts_arrive() {
        let filter = Filter::default();
        let all = [3, 5, 9].map(|sequence| item(Kind::Received, sequence, "370400"));
        let first = news(all.clone());
        let (items, mark) = first.after(&anybody(), &filter, &Mark::default(), 2);
        assert_eq!(sequences(&items), [3, 5]);
        let (items, mark) = first.after(&anybody(), &filter, &mark, 2);
        assert_eq!(sequences(&items), [9]);
        // The refusals of the log arrive by another way, and late.
        let late = item(Kind::Refused, 4, "370400");
        let (items, mark) = news(all.into_iter().chain([late])).after(&anybody(), &filter, &mark, 9);
        assert_eq!(sequences(&items), [4]);
        assert_eq!(mark.to_string(), "7-9-4-0");
    }

    #[test]
    fn the_mark_of_another_log_counts_for_nothing() {
        let news = news([item(Kind::Received, 3, "370400")]);
        let mark: Mark = "6-100-100-0".parse().unwrap();
        assert_eq!(sequences(&news.after(&anybody(), &Filter::default(), &mark, 9).0), [3]);
    }

    #[test]
    fn a_filter_takes_kinds_regions_and_words() {
        let check = |query: &str, expected: &[u64]| {
            let filter = Filter::parse(&Params::parse(query)).unwrap();
            let items = [
                item(Kind::Received, 1, "370400"),
                item(Kind::Refused, 2, "370402"),
                item(Kind::Received, 3, "61"),
            ];
            let found = news(items).after(&anybody(), &filter, &Mark::default(), 9).0;
            assert_eq!(sequences(&found), expected, "{query}");
        };
        check("", &[1, 2, 3]);
        check("kind=received", &[1, 3]);
        check("kind=received&kind=refused&region=37", &[1, 2]);
        check("region=370400", &[1, 2]);
        check("region=%E6%9E%A3%E5%BA%84%E5%B8%82", &[1, 2]);
        check("region=370402", &[2]);
        check("q=%E7%94%B2%E5%B1%802024", &[1, 2, 3]);
        check("q=%E4%B9%99", &[]);
        for wrong in ["kind=all", "region=%E5%B1%B1%E4%B8%9C"] {
            assert!(Filter::parse(&Params::parse(wrong)).is_err(), "{wrong}");
        }
    }

    #[test]
    fn the_oldest_items_are_forgotten() {
        let many = (1..=MAX_ITEMS as u64 + 5).map(|sequence| item(Kind::Received, sequence, "370400"));
        let remembered = news(many);
        let items = &remembered.remembered().items;
        assert_eq!((items.len(), items.first_key_value().map(|(first, _)| *first)), (MAX_ITEMS, Some(6)));
    }
}
