//! A folder to be published: the tables, their dictionary, and descriptions that catalogues of open data read.

use std::io::Write;

use report::beijing;
use serde_json::{Value as Json, json};
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

use crate::column::{Column, Kind};
use crate::sink::{Hashed, Knife};
use crate::table::{Format, Names, Request, write};
use crate::{ExportError, Provenance, Records, Shape};

/// A folder to be published, as a ZIP. It holds no sender, no file name and no contact.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Package {
    /// What the data are called.
    pub title: String,
    /// Who publishes them; empty where nobody is named.
    pub publisher: String,
    /// Under which licence.
    pub licence: Licence,
    /// Whether the findings are in it.
    pub has_findings: bool,
}

/// The licence of the data.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Licence(String);

/// Licences of open data with their SPDX identifier, name and address.
const LICENCES: [(&str, &str, &str); 5] = [
    ("CC-BY-4.0", "知识共享 署名 4.0", "https://creativecommons.org/licenses/by/4.0/"),
    ("CC-BY-SA-4.0", "知识共享 署名—相同方式共享 4.0", "https://creativecommons.org/licenses/by-sa/4.0/"),
    ("CC0-1.0", "知识共享 公有领域贡献 1.0", "https://creativecommons.org/publicdomain/zero/1.0/"),
    ("ODbL-1.0", "开放数据库许可 1.0", "https://opendatacommons.org/licenses/odbl/1-0/"),
    ("ODC-By-1.0", "开放数据署名许可 1.0", "https://opendatacommons.org/licenses/by/1-0/"),
];

impl Licence {
    /// The licence with this SPDX identifier, or in these words; none where it is empty.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// Its name, and its address if it has one.
    fn known(&self) -> Option<(&'static str, &'static str)> {
        let known = LICENCES.into_iter().find(|(id, ..)| id.eq_ignore_ascii_case(&self.0));
        known.map(|(_, name, address)| (name, address))
    }
}

/// A file of the package.
struct File {
    name: String,
    shape: Shape,
    format: Format,
    rows: u64,
    size_bytes: u64,
    sha256: String,
}

impl Package {
    /// Writes the package to `out`. After an error, `out` has no whole archive.
    ///
    /// # Errors
    /// If `out` takes no more, or a report cannot be read.
    pub fn write<W: Write + Send>(
        &self,
        provenance: &Provenance,
        records: &(impl Records + ?Sized),
        out: W,
    ) -> Result<Provenance, ExportError> {
        let mut knife = Knife::default();
        let out = knife.hold(out);
        self.write_parts(provenance, records, out, &mut knife)
    }

    fn write_parts<W: Write + Send>(
        &self,
        provenance: &Provenance,
        records: &(impl Records + ?Sized),
        out: W,
        knife: &mut Knife,
    ) -> Result<Provenance, ExportError> {
        let mut archive = ZipWriter::new_stream(out);
        let mut files = Vec::new();
        let mut seen = provenance.clone();
        let written = self.tables().into_iter().try_for_each(|(shape, format)| {
            let name = format!("{}.{}", shape.as_str(), format.as_str());
            archive.start_file(&name, options(format))?;
            let mut hashed = Hashed::new(&mut archive);
            let request = Request { shape, format, names: Names::Id, is_public: true, base: String::new() };
            let table = write(&request, provenance.clone(), records, &mut hashed)?;
            let (size_bytes, sha256) = hashed.finish();
            seen.rows += table.rows;
            seen.reader_versions.extend(table.reader_versions);
            seen.rules_versions.extend(table.rules_versions);
            files.push(File { name, shape, format, rows: table.rows, size_bytes, sha256 });
            Ok(())
        });
        let described = written.and_then(|()| {
            for (name, content) in [
                ("datapackage.json", pretty(&self.data_package(&seen, &files))),
                ("dcat.jsonld", pretty(&self.catalogue_entry(&seen, &files))),
                ("README.md", self.readme(&seen, &files)),
            ] {
                archive.start_file(name, options(Format::Csv))?;
                archive.write_all(content.as_bytes())?;
            }
            Ok(())
        });
        if let Err(error) = described {
            // The archive completes itself when it is dropped.
            knife.sever();
            return Err(error);
        }
        knife.finish();
        archive.finish()?.into_inner().flush()?;
        Ok(seen)
    }

    fn tables(&self) -> Vec<(Shape, Format)> {
        let mut tables = Vec::new();
        for format in [Format::Csv, Format::Parquet] {
            tables.extend([(Shape::Reports, format), (Shape::Figures, format)]);
            if self.has_findings {
                tables.push((Shape::Findings, format));
            }
        }
        tables.push((Shape::Dictionary, Format::Csv));
        tables
    }

    /// The description by the Data Package standard of Frictionless.
    fn data_package(&self, provenance: &Provenance, files: &[File]) -> Json {
        let mut package = json!({
            "profile": "data-package",
            "name": "gouji-annual-reports",
            "title": self.title,
            "created": created(provenance),
            "description": DESCRIPTION,
            "keywords": KEYWORDS,
            "resources": files.iter().map(resource).collect::<Vec<_>>(),
            "gouji": parts(provenance),
        });
        if !self.licence.0.is_empty() {
            let mut licence = json!({"name": self.licence.0});
            if let Some((title, path)) = self.licence.known() {
                (licence["title"], licence["path"]) = (title.into(), path.into());
            }
            package["licenses"] = json!([licence]);
        }
        if !self.publisher.is_empty() {
            package["contributors"] = json!([{"title": self.publisher, "role": "publisher"}]);
        }
        package
    }

    /// The entry of a catalogue by DCAT.
    fn catalogue_entry(&self, provenance: &Provenance, files: &[File]) -> Json {
        let distribution = |file: &File| {
            json!({
                "@type": "dcat:Distribution",
                "dct:title": format!("{}（{}）", file.shape.title(), file.format.title()),
                "dct:description": file.shape.meaning(),
                "dcat:downloadURL": {"@id": file.name},
                "dcat:mediaType": media_type(file.format),
                "dcat:byteSize": file.size_bytes,
                "spdx:checksum": {
                    "@type": "spdx:Checksum",
                    "spdx:algorithm": {"@id": "spdx:checksumAlgorithm_sha256"},
                    "spdx:checksumValue": file.sha256,
                },
            })
        };
        let mut entry = json!({
            "@context": {
                "dcat": "http://www.w3.org/ns/dcat#",
                "dct": "http://purl.org/dc/terms/",
                "foaf": "http://xmlns.com/foaf/0.1/",
                "spdx": "http://spdx.org/rdf/terms#",
                "xsd": "http://www.w3.org/2001/XMLSchema#",
            },
            "@type": "dcat:Dataset",
            "dct:title": self.title,
            "dct:description": DESCRIPTION,
            "dct:language": "zh-CN",
            "dct:issued": {"@type": "xsd:dateTime", "@value": created(provenance)},
            "dcat:keyword": KEYWORDS,
            "dcat:distribution": files.iter().map(distribution).collect::<Vec<_>>(),
        });
        if !self.licence.0.is_empty() {
            entry["dct:license"] = match self.licence.known() {
                Some((_, address)) => json!({"@id": address}),
                None => self.licence.0.as_str().into(),
            };
        }
        if !self.publisher.is_empty() {
            entry["dct:publisher"] = json!({"@type": "foaf:Agent", "foaf:name": self.publisher});
        }
        entry
    }

    fn readme(&self, provenance: &Provenance, files: &[File]) -> String {
        let mut lines =
            vec![format!("# {}", self.title), String::new(), DESCRIPTION.to_owned(), String::new()];
        if !self.publisher.is_empty() {
            lines.push(format!("发布单位：{}", self.publisher));
            lines.push(String::new());
        }
        let licence = match self.licence.known() {
            Some((name, address)) => format!("{}（{name}，{address}）", self.licence.0),
            None if self.licence.0.is_empty() => "发布单位未注明".to_owned(),
            None => self.licence.0.clone(),
        };
        lines.extend([format!("使用许可：{licence}"), String::new()]);
        lines.extend(["## 文件".to_owned(), String::new()]);
        lines
            .extend(["| 文件 | 内容 | 行数 | SHA-256 |".to_owned(), "| --- | --- | ---: | --- |".to_owned()]);
        lines.extend(files.iter().map(|file| {
            format!("| {} | {} | {} | {} |", file.name, file.shape.meaning(), file.rows, file.sha256)
        }));
        lines.extend([String::new(), "## 来源".to_owned(), String::new()]);
        lines.extend(provenance.parts().into_iter().map(|(_, name, value)| format!("- {name}：{value}")));
        lines.extend([String::new(), "## 使用说明".to_owned(), String::new()]);
        lines.extend(NOTES.iter().map(|note| format!("- {note}")));
        lines.push(String::new());
        lines.join("\n")
    }
}

const DESCRIPTION: &str = "各机关政府信息公开工作年度报告中的统计数据，逐格注明数值状态和原文位置。";
const KEYWORDS: [&str; 3] = ["政府信息公开", "工作年度报告", "统计数据"];
const NOTES: [&str; 5] = [
    "各列含义、单位和取值见 dictionary.csv；datapackage.json（Frictionless）和 dcat.jsonld（DCAT）供程序读取。",
    "空值不是0：原文为空格、以符号代替、不是数字、没有这一格，以及所见与所存可能不同（存疑）的，各有不同的状态。",
    "数值精确到原文所印的位数，金额单位为万元，其余为件或项。",
    "CSV 以 UTF-8 编码，带字节顺序标记；以 =、+、-、@ 等开头的文字前加了英文单引号，以免电子表格当作公式，Parquet 中的文字未改动。",
    "address 一列是在出具数据的系统中的路径。数据以机关发布的原件为准。",
];

fn options(format: Format) -> SimpleFileOptions {
    // Parquet is compressed already.
    let method =
        if format == Format::Parquet { CompressionMethod::Stored } else { CompressionMethod::Deflated };
    // A table may have more than 4 GiB.
    SimpleFileOptions::default().compression_method(method).large_file(true)
}

/// The media type without its parameters.
fn media_type(format: Format) -> &'static str {
    format.media_type().split(';').next().unwrap_or_default()
}

fn pretty(value: &Json) -> String {
    format!("{value:#}\n")
}

fn parts(provenance: &Provenance) -> Json {
    let parts = provenance.parts().into_iter().map(|(id, _, value)| (id.to_owned(), value.into()));
    Json::Object(parts.collect())
}

/// When the package was made, by RFC 3339.
fn created(provenance: &Provenance) -> String {
    format!("{}+08:00", beijing::format_time(provenance.made_at_ms).replace(' ', "T"))
}

fn resource(file: &File) -> Json {
    let mut resource = json!({
        "name": file.name.replace('.', "-"),
        "path": file.name,
        "title": file.shape.title(),
        "description": file.shape.meaning(),
        "format": file.format.as_str(),
        "mediatype": media_type(file.format),
        "bytes": file.size_bytes,
        "hash": format!("sha256:{}", file.sha256),
        "rows": file.rows,
    });
    if file.format == Format::Csv {
        resource["profile"] = "tabular-data-resource".into();
        resource["encoding"] = "utf-8".into();
        resource["dialect"] = json!({"delimiter": ",", "lineTerminator": "\r\n", "doubleQuote": true});
        resource["schema"] = schema(file.shape);
    }
    resource
}

fn schema(shape: Shape) -> Json {
    let mut schema = json!({
        "fields": shape.columns().iter().map(schema_field).collect::<Vec<_>>(),
        "missingValues": [""],
    });
    let key: &[&str] = match shape {
        Shape::Reports => &["key"],
        Shape::Figures => &["key", "cell"],
        Shape::Findings => &["key", "number"],
        Shape::Versions => &["id"],
        Shape::Dictionary => &["shape", "column"],
    };
    schema["primaryKey"] = key.into();
    schema
}

fn schema_field(column: &Column) -> Json {
    let (kind, format) = match column.kind {
        Kind::Text => ("string", "default"),
        Kind::Integer => ("integer", "default"),
        Kind::Decimal => ("number", "default"),
        Kind::Date => ("date", "default"),
        Kind::Time => ("datetime", "%Y-%m-%d %H:%M:%S"),
    };
    let mut field = json!({
        "name": column.id,
        "title": column.name,
        "type": kind,
        "format": format,
        "description": column.meaning,
    });
    if !column.unit.is_empty() {
        field["unit"] = column.unit.into();
    }
    if !column.codes.is_empty() {
        field["constraints"] = json!({"enum": column.codes.iter().map(|(id, _)| id).collect::<Vec<_>>()});
    }
    field
}
