//! The child that draws: what it is asked, and what it answers.

use std::process::ExitCode;

use document::{Limits, ReadError};
use prost::Message;
use rendition::{Page, Rendition, RenditionError, Target};

/// The hidden verb under which a program calls [`run_renderer`].
pub(crate) const RENDERER_VERB: &str = "sandboxed-renderer";

/// A page to draw, or the whole rendition where none is named.
#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct Request {
    #[prost(message, optional, tag = "1")]
    pub(super) page: Option<Page>,
    #[prost(message, repeated, tag = "2")]
    pub(super) targets: Vec<Target>,
}

/// The head of an answer; the body is the drawn page.
#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct Answer {
    #[prost(message, optional, tag = "1")]
    pub(super) rendition: Option<Rendition>,
    #[prost(message, optional, tag = "2")]
    pub(super) refused: Option<Refused>,
}

/// Why an original cannot be shown.
#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct Refused {
    /// For the person who asked.
    #[prost(string, tag = "1")]
    pub(super) message: String,
    /// For the operator.
    #[prost(string, tag = "2")]
    pub(super) detail: String,
    #[prost(bool, tag = "3")]
    pub(super) no_such_page: bool,
}

/// The whole `main` of a child; `arguments` are those after [`RENDERER_VERB`].
pub(crate) fn run_renderer(arguments: &[String]) -> ExitCode {
    sandbox::serve(arguments, |request, bytes| {
        let answered = answer(request, &bytes).unwrap_or_else(|error| {
            if let RenditionError::Unreadable(ReadError::OutOfMemory { .. }) = error {
                // Ends this process, as any other failed allocation does.
                std::alloc::handle_alloc_error(std::alloc::Layout::new::<u8>());
            }
            (Answer { rendition: None, refused: Some(refused(&error)) }, Vec::new())
        });
        (answered.0.encode_to_vec(), answered.1)
    })
}

fn answer(request: &[u8], bytes: &[u8]) -> Result<(Answer, Vec<u8>), RenditionError> {
    let limits = Limits::default();
    // Parent and child are the same program; what cannot be decoded asks for nothing.
    let request = Request::decode(request).unwrap_or_default();
    match &request.page {
        Some(page) => Ok((Answer::default(), rendition::draw(bytes, page, &limits)?)),
        None => {
            let rendition = rendition::read(bytes, &request.targets, &limits)?;
            Ok((Answer { rendition: Some(rendition), refused: None }, Vec::new()))
        }
    }
}

fn refused(error: &RenditionError) -> Refused {
    let message = match error {
        RenditionError::Unreadable(error) => error.message(),
        RenditionError::NoPages(_) | RenditionError::NoSuchPage(_) => String::new(),
        RenditionError::Picture(_) | RenditionError::Packing(_) => "图片损坏，不能显示。".into(),
    };
    let no_such_page = matches!(error, RenditionError::NoPages(_) | RenditionError::NoSuchPage(_));
    Refused { message, detail: error.to_string(), no_such_page }
}
