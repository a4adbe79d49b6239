//! The four ways in which an attempt at a message can end.

use blobs::{GetError, PutError};
use bus::{Delivery, PublishError};
use proto::{RefusalClass, v1};

/// The result of a handler.
pub type Handled<N> = Result<Done<N>, HandlerError>;

/// The fact was handled: publish these facts, in order; mostly one.
#[derive(Debug, Clone, PartialEq)]
pub struct Done<N>(pub Vec<N>);

/// The fact was not handled.
#[derive(Debug)]
pub enum HandlerError {
    /// The report is at fault: publish the refusal, and do not retry.
    Refused(Refusal),
    /// We are at fault, or the report crashes us: retry, and give up after [`crate::retry::ATTEMPTS`] unless
    /// most other attempts fail as well.
    Failed(anyhow::Error),
    /// A dependency that every report needs is unavailable, full or broken: retry until it works. The report
    /// is never at fault, so it is not refused.
    Blocked(anyhow::Error),
    /// The fact costs too much to be handled beside others: handle it once more in [`Lane::Slow`]. A stage
    /// without a slow lane takes it for a failure.
    Deferred(anyhow::Error),
}

/// The lane in which a fact is handled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lane {
    /// With as many others as there are permits.
    Ordinary,
    /// Alone, after an attempt in the ordinary lane was deferred.
    Slow,
}

/// Why a report is refused.
#[derive(Debug, Clone, PartialEq)]
pub struct Refusal {
    /// Stable class; `docs/codes.md` lists them.
    pub class: RefusalClass,
    /// For the sender, in Chinese.
    pub message: String,
    /// For the operator, in English.
    pub detail: String,
    /// Where in the source, if it concerns one position.
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

impl From<Refusal> for HandlerError {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

/// Any other error in a handler is our fault; an error of the store or the bus blocks.
impl<E: Into<anyhow::Error>> From<E> for HandlerError {
    fn from(error: E) -> Self {
        let error = error.into();
        let blocks = matches!(error.downcast_ref(), Some(PutError::Store(_)))
            || matches!(error.downcast_ref(), Some(GetError::Store(..)))
            || matches!(error.downcast_ref(), Some(PublishError::Unavailable { .. }));
        if blocks { Self::Blocked(error) } else { Self::Failed(error) }
    }
}

impl Refusal {
    /// A refusal of the whole report.
    pub fn new(class: RefusalClass, message: impl Into<String>, detail: impl Into<String>) -> Self {
        Self { class, message: message.into(), detail: detail.into(), origin: None }
    }

    /// The same, with a position in the source.
    #[must_use]
    pub fn at(mut self, origin: v1::Origin) -> Self {
        self.origin = Some(Box::new(origin));
        self
    }

    /// A refusal of an event that cannot be decoded, or contains what this version does not know.
    pub fn undecodable(detail: impl Into<String>) -> Self {
        let message = "系统内部消息无法识别，报告未能处理，请联系管理员。";
        Self::new(RefusalClass::UndecodableEvent, message, detail)
    }

    pub(crate) fn gave_up(last: &anyhow::Error) -> Self {
        Self::new(
            RefusalClass::GaveUp,
            "系统多次处理这份报告均未成功，已停止重试；报告本身未必有误，请联系管理员。",
            format!("{last:#}"),
        )
    }

    pub(crate) fn killed_worker(deliveries: i64) -> Self {
        Self::new(
            RefusalClass::KilledWorker,
            "处理这份报告时程序多次异常退出，已停止处理，请联系管理员。",
            format!("delivered {deliveries} times and never answered"),
        )
    }

    pub(crate) fn too_large(detail: String) -> Self {
        Self::new(RefusalClass::FactTooLarge, "报告内容过大，超出系统可以传递的范围。", detail)
    }

    /// The fact to publish.
    pub(crate) fn into_fact(
        self,
        stage: &str,
        submitted: v1::ReportSubmitted,
        attempts: Vec<v1::Attempt>,
        delivery: &Delivery,
    ) -> v1::ReportRefused {
        let event = &delivery.payload;
        v1::ReportRefused {
            submitted: Some(submitted),
            stage: stage.to_owned(),
            class: self.class.name().to_owned(),
            message: self.message,
            detail: truncated(self.detail),
            origin: self.origin.map(|origin| *origin),
            attempts,
            event: event.slice(..event.len().min(MAX_EVENT_BYTES)).into(),
            event_subject: delivery.subject.clone(),
        }
    }
}

/// Cuts the text of an error: its beginning names the cause, and a refusal must fit on the bus.
pub(crate) fn truncated(text: String) -> String {
    if text.len() <= MAX_TEXT_BYTES {
        text
    } else {
        text[..text.floor_char_boundary(MAX_TEXT_BYTES)].to_owned()
    }
}

const MAX_TEXT_BYTES: usize = 8 << 10;
/// How much of an event a refusal contains, so that the refusal itself fits on the bus.
const MAX_EVENT_BYTES: usize = 512 << 10;

#[cfg(test)]
mod tests {
    use anyhow::Context as _;

    use super::*;

    #[test]
    fn a_store_that_fails_is_never_the_reports_fault() {
        let blocks = |error: HandlerError| matches!(error, HandlerError::Blocked(_));
        let no_space = || anyhow::anyhow!("no space");
        assert!(blocks(PutError::Store(no_space()).into()));
        assert!(blocks(GetError::Store("ab".into(), no_space()).into()));
        assert!(blocks(
            Err::<(), _>(PutError::Store(no_space())).context("keeping the text").unwrap_err().into()
        ));
        assert!(!blocks(GetError::Missing("ab".into()).into()));
        assert!(!blocks(no_space().into()));
    }
}
