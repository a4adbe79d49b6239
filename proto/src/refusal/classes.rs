//! The table of refusal classes. A class that was once published keeps its name and its meaning.

use super::Seen::{EveryWorker, Receipt, Service};
use super::{ClassInfo, Fault};

/// Declares the classes, each with its name, where it appears, who acts, what it means and what to do.
macro_rules! classes {
    ($($class:ident $name:literal $seen:expr, $fault:ident: $meaning:literal => $remedy:literal;)+) => {
        /// Why a file or a report goes no further.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum RefusalClass {
            $(#[doc = $meaning] $class,)+
        }

        impl RefusalClass {
            /// Every class, in the order of the documentation.
            pub const ALL: [Self; [$($name),+].len()] = [$(Self::$class),+];

            /// What the documentation says of it.
            pub fn info(self) -> ClassInfo {
                match self {
                    $(Self::$class => ClassInfo {
                        name: $name,
                        seen: &$seen,
                        fault: Fault::$fault,
                        meaning: $meaning,
                        remedy: $remedy,
                    },)+
                }
            }
        }
    };
}

classes! {
    // What is wrong with the file.
    Empty "empty" [Receipt, Service("parse")], Sender:
        "The file has no bytes, or nothing but white space."
        => "Check that the report was saved, then send it again.";
    TooLarge "too-large" [Receipt, Service("parse")], Sender:
        "The file has more bytes than one report may have."
        => "Remove pictures and attachments, then send the report itself.";
    UnsupportedFormat "unsupported-format" [Service("parse")], Sender:
        "The format is known, and gouji does not read it."
        => "Save the report as DOCX, HTML or plain text; repack other archives as ZIP.";
    Encrypted "encrypted" [Receipt, Service("parse")], Sender:
        "The file, or a file in the archive, needs a password."
        => "Remove the password, then send it again.";
    BrokenFile "broken-file" [Service("parse")], Sender:
        "The file is damaged: its content is not what its beginning announces."
        => "Open the file, save it again, and send the new file.";
    OutdatedVersion "outdated-version" [Service("parse")], Sender:
        "The file was written by a program whose format is too old to be read."
        => "Save it with a current program, then send it again.";
    NoText "no-text" [Service("parse")], Sender:
        "The file has pages and no characters on them: a scan, or text drawn as shapes."
        => "Send the document from which the pages were made.";
    NoLetters "no-letters" [Service("parse")], Sender:
        "The fonts of the file do not say which characters their glyphs are."
        => "Send the document from which the pages were made.";
    NotText "not-text" [Service("parse")], Sender:
        "The file is neither a known format nor text."
        => "Open the file, save it as HTML or plain text, and send the new file.";
    NotAReport "not-a-report" [Service("parse")], Sender:
        "The file has nothing of an annual report: no title of one, none of its parts, none of its tables."
        => "Send annual reports only; if it is one, check that the file is complete.";

    BadEnvelope "bad-envelope" [Service("parse")], Sender:
        "The message of a data bus holds no file, and names none that could be fetched as it says."
        => "Read `detail`; send the file itself, or its address with the SHA-256 of its bytes.";

    // Limits of one document. Each names the limit and its value in `detail`.
    TooMuchInflated "too-much-inflated" [Service("parse")], Sender:
        "The packed document holds more bytes than one report may have."
        => "Save the report again without pictures and attachments.";
    TooManyLines "too-many-lines" [Service("parse")], Sender:
        "The text has more lines than one report may have."
        => "Send one report in one file.";
    TooManyCells "too-many-cells" [Service("parse")], Sender:
        "The tables have more cells than one report may have."
        => "Send one report in one file.";
    TooManyNodes "too-many-nodes" [Service("parse")], Sender:
        "The document has more elements and pieces of text than one report may have."
        => "Remove what does not belong to the report, or save it as plain text.";
    TooDeep "too-deep" [Service("parse")], Sender:
        "The elements of the document are nested too deep."
        => "Save it as plain text, then send the new file.";
    TooManyAttributes "too-many-attributes" [Service("parse")], Sender:
        "One tag of the page has too many attributes."
        => "Save it as plain text, then send the new file.";
    TooManyPages "too-many-pages" [Service("parse")], Sender:
        "The file has more pages than one report may have."
        => "Send one report in one file.";
    TooMuchDrawn "too-much-drawn" [Service("parse")], Sender:
        "The pages draw more characters, lines and pictures than one report may have."
        => "Remove what does not belong to the report, or save it as DOCX.";

    // Archives.
    BrokenArchive "broken-archive" [Receipt], Sender:
        "The archive is damaged and cannot be opened."
        => "Pack the files again as ZIP, then send the new archive.";
    ArchiveLimit "archive-limit" [Receipt], Sender:
        "The archive holds more files, more bytes or more archives inside archives than allowed."
        => "Send the files in several archives.";

    // The document made the process that read it exceed a limit, or end.
    TooSlow "too-slow" [Service("parse")], Sender:
        "Reading the document took more CPU time than one report may take."
        => "Save it as DOCX or plain text without pictures; operators keep the original for the developers.";
    TooMuchMemory "too-much-memory" [Service("parse")], Sender:
        "Reading the document took more memory than one report may take."
        => "Save it as DOCX or plain text without pictures; operators keep the original for the developers.";
    ReaderCrashed "reader-crashed" [Service("parse")], Sender:
        "The process that read the document crashed, twice."
        => "Save it as DOCX or plain text; operators keep the original for the developers.";

    // Whose report it is.
    NotYours "not-yours" [Service("validate")], Sender:
        "The report is of an agency or a region outside the scope of the key that sent it."
        => "Check the file; ask the operator if the scope of the key is wrong.";

    // What a web site published.
    Unchanged "unchanged" [Service("validate")], Sender:
        "The page at which the report was published has changed, and the report in it reads the same."
        => "Nothing: the version that was fetched before stands.";

    // No fault of the report.
    UndecodableEvent "undecodable-event" [EveryWorker], Operator:
        "A worker could not decode the event: another version wrote it, or it is damaged."
        => "Read `detail`, upgrade the worker if the event is newer, then `gouji refused replay`.";
    GaveUp "gave-up" [EveryWorker], Operator:
        "Every attempt to handle the report failed."
        => "Remove the cause that `detail` names, then `gouji refused replay --class gave-up`.";
    KilledWorker "killed-worker" [EveryWorker], Operator:
        "The event was delivered again and again, and no worker lived to answer."
        => "Find out in the logs what ended the workers, then `gouji refused replay --class killed-worker`.";
    FactTooLarge "fact-too-large" [EveryWorker], Operator:
        "The event that a worker made of the report is larger than the bus accepts."
        => "Raise `max_payload` of nats-server, then `gouji refused replay --class fact-too-large`.";
    OriginalLost "original-lost" [Service("parse")], Operator:
        "The original is missing in the store of originals, or its bytes have changed."
        => "Restore it from the backup (`gouji reconcile` names it), then replay.";
}
