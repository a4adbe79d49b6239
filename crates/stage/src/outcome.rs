//! The ways in which an attempt at a message can end, decided once.

use bytes::Bytes;
use proto::{RefusalClass, v1};

use crate::originals::{NotGot, NotStored};
use crate::publish::NotPublished;

/// What a handler gives back.
pub type Handled<N> = Result<Done<N>, Trouble>;

/// The report was handled: the facts to publish, in order; mostly one.
#[derive(Debug, Clone, PartialEq)]
pub struct Done<N>(pub Vec<N>);

/// It was not.
#[derive(Debug)]
pub enum Trouble {
    /// The report's fault: it is told why and goes no further.
    Refused(Refusal),
    /// Ours, or a report that breaks us: tried again, and given up after [`crate::retry::ATTEMPTS`], unless
    /// others fail as well.
    Failed(anyhow::Error),
    /// Something that all reports lean on is away, full or broken: tried until that is over. It is never
    /// the report's fault, so it refuses nobody.
    Blocked(anyhow::Error),
}

/// Why a report goes no further.
#[derive(Debug, Clone, PartialEq)]
pub struct Refusal {
    /// Stable class; `docs/codes.md` lists them.
    pub class: RefusalClass,
    /// For the submitter, Chinese.
    pub message: String,
    /// For the operator, English.
    pub detail: String,
    /// Where in the source, if it is one place.
    pub origin: Option<Box<v1::Origin>>,
}

impl<N> Done<N> {
    /// Nothing to publish.
    pub fn nothing() -> Self {
        Self(Vec::new())
    }
}

impl<N> From<N> for Done<N> {
    fn from(fact: N) -> Self {
        Self(vec![fact])
    }
}

impl From<Refusal> for Trouble {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

/// Whatever else goes wrong in a handler is ours, and where it is the store or the bus it blocks.
impl<E: Into<anyhow::Error>> From<E> for Trouble {
    fn from(error: E) -> Self {
        let error = error.into();
        let blocks = matches!(error.downcast_ref(), Some(NotStored::Store(_)))
            || matches!(error.downcast_ref(), Some(NotGot::Store(..)))
            || matches!(error.downcast_ref(), Some(NotPublished::Unavailable { .. }));
        if blocks { Self::Blocked(error) } else { Self::Failed(error) }
    }
}

impl Refusal {
    /// A refusal of the whole report.
    pub fn new(class: RefusalClass, message: impl Into<String>, detail: impl Into<String>) -> Self {
        Self { class, message: message.into(), detail: detail.into(), origin: None }
    }

    /// The same, at a place in the source.
    #[must_use]
    pub fn at(mut self, origin: v1::Origin) -> Self {
        self.origin = Some(Box::new(origin));
        self
    }

    /// The event cannot be decoded, or says what this version does not know.
    pub fn undecodable(detail: impl Into<String>) -> Self {
        let message = "系统内部消息无法识别，报告未能处理，请联系运维人员。";
        Self::new(RefusalClass::UndecodableEvent, message, detail)
    }

    pub(crate) fn gave_up(last: &anyhow::Error) -> Self {
        Self::new(
            RefusalClass::GaveUp,
            "系统多次处理这份报告均未成功，已停止重试；报告本身未必有误，请联系运维人员。",
            format!("{last:#}"),
        )
    }

    pub(crate) fn killed_worker(deliveries: i64) -> Self {
        Self::new(
            RefusalClass::KilledWorker,
            "处理这份报告时程序多次异常退出，已停止处理，请联系运维人员。",
            format!("delivered {deliveries} times and never answered"),
        )
    }

    pub(crate) fn too_large(detail: String) -> Self {
        Self::new(RefusalClass::FactTooLarge, "报告内容过大，超出系统可以传递的范围。", detail)
    }

    /// The fact that tells of it.
    pub(crate) fn into_fact(
        self,
        stage: &str,
        submitted: v1::ReportSubmitted,
        attempts: Vec<v1::Attempt>,
        subject: &str,
        event: Bytes,
    ) -> v1::ReportRefused {
        v1::ReportRefused {
            submitted: Some(submitted),
            stage: stage.to_owned(),
            class: self.class.name().to_owned(),
            message: self.message,
            detail: bounded(self.detail),
            origin: self.origin.map(|origin| *origin),
            attempts,
            event: event.slice(..event.len().min(LARGEST_EVENT_BYTES)).into(),
            event_subject: subject.to_owned(),
        }
    }
}

/// What an error may tell at most: the beginning names the cause, and a refusal must fit on the bus.
pub(crate) fn bounded(text: String) -> String {
    if text.len() <= LONGEST_TEXT { text } else { text[..text.floor_char_boundary(LONGEST_TEXT)].to_owned() }
}

const LONGEST_TEXT: usize = 8 << 10;
/// How much of an event is kept with its refusal, so that the refusal itself fits on the bus.
const LARGEST_EVENT_BYTES: usize = 512 << 10;

#[cfg(test)]
mod tests {
    use anyhow::Context as _;

    use super::*;

    #[test]
    fn a_store_that_fails_is_never_the_reports_fault() {
        let blocks = |trouble: Trouble| matches!(trouble, Trouble::Blocked(_));
        let no_space = || anyhow::anyhow!("no space");
        assert!(blocks(NotStored::Store(no_space()).into()));
        assert!(blocks(NotGot::Store("ab".into(), no_space()).into()));
        assert!(blocks(
            Err::<(), _>(NotStored::Store(no_space())).context("keeping the text").unwrap_err().into()
        ));
        assert!(!blocks(NotGot::Missing("ab".into()).into()));
        assert!(!blocks(no_space().into()));
    }
}
