//! The manifest of a batch: what its sender put into it, with hashes. JSON, or CSV as a spreadsheet writes it.

use std::collections::HashMap;

use encoding_rs::GB18030;
use serde::{Deserialize, Deserializer};
use serde_json::error::Category;

use super::listing::MOST_FILES;
use super::reason::{Class, Reason};

/// Largest manifest: fifty thousand files with long names have a third.
pub(super) const MOST_BYTES: u64 = 32 << 20;
/// Longest name of a file, in bytes. File systems allow 255 for each part.
const LONGEST_NAME: usize = 1_000;
/// Hex digits of a SHA-256 and of an SM3.
const DIGITS: usize = 64;

/// What a sender says of a batch.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
pub(super) struct BatchManifest {
    /// Name of the batch; that of its folder or archive where it is absent.
    #[serde(default, deserialize_with = "word")]
    pub(super) batch: Option<String>,
    /// Name of the sender; that of its folder where it is absent.
    #[serde(default, deserialize_with = "word")]
    pub(super) sender: Option<String>,
    pub(super) files: Vec<Listed>,
}

/// A file of a batch.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
pub(super) struct Listed {
    /// Its path below the folder of the batch, `/` between the parts.
    pub(super) name: String,
    #[serde(default, deserialize_with = "word")]
    size: Option<String>,
    #[serde(default, deserialize_with = "word")]
    pub(super) sha256: Option<String>,
    #[serde(default, deserialize_with = "word")]
    pub(super) sm3: Option<String>,
    /// What the sender expects the report to be about.
    #[serde(default, deserialize_with = "word")]
    pub(super) agency: Option<String>,
    #[serde(default, deserialize_with = "word")]
    pub(super) region: Option<String>,
    #[serde(default, deserialize_with = "word")]
    pub(super) year: Option<String>,
}

impl Listed {
    /// The size in bytes; none where the manifest does not state it.
    pub(super) fn size_bytes(&self) -> Option<u64> {
        self.size.as_ref().and_then(|size| size.parse().ok())
    }
}

/// A text or a number, as programs write years and codes; an empty text is none.
fn word<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Word {
        Text(String),
        Number(u64),
    }
    let word = Option::<Word>::deserialize(deserializer)?.map(|word| match word {
        Word::Text(text) => text.trim().to_owned(),
        Word::Number(number) => number.to_string(),
    });
    Ok(word.filter(|word| !word.is_empty()))
}

/// Reads a manifest, and checks everything that needs no look at the files.
pub(super) fn parse(bytes: &[u8], is_json: bool) -> Result<BatchManifest, Vec<Reason>> {
    let text = decode(bytes);
    let read = if is_json { parse_json(&text) } else { parse_csv(&text) };
    let mut manifest = read.map_err(|why| vec![Reason::of_batch(Class::BadManifest, why)])?;
    for file in &mut manifest.files {
        let name = file.name.trim().replace('\\', "/");
        file.name = name.strip_prefix("./").unwrap_or(&name).to_owned();
        for hash in [&mut file.sha256, &mut file.sm3].into_iter().flatten() {
            hash.make_ascii_lowercase();
        }
    }
    let reasons = check(&manifest);
    if reasons.is_empty() { Ok(manifest) } else { Err(reasons) }
}

/// UTF-8, also with a byte order mark, or else GB18030, as Chinese Windows writes it.
fn decode(bytes: &[u8]) -> String {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    match std::str::from_utf8(bytes) {
        Ok(text) => text.to_owned(),
        Err(_) => GB18030.decode_without_bom_handling(bytes).0.into_owned(),
    }
}

fn parse_json(text: &str) -> Result<BatchManifest, String> {
    serde_json::from_str(text).map_err(|error| {
        let (line, column) = (error.line(), error.column());
        let why = match error.classify() {
            Category::Eof => "没有写完".to_owned(),
            Category::Syntax => "不合 JSON 的语法".to_owned(),
            Category::Data | Category::Io => wrong_field(&error.to_string()),
        };
        format!("清单不是约定的 JSON（第{line}行第{column}列：{why}）。请核对清单后重新放入。")
    })
}

/// What is wrong with a field; the parser names it between grave accents.
fn wrong_field(message: &str) -> String {
    let named = message.split('`').nth(1).unwrap_or_default();
    match message.strip_prefix("missing field") {
        Some(_) => format!("缺少“{named}”"),
        None => "内容的类型不对，例如应为文字的地方写了列表".to_owned(),
    }
}

/// The columns of a CSV manifest, each with the names that its head may have.
const COLUMNS: [(&str, &[&str]); 9] = [
    ("batch", &["batch", "批次", "批次号"]),
    ("sender", &["sender", "报送单位", "发送方"]),
    ("name", &["name", "file", "file_name", "文件名", "文件名称"]),
    ("size", &["size", "size_bytes", "大小", "文件大小"]),
    ("sha256", &["sha256", "sha-256"]),
    ("sm3", &["sm3"]),
    ("agency", &["agency", "机关", "机关名称", "单位名称"]),
    ("region", &["region", "区划", "区划代码", "行政区划代码"]),
    ("year", &["year", "年度", "年份"]),
];

fn parse_csv(text: &str) -> Result<BatchManifest, String> {
    let wrong = |error: csv::Error| {
        let line =
            error.position().map_or_else(String::new, |position| format!("（第{}行）", position.line()));
        format!("清单不是约定的 CSV{line}。请核对清单后重新放入。")
    };
    let mut reader = csv::ReaderBuilder::new().flexible(true).from_reader(text.as_bytes());
    let heads: HashMap<&str, usize> = reader
        .headers()
        .map_err(wrong)?
        .iter()
        .enumerate()
        .filter_map(|(position, head)| {
            let head = head.trim().to_ascii_lowercase();
            let (column, _) = COLUMNS.iter().find(|(_, names)| names.contains(&&*head))?;
            Some((*column, position))
        })
        .collect();
    if !heads.contains_key("name") {
        return Err("清单首行没有“文件名”（name）一列。请按约定的表头填写。".into());
    }
    let mut manifest = BatchManifest::default();
    for record in reader.records() {
        let record = record.map_err(wrong)?;
        let get = |column: &str| {
            let text = record.get(*heads.get(column)?)?.trim();
            (!text.is_empty()).then(|| text.to_owned())
        };
        let Some(name) = get("name") else { continue };
        manifest.batch = manifest.batch.or_else(|| get("batch"));
        manifest.sender = manifest.sender.or_else(|| get("sender"));
        manifest.files.push(Listed {
            name,
            size: get("size"),
            sha256: get("sha256"),
            sm3: get("sm3"),
            agency: get("agency"),
            region: get("region"),
            year: get("year"),
        });
    }
    Ok(manifest)
}

fn check(manifest: &BatchManifest) -> Vec<Reason> {
    let files = &manifest.files;
    if files.is_empty() {
        return vec![Reason::of_batch(Class::EmptyManifest, "清单没有列出任何文件。")];
    }
    if files.len() > MOST_FILES {
        let message = format!("清单列出 {} 个文件，一批最多 {MOST_FILES} 个。请分批报送。", files.len());
        return vec![Reason::of_batch(Class::TooManyFiles, message)];
    }
    let mut names: HashMap<String, &str> = HashMap::with_capacity(files.len());
    let mut reasons = Vec::new();
    for file in files {
        let name = &file.name;
        if !stays_inside(name) {
            let message = "文件名指向批次以外的位置，或含有不能使用的字符。请使用批次内的相对路径。";
            reasons.push(Reason::of_file(name, Class::BadName, message));
        }
        if let Some(other) = names.insert(name.to_lowercase(), name) {
            let message = format!("与“{other}”重名（不区分大小写）。请更名后重新生成清单。");
            reasons.push(Reason::of_file(name, Class::NameClash, message));
        }
        if file.size.is_some() && file.size_bytes().is_none() {
            let message = "清单中的文件大小不是整数字节数。";
            reasons.push(Reason::of_file(name, Class::BadManifest, message));
        }
        if file.sha256.is_none() && file.sm3.is_none() {
            let message = "清单没有给出这个文件的 SHA-256 或 SM3 值。";
            reasons.push(Reason::of_file(name, Class::NoHash, message));
        }
        let is_hash =
            |hash: &String| hash.len() == DIGITS && hash.bytes().all(|byte| byte.is_ascii_hexdigit());
        if ![&file.sha256, &file.sm3].into_iter().flatten().all(is_hash) {
            let message = format!("清单中的 SHA-256 或 SM3 值不是 {DIGITS} 位十六进制数。");
            reasons.push(Reason::of_file(name, Class::BadManifest, message));
        }
    }
    reasons
}

/// Whether a path of a manifest is that of a file below the folder of the batch.
fn stays_inside(name: &str) -> bool {
    let is_plain = |part: &str| {
        !matches!(part, "" | "." | "..") && part.len() <= 255 && !part.chars().any(char::is_control)
    };
    let has_drive = name.as_bytes().get(1) == Some(&b':');
    name.len() <= LONGEST_NAME && !has_drive && name.split('/').all(is_plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    const HASH: &str = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

    fn classes(bytes: &[u8], is_json: bool) -> Vec<(Option<String>, &'static str)> {
        let reasons = parse(bytes, is_json).err().unwrap_or_default();
        reasons.into_iter().map(|reason| (reason.file, reason.class.name())).collect()
    }

    #[test]
    fn json_and_csv_say_the_same() {
        let json = format!(
            r#"{{"batch":"2025-01","sender":"甲","made":"yesterday","files":[
                {{"name":"县\\a.docx","size":7,"sha256":"{}","agency":"某局","region":610103,"year":2024}},
                {{"name":"b.docx","size":"9","sm3":"{HASH}","sha256":""}}]}}"#,
            HASH.to_uppercase()
        );
        let csv = format!(
            "\u{feff}批次,发送方,文件名,大小,SHA-256,SM3,机关名称,区划代码,年度\r\n\
             2025-01,甲,./县/a.docx,7,{HASH},,某局,610103,2024\r\n,,b.docx,9,,{HASH},,,\r\n"
        );
        let read = parse(json.as_bytes(), true).unwrap();
        assert_eq!(read, parse(csv.as_bytes(), false).unwrap());
        assert_eq!(read, parse(&GB18030.encode(&csv[3..]).0, false).unwrap());
        assert_eq!((read.batch.as_deref(), read.files[0].size_bytes()), (Some("2025-01"), Some(7)));
        assert_eq!((read.files[0].name.as_str(), read.files[0].year.as_deref()), ("县/a.docx", Some("2024")));
        assert_eq!((read.files[1].size_bytes(), &read.files[1].sha256), (Some(9), &None));
    }

    #[test]
    fn what_cannot_be_read_is_said() {
        let check = |text: &str, is_json: bool, class: &str| {
            let found = classes(text.as_bytes(), is_json);
            assert_eq!(found, [(None, class)], "{text}");
        };
        check("", true, "bad-manifest");
        check("{\"files\":[{\"name\":\"a\"", true, "bad-manifest");
        check("[]", true, "bad-manifest");
        check("{\"batch\":\"a\"}", true, "bad-manifest");
        check("{\"files\":[]}", true, "empty-manifest");
        check("", false, "bad-manifest");
        check("大小,sha256\n1,2\n", false, "bad-manifest");
        check("name,sha256\n", false, "empty-manifest");
    }

    #[test]
    fn a_faulty_manifest_is_explained_in_chinese() {
        let check = |text: &str, why: &str| {
            let message = parse(text.as_bytes(), true).unwrap_err().remove(0).message;
            assert!(message.contains(why), "{text}: {message}");
        };
        check("{\"files\":[{\"name\":\"a\"", "第1行第21列：没有写完");
        check("{files:[]}", "第1行第2列：不合 JSON 的语法");
        check("{\"batch\":\"a\"}", "缺少“files”");
        check("{\"files\":3}", "内容的类型不对");
    }

    #[test]
    fn names_stay_inside_the_batch_and_apart() {
        let check = |names: &[&str], expected: &[(&str, &str)]| {
            let files: Vec<_> =
                names.iter().map(|name| serde_json::json!({"name": name, "sha256": HASH})).collect();
            let found = classes(serde_json::json!({"files": files}).to_string().as_bytes(), true);
            let expected: Vec<_> =
                expected.iter().map(|(name, class)| (Some((*name).to_owned()), *class)).collect();
            assert_eq!(found, expected, "{names:?}");
        };
        check(&["a.docx", "县/a.docx", "县/乡/a..docx"], &[]);
        check(&["../a.docx"], &[("../a.docx", "bad-name")]);
        check(&["/etc/passwd"], &[("/etc/passwd", "bad-name")]);
        check(&["a/../../b"], &[("a/../../b", "bad-name")]);
        check(&["..\\a.docx"], &[("../a.docx", "bad-name")]);
        check(&["C:\\a.docx"], &[("C:/a.docx", "bad-name")]);
        check(&["a//b", "县/"], &[("a//b", "bad-name"), ("县/", "bad-name")]);
        check(&["a\nb"], &[("a\nb", "bad-name")]);
        check(&["a.docx", "A.DOCX"], &[("A.DOCX", "name-clash")]);
        check(&["a.docx", "./a.docx"], &[("a.docx", "name-clash")]);
    }

    #[test]
    fn every_file_has_a_hash() {
        let check = |file: &str, class: &str| {
            let found = classes(format!("{{\"files\":[{{\"name\":\"a\",{file}}}]}}").as_bytes(), true);
            assert_eq!(found, [(Some("a".to_owned()), class)], "{file}");
        };
        check("\"size\":1", "no-hash");
        check("\"sha256\":\"abc\"", "bad-manifest");
        check(&format!("\"size\":\"-1\",\"sm3\":\"{HASH}\""), "bad-manifest");
    }
}
