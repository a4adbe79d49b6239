//! Writes an index in a cluster.
//!
//! Every write names the state of the document that it replaces, so what another process wrote meanwhile is never
//! overwritten: the batch fails, and is read, joined and written again. A batch is not written as a whole or not at
//! all; what was written of it is found by the next try, which changes nothing there. The payload, which says how far the
//! index is complete, is written after everything else.

use std::cell::Cell;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::thread;
use std::time::Duration;

use serde_json::{Value, json};

use super::answer::{classified, reason};
use super::document::{ClusterDocument, parts_of};
use super::walk::{ALL_PARTS, Fetched, Seq};
use super::{ClusterError, ClusterIndex, ClusterMethod, PAYLOAD_ID};
use crate::IndexError;
use crate::document::fill;
use crate::engine::{Change, Committed, WriteEngine};
use crate::stored::Packer;
use crate::versions::reading;

/// A cluster refuses requests of a tenth of its memory, and grows slow long before.
const BULK_BYTES: usize = 4 << 20;
/// Documents that one request fetches.
const DOCUMENTS_AT_ONCE: usize = 400;
/// How often what a busy cluster did not take is sent again, and how long the first pause is; each is twice the one
/// before.
const TRIES: u32 = 5;
const FIRST_PAUSE: Duration = Duration::from_millis(200);

/// The one writer of an index in a cluster.
pub(crate) struct ClusterWriter {
    index: ClusterIndex,
    packer: Packer,
    /// What was fetched and not loaded yet; none where the cluster has no such report.
    fetched: HashMap<String, Option<Fetched>>,
    /// The states of the reports that were loaded since the last commit.
    loaded: HashMap<String, Option<Seq>>,
    /// The reports that have readings of an original, by its digits, since the last commit.
    originals: HashMap<String, (BTreeSet<String>, Option<Seq>)>,
    /// The state of the payload as this writer left it.
    payload: Option<Seq>,
    is_outdated: bool,
    count: Cell<u64>,
}

/// One write of a request.
struct Item {
    /// What a message calls it: the key of a report.
    name: String,
    lines: String,
}

impl Item {
    fn write(index: &str, id: &str, seq: Option<Seq>, source: &Value) -> Self {
        let action = match seq {
            Some(Seq { number, term }) => {
                json!({"index": {"_index": index, "_id": id, "if_seq_no": number, "if_primary_term": term}})
            }
            None => json!({"create": {"_index": index, "_id": id}}),
        };
        Self { name: id.to_owned(), lines: format!("{action}\n{source}\n") }
    }

    fn delete(index: &str, id: &str, seq: Seq) -> Self {
        let Seq { number, term } = seq;
        let action =
            json!({"delete": {"_index": index, "_id": id, "if_seq_no": number, "if_primary_term": term}});
        Self { name: id.to_owned(), lines: format!("{action}\n") }
    }
}

impl ClusterWriter {
    pub(crate) fn new(index: ClusterIndex) -> Result<Self, IndexError> {
        let packer = Packer::new().map_err(|error| ClusterError::Unreachable(error.to_string()))?;
        let payload =
            index.documents(&index.state, &[PAYLOAD_ID], &["payload"])?.into_iter().next().flatten();
        Ok(Self {
            index,
            packer,
            fetched: HashMap::new(),
            loaded: HashMap::new(),
            originals: HashMap::new(),
            payload: payload.map(|payload| payload.seq),
            is_outdated: false,
            count: Cell::new(0),
        })
    }

    fn fetch(&mut self, keys: &[&str]) -> Result<(), IndexError> {
        for keys in keys.chunks(DOCUMENTS_AT_ONCE) {
            for (key, found) in keys.iter().zip(self.index.reports_by_key(keys, ALL_PARTS)?) {
                self.fetched.insert((*key).to_owned(), found);
            }
        }
        Ok(())
    }

    fn fetch_originals(&mut self, originals: &BTreeSet<String>) -> Result<(), IndexError> {
        let unknown = originals.iter().filter(|digits| !self.originals.contains_key(*digits));
        let unknown: Vec<&str> = unknown.map(String::as_str).collect();
        for digits in unknown.chunks(DOCUMENTS_AT_ONCE) {
            let found = self.index.documents(&self.index.state, digits, &["keys"])?;
            for (digits, found) in digits.iter().zip(found) {
                let keys = found.as_ref().and_then(|found| found.source.get("keys")?.as_array());
                let keys =
                    keys.into_iter().flatten().filter_map(|key| Some(key.as_str()?.to_owned())).collect();
                self.originals.insert((*digits).to_owned(), (keys, found.map(|found| found.seq)));
            }
        }
        Ok(())
    }

    /// Names the reports of these changes with the originals of their readings, before the reports are written: a
    /// reading that names another report later has to find all of them.
    fn write_originals(&mut self, changes: &[Change<'_>]) -> Result<(), IndexError> {
        let mut wanted: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for Change { key, report, .. } in changes {
            let ids = report.iter().flat_map(|report| report.versions.keys());
            for (digits, _) in ids.filter_map(|id| reading(id)) {
                wanted.entry(digits.to_owned()).or_default().insert((*key).to_owned());
            }
        }
        self.fetch_originals(&wanted.keys().cloned().collect())?;
        let mut items = Vec::new();
        for (digits, keys) in wanted {
            let Some((known, seq)) = self.originals.get_mut(&digits) else { continue };
            if keys.is_subset(known) {
                continue;
            }
            known.extend(keys);
            items.push(Item::write(&self.index.state, &digits, *seq, &json!({"keys": known})));
        }
        self.send(items, "false")
    }

    fn write_reports(&mut self, changes: &[Change<'_>]) -> Result<(), IndexError> {
        let unloaded: Vec<&str> =
            changes.iter().map(|change| change.key).filter(|key| !self.loaded.contains_key(*key)).collect();
        self.fetch(&unloaded)?;
        for key in unloaded {
            let seq = self.fetched.remove(key).flatten().map(|found| found.seq);
            self.loaded.insert(key.to_owned(), seq);
        }
        let mut items = Vec::new();
        for Change { key, report, acts } in changes {
            let seq = self.loaded.get(*key).copied().flatten();
            match (report, seq) {
                (None, None) => (),
                (None, Some(seq)) => items.push(Item::delete(&self.index.reports, key, seq)),
                (Some(report), seq) => {
                    let mut document = ClusterDocument::default();
                    fill(&mut document, report, acts, &mut self.packer)
                        .map_err(|source| IndexError::Damaged { key: (*key).to_owned(), source })?;
                    items.push(Item::write(&self.index.reports, key, seq, &document.0.into()));
                }
            }
        }
        self.send(items, "true")
    }

    fn write_payload(&mut self, payload: &str) -> Result<(), IndexError> {
        let id = PAYLOAD_ID;
        let condition = match self.payload {
            Some(Seq { number, term }) => format!("if_seq_no={number}&if_primary_term={term}"),
            None => "op_type=create".to_owned(),
        };
        let path = format!("/{}/_doc/{id}?{condition}", self.index.state);
        let written = self.index.ask_about(ClusterMethod::Put, path, json!({"payload": payload}).to_string());
        let written = match written {
            Err(IndexError::Cluster(ClusterError::Conflict(_))) => {
                self.is_outdated = true;
                return Err(ClusterError::Conflict(format!("the position of {}", self.index.reports)).into());
            }
            // The write may have been carried out: its number is not known any more.
            Err(error) => {
                self.is_outdated = true;
                return Err(error);
            }
            Ok(written) => written,
        };
        let number = |name: &str| written.get(name).and_then(Value::as_u64);
        let seq = number("_seq_no").zip(number("_primary_term"));
        self.payload = seq.map(|(number, term)| Seq { number, term });
        Ok(())
    }

    /// Sends writes, in requests that a cluster takes. What it is too busy for is sent again.
    fn send(&mut self, items: Vec<Item>, refresh: &str) -> Result<(), IndexError> {
        let mut request: Vec<Item> = Vec::new();
        let mut size_bytes = 0;
        for item in items {
            if size_bytes + item.lines.len() > BULK_BYTES && !request.is_empty() {
                self.send_patiently(std::mem::take(&mut request), refresh)?;
                size_bytes = 0;
            }
            size_bytes += item.lines.len();
            request.push(item);
        }
        self.send_patiently(request, refresh)
    }

    fn send_patiently(&mut self, mut items: Vec<Item>, refresh: &str) -> Result<(), IndexError> {
        let mut pause = FIRST_PAUSE;
        for attempt in 1.. {
            if items.is_empty() {
                break;
            }
            let why;
            (items, why) = self.send_once(items, refresh)?;
            if !items.is_empty() && attempt == TRIES {
                return Err(ClusterError::Busy(why).into());
            }
            if !items.is_empty() {
                thread::sleep(pause);
                pause *= 2;
            }
        }
        Ok(())
    }

    /// Sends writes in one request. Returns those that the cluster was too busy for.
    ///
    /// # Errors
    /// The first that it did not carry out for another reason.
    fn send_once(&mut self, items: Vec<Item>, refresh: &str) -> Result<(Vec<Item>, String), IndexError> {
        let body: String = items.iter().map(|item| &*item.lines).collect();
        let answer = self.index.ask_about(ClusterMethod::Post, format!("/_bulk?refresh={refresh}"), body);
        let answer = match answer {
            // Nothing of it was carried out.
            Err(IndexError::Cluster(ClusterError::Busy(why))) => return Ok((items, why)),
            answer => answer?,
        };
        let outcomes = answer.get("items").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
        if outcomes.len() != items.len() {
            let why = format!("{} writes have {} outcomes", items.len(), outcomes.len());
            return Err(ClusterError::Unreachable(why).into());
        }
        let (mut again, mut busy) = (Vec::new(), String::new());
        let mut failed: Option<ClusterError> = None;
        for (item, outcome) in items.into_iter().zip(outcomes) {
            match outcome_of(&item.name, outcome) {
                Ok(()) => (),
                Err(ClusterError::Busy(why)) => {
                    busy = why;
                    again.push(item);
                }
                Err(error) => {
                    self.is_outdated |= matches!(error, ClusterError::Conflict(_));
                    failed = Some(worse(failed, error));
                }
            }
        }
        match failed {
            Some(error) => Err(error.into()),
            None => Ok((again, busy)),
        }
    }
}

/// The outcome of one write.
fn outcome_of(name: &str, outcome: &Value) -> Result<(), ClusterError> {
    let outcome = outcome.as_object().and_then(|outcome| outcome.values().next());
    let status = outcome.and_then(|outcome| outcome.get("status")?.as_u64()).unwrap_or_default();
    let status = u16::try_from(status).unwrap_or_default();
    let error = outcome.and_then(|outcome| outcome.get("error"));
    if (200..300).contains(&status) && error.is_none() {
        return Ok(());
    }
    let kind = error.and_then(|error| error.get("type")?.as_str()).unwrap_or_default();
    let why = error.map(reason).unwrap_or_default();
    Err(match classified(status, kind, why) {
        ClusterError::Unexpected { status: 400, why } => ClusterError::Refused { key: name.to_owned(), why },
        ClusterError::Conflict(_) => ClusterError::Conflict(format!("the report {name}")),
        other => other,
    })
}

/// Of two errors of one request the one that says more: a report is at fault only where nothing else is.
fn worse(one: Option<ClusterError>, other: ClusterError) -> ClusterError {
    match one {
        Some(one) if !matches!(one, ClusterError::Refused { .. }) => one,
        Some(one) if matches!(other, ClusterError::Refused { .. }) => one,
        _ => other,
    }
}

impl WriteEngine for ClusterWriter {
    fn expect(&mut self, keys: BTreeSet<String>, originals: BTreeSet<String>) -> Result<(), IndexError> {
        let unknown = |key: &&String| !self.fetched.contains_key(*key) && !self.loaded.contains_key(*key);
        let keys: Vec<&str> = keys.iter().filter(unknown).map(String::as_str).collect();
        self.fetch(&keys)?;
        self.fetch_originals(&originals)
    }

    fn load(&mut self, key: &str) -> Result<Option<Committed>, IndexError> {
        if !self.fetched.contains_key(key) {
            self.fetch(&[key])?;
        }
        let found = self.fetched.remove(key).flatten();
        self.loaded.insert(key.to_owned(), found.as_ref().map(|found| found.seq));
        let Some(found) = found else { return Ok(None) };
        let parts = parts_of(key, &found.source)?;
        Ok(Some((parts.indexed()?, parts.acts()?)))
    }

    fn keys_of(&mut self, digits: &str) -> Result<BTreeSet<String>, IndexError> {
        self.fetch_originals(&BTreeSet::from([digits.to_owned()]))?;
        Ok(self.originals.get(digits).map(|(keys, _)| keys.clone()).unwrap_or_default())
    }

    fn commit(&mut self, changes: &[Change<'_>], payload: &str) -> Result<(), IndexError> {
        self.write_originals(changes)?;
        self.write_reports(changes)?;
        self.write_payload(payload)?;
        self.undo();
        Ok(())
    }

    fn undo(&mut self) {
        self.fetched.clear();
        self.loaded.clear();
        self.originals.clear();
    }

    fn count(&self) -> u64 {
        // A measure only: where the cluster does not answer, the last number stays.
        if let Ok(count) = self.index.count(&json!({"match_all": {}})) {
            self.count.set(count);
        }
        self.count.get()
    }

    fn is_outdated(&self) -> bool {
        self.is_outdated
    }
}
