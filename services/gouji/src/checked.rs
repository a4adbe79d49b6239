//! One file and what reading and rules say of it.

use parse::Readers;
use report::{Report, Review};
use stage::Trouble;

use crate::files::Unreadable;

/// One file after its check.
pub(crate) struct Checked {
    pub(crate) file: String,
    pub(crate) bytes: Vec<u8>,
    /// How its characters are encoded, where its format leaves that open.
    pub(crate) encoding: Option<String>,
    pub(crate) outcome: Result<Review, Unreadable>,
}

/// Checks one file.
pub(crate) async fn check_bytes(
    readers: &Readers,
    file: String,
    bytes: Result<Vec<u8>, Unreadable>,
) -> Checked {
    let (bytes, read) = match bytes {
        Ok(bytes) => {
            let read = read(readers, &bytes, &file).await;
            (bytes, read)
        }
        Err(unreadable) => (Vec::new(), Err(unreadable)),
    };
    match read {
        Ok((encoding, review)) => Checked { file, bytes, encoding, outcome: Ok(review) },
        Err(unreadable) => Checked { file, bytes, encoding: None, outcome: Err(unreadable) },
    }
}

async fn read(readers: &Readers, bytes: &[u8], file: &str) -> Result<(Option<String>, Review), Unreadable> {
    let reading = readers.read(bytes, file).await?;
    let report = Report::try_from(&reading.report).map_err(|error| ours(error.to_string()))?;
    Ok((reading.encoding, rules::review(report)))
}

impl From<Trouble> for Unreadable {
    fn from(trouble: Trouble) -> Self {
        match trouble {
            Trouble::Refused(refusal) => Unreadable { message: refusal.message, detail: refusal.detail },
            Trouble::Failed(error) => ours(format!("{error:#}")),
        }
    }
}

fn ours(detail: String) -> Unreadable {
    Unreadable { message: "程序出错，未能读取；文件本身未必有误。".into(), detail }
}
