//! The folders of senders in the exchange folder.
//!
//! The name of a folder is that of an API key, whose scope holds for the files in it. Files directly in the exchange
//! folder come from nobody in particular.

use std::fs;
use std::path::{Path, PathBuf};

use super::listing::is_hidden;

/// Folder of the accepted files.
const DONE: &str = "done";
/// Folder of the refused files.
const REFUSED: &str = "refused";
/// Folder of the receipts.
const RECEIPTS: &str = "receipts";
/// The folder that a user of SFTP may write to, because the folder of the sender, to which sshd confines the user,
/// has to belong to root. Files in it are those of the sender's folder.
const UPLOAD: &str = "upload";
/// Folder, below that of the accepted files, of what was taken and has no outcome yet.
const PENDING: &str = ".pending";

/// The folder of one sender, or the exchange folder itself.
#[derive(Debug, Clone)]
pub(super) struct Mailbox {
    /// Name of the sender; none for the files directly in the exchange folder.
    pub(super) sender: Option<String>,
    pub(super) root: PathBuf,
    /// Where its receipts go.
    pub(super) receipts: PathBuf,
}

impl Mailbox {
    /// The exchange folder itself, and the folder of each sender, in the order of their names. Links are not
    /// followed. `receipts` is the folder of all receipts, where they go elsewhere.
    pub(super) fn all(inbox: &Path, receipts: Option<&Path>) -> Vec<Self> {
        let mut senders: Vec<String> = folders_in(inbox)
            .filter_map(|path| path.file_name()?.to_str().map(str::to_owned))
            .filter(|name| !is_reserved(name) && !is_hidden(name))
            .collect();
        senders.sort();
        let of = |sender: Option<String>| {
            let root = sender.as_ref().map_or_else(|| inbox.to_owned(), |name| inbox.join(name));
            let receipts = match (receipts, &sender) {
                (Some(elsewhere), Some(name)) => elsewhere.join(name),
                (Some(elsewhere), None) => elsewhere.to_owned(),
                (None, _) => root.join(RECEIPTS),
            };
            Self { sender, root, receipts }
        };
        std::iter::once(None).chain(senders.into_iter().map(Some)).map(of).collect()
    }

    pub(super) fn done(&self) -> PathBuf {
        self.root.join(DONE)
    }

    pub(super) fn refused(&self) -> PathBuf {
        self.root.join(REFUSED)
    }

    pub(super) fn pending(&self) -> PathBuf {
        self.done().join(PENDING)
    }

    /// The folders in which the sender puts files and batches.
    pub(super) fn uploads(&self) -> Vec<PathBuf> {
        let upload = self.root.join(UPLOAD);
        let has_upload = self.sender.is_some() && is_folder(&upload);
        std::iter::once(self.root.clone()).chain(has_upload.then_some(upload)).collect()
    }
}

/// Whether a folder of this name is one of our own, in the exchange folder and in that of a sender.
pub(super) fn is_reserved(name: &str) -> bool {
    [DONE, REFUSED, RECEIPTS, UPLOAD].contains(&name)
}

/// Whether a folder has this path; a link to one is none.
pub(super) fn is_folder(path: &Path) -> bool {
    fs::symlink_metadata(path).is_ok_and(|metadata| metadata.is_dir())
}

fn folders_in(folder: &Path) -> impl Iterator<Item = PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    entries.filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir())).map(|entry| entry.path())
}
