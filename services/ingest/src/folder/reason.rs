//! Why a batch waits or is refused, as its receipt says it.

use serde::Serialize;

/// What is wrong with a batch, or with one file of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct Reason {
    /// The file, by its name in the manifest or in the folder; absent if it is the batch.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) file: Option<String>,
    #[serde(serialize_with = "name_of")]
    pub(super) class: Class,
    /// Chinese, for the sender.
    pub(super) message: String,
}

fn name_of<S: serde::Serializer>(class: &Class, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(class.name())
}

impl Reason {
    pub(super) fn of_batch(class: Class, message: impl Into<String>) -> Self {
        Self { file: None, class, message: message.into() }
    }

    pub(super) fn of_file(file: &str, class: Class, message: impl Into<String>) -> Self {
        Self { file: Some(file.to_owned()), class, message: message.into() }
    }
}

macro_rules! classes {
    ($($(#[$doc:meta])+ $class:ident $name:literal;)+) => {
        /// The stable classes of reasons; docs/operations.md lists them.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub(super) enum Class {
            $($(#[$doc])+ $class,)+
        }

        impl Class {
            #[cfg(test)]
            const ALL: &'static [Self] = &[$(Self::$class),+];

            /// Its name, which never changes.
            pub(super) fn name(self) -> &'static str {
                match self {
                    $(Self::$class => $name,)+
                }
            }
        }
    };
}

classes! {
    /// The folder has neither a manifest nor an end mark.
    NoManifest "no-manifest";
    /// The manifest cannot be read.
    BadManifest "bad-manifest";
    /// The manifest lists no file.
    EmptyManifest "empty-manifest";
    /// The batch has more files than one may have.
    TooManyFiles "too-many-files";
    /// The manifest names another batch than the folder or the archive.
    WrongBatch "wrong-batch";
    /// The manifest names another sender than the folder.
    WrongSender "wrong-sender";
    /// A name leads out of the batch, or no file can have it.
    BadName "bad-name";
    /// Two names differ in nothing but capital letters, or not at all.
    NameClash "name-clash";
    /// The manifest states neither a SHA-256 nor an SM3 of the file.
    NoHash "no-hash";
    /// The manifest lists the file, and it is not there.
    MissingFile "missing-file";
    /// The file is there, and the manifest does not list it.
    NotInManifest "not-in-manifest";
    /// It is a link, a device, a pipe or the like.
    NotAFile "not-a-file";
    /// The file has another size than the manifest states.
    WrongSize "wrong-size";
    /// The file has another hash than the manifest states.
    WrongHash "wrong-hash";
    /// The file or the archive cannot be opened.
    Unreadable "unreadable";
    /// A batch of this name was taken before, with other bytes.
    BatchChanged "batch-changed";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_class_is_documented() {
        let page = include_str!("../../../../docs/operations.md");
        for class in Class::ALL {
            let row = format!("| `{}` |", class.name());
            assert!(page.contains(&row), "docs/operations.md has no row {row}");
        }
    }
}
