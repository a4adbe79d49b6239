//! The manifest of a submission: a blob that lists its files and holds all that its facts need, so that a lost
//! log can be rebuilt from the blob store.

use access::Caller;
use proto::v1::{Blob, KnownRefusal, Publication, ReportSubmitted, Scope};
use proto::{RefusalClass, ReportId, ReportIdError};
use serde::{Deserialize, Serialize, Serializer};

/// The content of a submission. Its SHA-256 is the id of the submission.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Manifest {
    /// The sender's Idempotency-Key, or the time in milliseconds: the same key with the same files is the same
    /// submission.
    pub(crate) key: String,
    pub(crate) files: Vec<StoredFile>,
    pub(crate) refused: Vec<StoredRefusal>,
    #[serde(default)]
    pub(crate) terms: Terms,
}

/// A file whose bytes are durable.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct StoredFile {
    pub(crate) file_name: String,
    pub(crate) original: String,
    pub(crate) size_bytes: u64,
    pub(crate) media_type: String,
    /// Why it is no report, where that is known already and nobody got an answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) refused: Option<StoredRefusal>,
}

/// A file that was not accepted, and why.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct RefusedFile {
    pub(crate) file_name: String,
    #[serde(serialize_with = "class_name")]
    pub(crate) class: RefusalClass,
    /// Chinese, for the sender.
    pub(crate) message: String,
}

fn class_name<S: Serializer>(class: &RefusalClass, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(class.name())
}

/// A [`RefusedFile`] in a stored manifest; another version may have written a class that this one does not
/// know.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct StoredRefusal {
    pub(crate) file_name: String,
    pub(crate) class: String,
    pub(crate) message: String,
    /// For the operator, English; empty where the sender knows all there is.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub(crate) detail: String,
}

impl From<StoredRefusal> for KnownRefusal {
    fn from(stored: StoredRefusal) -> Self {
        let StoredRefusal { class, message, detail, .. } = stored;
        Self { class, message, detail }
    }
}

impl From<&RefusedFile> for StoredRefusal {
    fn from(refused: &RefusedFile) -> Self {
        let RefusedFile { file_name, class, message } = refused.clone();
        Self { file_name, class: class.name().to_owned(), message, detail: String::new() }
    }
}

/// What the facts of a submission have in common beside its time. Equal submissions have equal terms.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Terms {
    /// As in `ReportSubmitted`, like the next field.
    pub(crate) door: String,
    #[serde(default)]
    pub(crate) sender: String,
    /// Whether files that were sent before are read again.
    #[serde(default)]
    pub(crate) again: bool,
    #[serde(default)]
    pub(crate) regions: Vec<String>,
    #[serde(default)]
    pub(crate) agencies: Vec<String>,
    /// Where the file was published, if it was fetched there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) published: Option<StoredPublication>,
}

/// A `Publication` in a stored manifest.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct StoredPublication {
    address: String,
    document: String,
    fetched_at_ms: i64,
    replaces: String,
    first: String,
    first_fetched_at_ms: i64,
}

impl From<Publication> for StoredPublication {
    fn from(publication: Publication) -> Self {
        let Publication { address, document, fetched_at_ms, replaces, first, first_fetched_at_ms, .. } =
            publication;
        Self { address, document, fetched_at_ms, replaces, first, first_fetched_at_ms }
    }
}

impl From<StoredPublication> for Publication {
    fn from(stored: StoredPublication) -> Self {
        let StoredPublication { address, document, fetched_at_ms, replaces, first, first_fetched_at_ms } =
            stored;
        let (gone_status, gone_since_ms) = (0, 0);
        Self {
            address,
            document,
            fetched_at_ms,
            replaces,
            first,
            first_fetched_at_ms,
            gone_status,
            gone_since_ms,
        }
    }
}

impl Terms {
    /// The terms of a submission by this caller. `channel` is `http`, `folder` or `kafka`.
    pub(crate) fn of(caller: &Caller, channel: &str, again: bool) -> Self {
        let Scope { regions, agencies } = caller.scope.clone().unwrap_or_default();
        Self {
            door: channel.to_owned(),
            sender: caller.name.clone(),
            again,
            regions,
            agencies,
            published: None,
        }
    }

    /// The scope of the sender, or none if the sender may send anything.
    fn scope(&self) -> Option<Scope> {
        let is_limited = !self.regions.is_empty() || !self.agencies.is_empty();
        is_limited.then(|| Scope { regions: self.regions.clone(), agencies: self.agencies.clone() })
    }

    /// The first generation of the fact about one original.
    ///
    /// # Errors
    /// If the original is not named by a SHA-256.
    pub(crate) fn fact(
        &self,
        submission: &str,
        at_ms: i64,
        file_name: String,
        original: Blob,
    ) -> Result<ReportSubmitted, ReportIdError> {
        Ok(ReportSubmitted {
            id: ReportId::of(&original.sha256, 0)?.to_string(),
            submission: submission.to_owned(),
            original: Some(original),
            file_name,
            submitted_at_ms: at_ms,
            generation: 0,
            door: self.door.clone(),
            withdraws: None,
            sender: self.sender.clone(),
            replays: String::new(),
            scope: self.scope(),
            bulk: false,
            published: self.published.clone().map(Into::into),
            known_refusal: None,
        })
    }
}

impl Manifest {
    /// The id and the file name of each report of the submission.
    pub(crate) fn reports(&self) -> impl Iterator<Item = (String, &str)> {
        self.files.iter().filter_map(|file| {
            let id = ReportId::of(&file.original, 0).ok()?;
            Some((id.to_string(), file.file_name.as_str()))
        })
    }

    /// The facts of the submission, one for each file.
    pub(crate) fn facts(
        self,
        submission: &str,
        at_ms: i64,
    ) -> impl Iterator<Item = Result<ReportSubmitted, ReportIdError>> {
        let Self { files, terms, .. } = self;
        files.into_iter().map(move |file| {
            let StoredFile { file_name, original, size_bytes, media_type, refused } = file;
            let original = Blob { sha256: original, size_bytes, media_type };
            let fact = terms.fact(submission, at_ms, file_name, original)?;
            Ok(ReportSubmitted { known_refusal: refused.map(KnownRefusal::from), ..fact })
        })
    }
}
