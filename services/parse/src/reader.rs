//! Documents are read in children of this program, so that one which hangs, bloats or kills its reader
//! is refused with the limit's name, and nothing else is touched.

mod watch;

use std::alloc::Layout;
use std::io;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use document::ReadError;
use proto::v1::Report;
use proto::{Message, RefusalClass};
use sandbox::{Limits, NoAnswer, Pool, Program};
use stage::{Refusal, Trouble};

/// The hidden verb under which a program becomes a reader; it calls [`become_reader`] then.
pub const VERB: &str = "reader-of-our-own";

/// As many readers as there are cores, started when they are needed, and one for what is too large for
/// them. Clones share them.
#[derive(Debug, Clone)]
pub struct Readers(Arc<Rooms>);

#[derive(Debug)]
struct Rooms {
    ordinary: Pool,
    large: Pool,
}

/// A document that was read.
#[derive(Debug, Clone, PartialEq)]
pub struct Reading {
    /// What it reports.
    pub report: Report,
    /// Its words.
    pub text: String,
    /// How its characters were encoded, by the name of the WHATWG, where its format leaves that open.
    pub encoding: Option<String>,
    /// What its reader computed.
    pub cpu: Duration,
    /// The most memory that its reader ever had.
    pub peak_bytes: u64,
}

/// What reading one document may cost.
pub const LIMITS: Limits = Limits {
    // Reading 50 MB takes up to 200 MB; the readers of a process on two cores add up to 480 MB at most.
    memory_bytes: 320 << 20,
    // Reading 50 MB takes 3 s at most, an ordinary report milliseconds.
    cpu_seconds: 10,
    // A machine that has other things to do gets twice that; where it is not enough, it is tried again.
    wall: Duration::from_secs(20),
    // Starting a reader takes as long as reading one report.
    questions: 1_000,
    keep_bytes: 64 << 20,
};

/// What is enough for all but the largest documents, so that a reader a core takes little together.
const ORDINARY_BYTES: u64 = 64 << 20;

impl Readers {
    /// Readers that are this program.
    ///
    /// # Errors
    /// If the system does not tell which program this is.
    pub fn new() -> io::Result<Self> {
        Ok(Self::of(&Program::this(VERB)?, LIMITS))
    }

    /// Readers that are another program, or have other limits.
    pub fn of(program: &Program, limits: Limits) -> Self {
        watch::begin();
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        let ordinary = Limits { memory_bytes: limits.memory_bytes.min(ORDINARY_BYTES), ..limits.clone() };
        Self(Arc::new(Rooms {
            ordinary: Pool::new(program.clone(), ordinary, cores),
            large: Pool::new(program.clone(), limits, 1),
        }))
    }

    /// Reads a document.
    ///
    /// # Errors
    /// If it cannot be read, or went over a limit; or if there is no reader, which is no fault of it.
    pub async fn read(&self, bytes: &[u8], file_name: &str) -> Result<Reading, Trouble> {
        let Rooms { ordinary, large } = &*self.0;
        let answered = match watch::ask(ordinary, "ordinary", file_name, bytes).await {
            // It may do with more room; and a signal may have come from somebody, where a document dies of
            // itself again.
            Err(NoAnswer::Memory { .. } | NoAnswer::Crashed { .. }) => {
                watch::ask(large, "large", file_name, bytes).await
            }
            answered => answered,
        };
        let (answer, said) = answered.map_err(no_answer)?;
        let said = said?;
        if let Some(refused) = said.refused {
            let class = RefusalClass::parse(&refused.class)?;
            return Err(Refusal::new(class, refused.message, refused.detail).into());
        }
        Ok(Reading {
            report: said.report.unwrap_or_default(),
            text: String::from_utf8(answer.body)?,
            encoding: said.encoding,
            cpu: answer.cpu,
            peak_bytes: answer.peak_bytes,
        })
    }
}

/// A child that was broken by a document tells its sender what to do; any other lack of an answer is ours.
fn no_answer(why: NoAnswer) -> Trouble {
    let (class, message) = match why {
        NoAnswer::Cpu { seconds } => (
            RefusalClass::TooSlow,
            format!(
                "读取这个文件超过 {seconds} 秒仍未完成，已停止。请去掉图片等无关内容，另存为 Word 文档（DOCX）或纯文本（TXT）后重新报送。"
            ),
        ),
        NoAnswer::Memory { bytes } => (
            RefusalClass::TooMuchMemory,
            format!(
                "读取这个文件所需的内存超过 {bytes} 字节的上限，已停止。请去掉图片等无关内容，另存为 Word 文档（DOCX）或纯文本（TXT）后重新报送。"
            ),
        ),
        NoAnswer::Crashed { .. } => (
            RefusalClass::ReaderCrashed,
            "读取这个文件时程序异常退出，文件可能已损坏。请打开原文件检查，另存为 Word 文档（DOCX）或纯文本（TXT）后重新报送。".into(),
        ),
        // Who had the time and did not compute was kept from it: a machine that stood still or is too full.
        NoAnswer::Wall { .. } | NoAnswer::Failed(_) => return Trouble::Failed(why.into()),
    };
    Refusal::new(class, message, why.to_string()).into()
}

/// The head of an answer; its body is the text.
#[derive(Clone, PartialEq, prost::Message)]
struct Said {
    #[prost(message, optional, tag = "1")]
    report: Option<Report>,
    #[prost(string, optional, tag = "2")]
    encoding: Option<String>,
    #[prost(message, optional, tag = "3")]
    refused: Option<Refused>,
    /// What was done for it, in order.
    #[prost(message, repeated, tag = "4")]
    phases: Vec<Phase>,
}

/// A part of the work of a reader, which ends where the next begins.
#[derive(Clone, PartialEq, prost::Message)]
struct Phase {
    #[prost(string, tag = "1")]
    name: String,
    /// Microseconds since 1970.
    #[prost(uint64, tag = "2")]
    begun_us: u64,
    /// Microseconds since 1970.
    #[prost(uint64, tag = "3")]
    ended_us: u64,
}

/// The phases of a reader as they pass.
struct Phases(Vec<Phase>);

impl Phases {
    fn enter(&mut self, name: &str) {
        self.leave();
        let now_us = now_us();
        self.0.push(Phase { name: name.to_owned(), begun_us: now_us, ended_us: now_us });
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

/// The whole `main` of a reader; `arguments` are those behind [`VERB`].
pub fn become_reader(arguments: &[String]) -> ExitCode {
    sandbox::serve(arguments, |file_name, bytes| {
        let mut phases = Phases(Vec::new());
        let read = read(&bytes, &String::from_utf8_lossy(file_name), &mut phases);
        let (mut said, text) = read.unwrap_or_else(|error| {
            if out_of_memory(&error) {
                // Ends this process, as any other allocation that fails does.
                std::alloc::handle_alloc_error(Layout::new::<u8>());
            }
            let refused = Refused {
                class: class(&error).name().into(),
                message: error.message(),
                detail: error.to_string(),
            };
            (Said { refused: Some(refused), ..Said::default() }, String::new())
        });
        phases.leave();
        said.phases = phases.0;
        (said.encode_to_vec(), text.into_bytes())
    })
}

/// The class under which a document that cannot be read is refused.
fn class(error: &ReadError) -> RefusalClass {
    match error {
        ReadError::Empty => RefusalClass::Empty,
        ReadError::TooLarge { .. } => RefusalClass::TooLarge,
        ReadError::Unsupported { .. } => RefusalClass::UnsupportedFormat,
        ReadError::Encrypted { .. } => RefusalClass::Encrypted,
        ReadError::Broken { .. } => RefusalClass::BrokenFile,
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

/// Reading into a buffer does not end the process where there is no memory, but fails like a broken file.
fn out_of_memory(error: &ReadError) -> bool {
    matches!(error, ReadError::Broken { what, .. } if what.ends_with("out of memory"))
}

fn read(bytes: &[u8], file_name: &str, phases: &mut Phases) -> Result<(Said, String), ReadError> {
    phases.enter("document");
    let document = document::read(bytes, &document::Limits::default())?;
    phases.enter("reading");
    let report = reading::read(&document, Some(file_name));
    phases.enter("text");
    let encoding = document.encoding.map(str::to_owned);
    let said = Said { report: Some((&report).into()), encoding, ..Said::default() };
    Ok((said, document::plain_text(&document)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_a_document_did_is_its_fault() {
        let check = |why: NoAnswer, expected: Option<RefusalClass>| match (no_answer(why), expected) {
            (Trouble::Refused(refusal), Some(class)) => assert_eq!(refusal.class, class),
            (Trouble::Failed(_), None) => (),
            (trouble, _) => panic!("{trouble:?} and not {expected:?}"),
        };
        check(NoAnswer::Cpu { seconds: 10 }, Some(RefusalClass::TooSlow));
        check(NoAnswer::Memory { bytes: 1 }, Some(RefusalClass::TooMuchMemory));
        check(NoAnswer::Crashed { how: "stack overflow".into() }, Some(RefusalClass::ReaderCrashed));
        check(NoAnswer::Wall { seconds: 20 }, None);
        check(NoAnswer::Failed("somebody killed it".into()), None);
    }
}
