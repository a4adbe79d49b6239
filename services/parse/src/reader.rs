//! Reads documents in sandboxed child processes of this program: a document that hangs, exhausts memory or
//! crashes its reader is refused with the name of the limit, and affects nothing else.
//!
//! Most documents take milliseconds. One that takes more than a reader of the ordinary lane has is read once
//! more in the slow lane, alone, with all that [`LIMITS`] allow, and at a low priority.

mod telemetry;

use std::alloc::Layout;
use std::io;
use std::path::Path;
use std::process::ExitCode;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use document::{Document, Kind, ReadError};
use proto::v1::Report;
use proto::{Message, RefusalClass};
use sandbox::{Confinement, Limits, Pool, Program, Response, SandboxError};
use worker::{HandlerError, Lane, Refusal};

use crate::scanner::{SCANNER_LIMITS, SCANNER_VERB, SCANNERS};

/// The hidden verb under which a program calls [`run_reader`].
pub const READER_VERB: &str = "sandboxed-reader";

/// One reader for each core in the ordinary lane, and one in the slow lane. Readers start on demand; clones
/// share them.
#[derive(Debug, Clone)]
pub struct Readers(Arc<Pools>);

#[derive(Debug)]
struct Pools {
    ordinary: Pool,
    slow: Pool,
    /// Reads scans; none where they are refused.
    scans: Option<Pool>,
    /// What the kernel enforces on the last reader that answered.
    confinement: Mutex<Option<Confinement>>,
}

/// A document that was read.
#[derive(Debug, Clone, PartialEq)]
pub struct ReadDocument {
    /// What it reports.
    pub report: Report,
    /// Its plain text.
    pub text: String,
    /// Its character encoding, by its WHATWG name, if its format allows several.
    pub encoding: Option<String>,
    /// CPU time that its reader used for it.
    pub cpu: Duration,
    /// Peak memory of its reader.
    pub peak_bytes: u64,
}

/// What reading one document may cost, in the slow lane.
pub const LIMITS: Limits = Limits {
    // Reading 50 MB takes up to 200 MB; the readers of a process on two cores add up to 480 MB at most.
    memory_bytes: 320 << 20,
    // Reading 50 MB takes 3 s at most, an ordinary report milliseconds.
    cpu_seconds: 10,
    // A machine that is busy otherwise leaves a reader of low priority a tenth of a core, or less.
    wall: Duration::from_secs(300),
    // Starting a reader takes as long as reading one report.
    requests: 1_000,
    reuse_bytes: 64 << 20,
    background: true,
};

/// Enough for all but the largest documents, so that the readers of all cores together take little memory.
const ORDINARY_BYTES: u64 = 64 << 20;
/// A hundred times what an ordinary report takes: longer than this no document holds up others.
const ORDINARY_CPU_SECONDS: u64 = 2;
/// Ten times the CPU time, for a machine that does other work too; a document whose reader got less than half
/// of its CPU time by then is tried again.
const ORDINARY_WALL: Duration = Duration::from_secs(20);

impl Readers {
    /// Readers that run this program under [`LIMITS`].
    ///
    /// # Errors
    /// If the system does not know the path of this program.
    pub fn new() -> io::Result<Self> {
        Ok(Self::of(&Program::this(READER_VERB)?, LIMITS))
    }

    /// Readers that run another program, or under other limits.
    pub fn of(program: &Program, limits: Limits) -> Self {
        Self::with(program, limits, None)
    }

    /// Readers that run this program, and read scans with the recogniser in this folder.
    ///
    /// # Errors
    /// If the system does not know the path of this program.
    pub fn with_scans(folder: &Path) -> io::Result<Self> {
        let scanner = Program::this(SCANNER_VERB)?.with_argument(folder.display().to_string());
        Ok(Self::with_scanner(&Program::this(READER_VERB)?, scanner))
    }

    /// Readers that run one program for documents and another for scans.
    pub fn with_scanner(program: &Program, scanner: Program) -> Self {
        Self::with(program, LIMITS, Some(Pool::new(scanner, SCANNER_LIMITS, SCANNERS)))
    }

    fn with(program: &Program, limits: Limits, scans: Option<Pool>) -> Self {
        telemetry::begin();
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        let ordinary = Limits {
            memory_bytes: limits.memory_bytes.min(ORDINARY_BYTES),
            cpu_seconds: limits.cpu_seconds.min(ORDINARY_CPU_SECONDS),
            wall: limits.wall.min(ORDINARY_WALL),
            background: false,
            ..limits.clone()
        };
        Self(Arc::new(Pools {
            ordinary: Pool::new(program.clone(), ordinary, cores),
            slow: Pool::new(program.clone(), limits, 1),
            scans,
            confinement: Mutex::default(),
        }))
    }

    /// Starts a reader, and asks it what the kernel enforces on it.
    ///
    /// # Errors
    /// If no reader can be started, or it does not answer.
    pub async fn probe(&self) -> Result<Confinement, SandboxError> {
        let response = self.0.ordinary.request(b"", b"").await?;
        self.observe(response.confinement);
        Ok(response.confinement)
    }

    /// What the kernel enforces on readers; none before the first document was read.
    pub fn confinement(&self) -> Option<Confinement> {
        *self.0.confinement.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn observe(&self, confinement: Confinement) {
        *self.0.confinement.lock().unwrap_or_else(PoisonError::into_inner) = Some(confinement);
        telemetry::confined(confinement);
    }

    /// Reads a document, in the slow lane where the ordinary one is not enough.
    ///
    /// # Errors
    /// A refusal if the document cannot be read or exceeds a limit; a failure if no reader could be run,
    /// which is no fault of the document.
    pub async fn read(&self, bytes: &[u8], file_name: &str) -> Result<ReadDocument, HandlerError> {
        match self.read_in(Lane::Ordinary, bytes, file_name).await {
            Err(HandlerError::Deferred(_)) => self.read_in(Lane::Slow, bytes, file_name).await,
            result => result,
        }
    }

    /// Reads a document in this lane.
    ///
    /// # Errors
    /// Those of [`Readers::read`]; [`HandlerError::Deferred`] if a reader of the ordinary lane reached a limit
    /// or crashed: the slow lane has more, and another process may have sent the signal that ended the reader.
    pub async fn read_in(
        &self,
        lane: Lane,
        bytes: &[u8],
        file_name: &str,
    ) -> Result<ReadDocument, HandlerError> {
        let (pool, name) = match lane {
            Lane::Ordinary => (&self.0.ordinary, "ordinary"),
            Lane::Slow => (&self.0.slow, "slow"),
        };
        let result = telemetry::request(pool, name, file_name, bytes).await;
        let (response, head) = result.map_err(|error| trouble(lane, error))?;
        self.observe(response.confinement);
        let head = head?;
        if let Some(refused) = head.refused {
            let class = RefusalClass::parse(&refused.class)?;
            let refusal = Refusal::new(class, refused.message, refused.detail);
            return match &self.0.scans {
                Some(scans) if may_be_scan(class, bytes) => {
                    self.scan(scans, lane, bytes, file_name, refusal).await
                }
                _ => Err(refusal.into()),
            };
        }
        read_document(response, head)
    }

    /// Recognises a scan, which takes seconds a page: in the slow lane, so that it holds up no other document.
    async fn scan(
        &self,
        scans: &Pool,
        lane: Lane,
        bytes: &[u8],
        file_name: &str,
        refusal: Refusal,
    ) -> Result<ReadDocument, HandlerError> {
        if lane == Lane::Ordinary {
            return Err(HandlerError::Deferred(anyhow::anyhow!("it is a scan: {}", refusal.detail)));
        }
        let result = telemetry::request(scans, "scans", file_name, bytes).await;
        let (response, head) = result.map_err(|error| trouble(Lane::Slow, error))?;
        self.observe(response.confinement);
        let head = head?;
        if let Some(refused) = head.refused {
            let class = RefusalClass::parse(&refused.class)?;
            return Err(Refusal::new(class, refused.message, refused.detail).into());
        }
        read_document(response, head)
    }
}

/// Whether a document that has no text for this reason has pages that can be recognised.
fn may_be_scan(class: RefusalClass, bytes: &[u8]) -> bool {
    match class {
        RefusalClass::NoText | RefusalClass::NoLetters => true,
        RefusalClass::UnsupportedFormat => matches!(document::sniff(bytes), Kind::Png | Kind::Jpeg),
        _ => false,
    }
}

fn read_document(response: Response, head: ResponseHead) -> Result<ReadDocument, HandlerError> {
    Ok(ReadDocument {
        report: head.report.unwrap_or_default(),
        text: String::from_utf8(response.body)?,
        encoding: head.encoding,
        cpu: response.cpu,
        peak_bytes: response.peak_bytes,
    })
}

/// A document that made its reader exceed a limit or crash is deferred to the slow lane, and refused there;
/// anything else is a failure of ours.
fn trouble(lane: Lane, error: SandboxError) -> HandlerError {
    let (class, message) = match error {
        // The reader hardly got to compute, or could not be run.
        SandboxError::Starved { .. } | SandboxError::Failed(_) => return HandlerError::Failed(error.into()),
        _ if lane == Lane::Ordinary => return HandlerError::Deferred(error.into()),
        SandboxError::Cpu { seconds } | SandboxError::Wall { seconds, .. } => (
            RefusalClass::TooSlow,
            format!(
                "读取这个文件超过 {seconds} 秒仍未完成，已停止。请去掉图片等无关内容，另存为 Word 文档（DOCX）或纯文本（TXT）后重新报送。"
            ),
        ),
        SandboxError::Memory { bytes } => (
            RefusalClass::TooMuchMemory,
            format!(
                "读取这个文件所需的内存超过 {bytes} 字节的上限，已停止。请去掉图片等无关内容，另存为 Word 文档（DOCX）或纯文本（TXT）后重新报送。"
            ),
        ),
        SandboxError::Crashed { .. } | SandboxError::Forbidden => (
            RefusalClass::ReaderCrashed,
            "读取这个文件时程序异常退出，文件可能已损坏。请打开原文件检查，另存为 Word 文档（DOCX）或纯文本（TXT）后重新报送。".into(),
        ),
    };
    Refusal::new(class, message, error.to_string()).into()
}

/// The head of a reader's response; the body is the plain text.
#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct ResponseHead {
    #[prost(message, optional, tag = "1")]
    report: Option<Report>,
    #[prost(string, optional, tag = "2")]
    encoding: Option<String>,
    #[prost(message, optional, tag = "3")]
    refused: Option<Refused>,
    /// The phases of the work, in order.
    #[prost(message, repeated, tag = "4")]
    phases: Vec<Phase>,
}

/// A phase of the reader's work; it ends when the next begins.
#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct Phase {
    #[prost(string, tag = "1")]
    name: String,
    /// Microseconds since 1970.
    #[prost(uint64, tag = "2")]
    started_us: u64,
    /// Microseconds since 1970.
    #[prost(uint64, tag = "3")]
    ended_us: u64,
}

/// The phases of a reader so far.
pub(crate) struct Phases(pub(crate) Vec<Phase>);

impl Phases {
    pub(crate) fn enter(&mut self, name: &str) {
        self.leave();
        let now_us = now_us();
        self.0.push(Phase { name: name.to_owned(), started_us: now_us, ended_us: now_us });
    }

    fn leave(&mut self) {
        if let Some(last) = self.0.last_mut() {
            last.ended_us = now_us();
        }
    }
}

fn now_us() -> u64 {
    let since_1970 = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since_1970.as_micros()).unwrap_or(u64::MAX)
}

#[derive(Clone, PartialEq, prost::Message)]
struct Refused {
    #[prost(string, tag = "1")]
    class: String,
    #[prost(string, tag = "2")]
    message: String,
    #[prost(string, tag = "3")]
    detail: String,
}

/// The whole `main` of a reader; `arguments` are those after [`READER_VERB`].
pub fn run_reader(arguments: &[String]) -> ExitCode {
    sandbox::serve(arguments, |file_name, bytes| {
        let mut phases = Phases(Vec::new());
        let read = read(&bytes, &String::from_utf8_lossy(file_name), &mut phases);
        respond(read, phases)
    })
}

/// The response to a document that was read or refused.
pub(crate) fn respond(
    read: Result<(ResponseHead, String), ReadError>,
    mut phases: Phases,
) -> (Vec<u8>, Vec<u8>) {
    let (mut head, text) = read.unwrap_or_else(|error| {
        if matches!(error, ReadError::OutOfMemory { .. }) {
            // Ends this process, as any other failed allocation does.
            std::alloc::handle_alloc_error(Layout::new::<u8>());
        }
        let refused = Refused {
            class: class(&error).name().into(),
            message: error.message(),
            detail: error.to_string(),
        };
        (ResponseHead { refused: Some(refused), ..ResponseHead::default() }, String::new())
    });
    phases.leave();
    head.phases = phases.0;
    (head.encode_to_vec(), text.into_bytes())
}

/// The class under which a document that cannot be read is refused.
fn class(error: &ReadError) -> RefusalClass {
    match error {
        ReadError::Empty => RefusalClass::Empty,
        ReadError::TooLarge { .. } => RefusalClass::TooLarge,
        ReadError::Unsupported { .. } => RefusalClass::UnsupportedFormat,
        ReadError::Encrypted { .. } => RefusalClass::Encrypted,
        ReadError::Broken { .. } => RefusalClass::BrokenFile,
        ReadError::OutOfMemory { .. } => RefusalClass::TooMuchMemory,
        ReadError::Outdated { .. } => RefusalClass::OutdatedVersion,
        ReadError::NoText { .. } => RefusalClass::NoText,
        ReadError::NoLetters { .. } => RefusalClass::NoLetters,
        ReadError::TooMuchInflated { .. } => RefusalClass::TooMuchInflated,
        ReadError::NotText { .. } => RefusalClass::NotText,
        ReadError::TooManyLines { .. } => RefusalClass::TooManyLines,
        ReadError::TooManyCells { .. } => RefusalClass::TooManyCells,
        ReadError::TooManyNodes { .. } => RefusalClass::TooManyNodes,
        ReadError::TooDeep { .. } => RefusalClass::TooDeep,
        ReadError::TooManyAttributes { .. } => RefusalClass::TooManyAttributes,
        ReadError::TooManyPages { .. } => RefusalClass::TooManyPages,
        ReadError::TooMuchDrawn { .. } => RefusalClass::TooMuchDrawn,
    }
}

fn read(bytes: &[u8], file_name: &str, phases: &mut Phases) -> Result<(ResponseHead, String), ReadError> {
    phases.enter("document");
    let document = document::read(bytes, &document::Limits::default())?;
    Ok(report_of(&document, file_name, phases))
}

/// What a document reports, or that it is no report.
pub(crate) fn report_of(document: &Document, file_name: &str, phases: &mut Phases) -> (ResponseHead, String) {
    phases.enter("reading");
    let report = reading::read(document, Some(file_name));
    if let Err(error) = reading::recognise(document, &report) {
        let class = RefusalClass::NotAReport.name().into();
        let refused = Refused { class, message: error.message(), detail: error.to_string() };
        return (ResponseHead { refused: Some(refused), ..ResponseHead::default() }, String::new());
    }
    phases.enter("text");
    let encoding = document.encoding.map(str::to_owned);
    let head = ResponseHead { report: Some((&report).into()), encoding, ..ResponseHead::default() };
    (head, document::plain_text(document))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_documents_that_break_their_reader_are_refused_and_only_in_the_slow_lane() {
        let check = |error: SandboxError, expected: Option<RefusalClass>| {
            let ordinary = trouble(Lane::Ordinary, error.clone());
            match (&ordinary, trouble(Lane::Slow, error), expected) {
                (HandlerError::Deferred(_), HandlerError::Refused(refusal), Some(class)) => {
                    assert_eq!(refusal.class, class);
                }
                (HandlerError::Failed(_), HandlerError::Failed(_), None) => (),
                (_, slow, _) => panic!("{ordinary:?} and {slow:?}, and not {expected:?}"),
            }
        };
        check(SandboxError::Cpu { seconds: 10 }, Some(RefusalClass::TooSlow));
        check(SandboxError::Wall { seconds: 20, cpu_ms: 5_000 }, Some(RefusalClass::TooSlow));
        check(SandboxError::Memory { bytes: 1 }, Some(RefusalClass::TooMuchMemory));
        check(SandboxError::Crashed { how: "stack overflow".into() }, Some(RefusalClass::ReaderCrashed));
        check(SandboxError::Forbidden, Some(RefusalClass::ReaderCrashed));
        check(SandboxError::Starved { seconds: 20, cpu_ms: 9 }, None);
        check(SandboxError::Failed("somebody killed it".into()), None);
    }

    #[test]
    fn a_document_is_refused_under_the_class_of_its_error() {
        let (format, what, version) = (document::Kind::Pdf, String::new(), "");
        let (line, found, limit) = (1, 2, 1);
        for error in [
            ReadError::Empty,
            ReadError::TooLarge { found, limit },
            ReadError::Unsupported { format },
            ReadError::Encrypted { format },
            ReadError::Broken { format, what },
            ReadError::OutOfMemory { format },
            ReadError::Outdated { format, version },
            ReadError::NoText { format },
            ReadError::NoLetters { format },
            ReadError::TooMuchInflated { format, limit },
            ReadError::NotText { broken: 1, characters: 2 },
            ReadError::TooManyLines { found, limit },
            ReadError::TooManyCells { found, limit },
            ReadError::TooManyNodes { found, limit },
            ReadError::TooDeep { line, found, limit },
            ReadError::TooManyAttributes { line, found, limit },
            ReadError::TooManyPages { found, limit },
            ReadError::TooMuchDrawn { found, limit },
        ] {
            assert_eq!(class(&error).name(), error.class(), "{error}");
        }
    }
}
