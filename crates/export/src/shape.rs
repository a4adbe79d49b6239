//! What a row stands for.

mod figures;
mod findings;
mod reports;
mod versions;

use report::{FormId, Severity, Verdict};

use crate::column::{Column, Kind, Value};
use crate::dictionary;
use crate::table::{Names, Request};
use crate::{ExportError, Record};

/// What a row stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Shape {
    /// A report, with a column for each cell of the forms.
    Reports,
    /// A cell of a report, with its state and its place.
    Figures,
    /// A finding.
    Findings,
    /// A version of a report.
    Versions,
    /// A column of the other shapes.
    Dictionary,
}

/// Takes one row.
pub(crate) type Each<'a> = &'a mut dyn FnMut(&[Value<'_>]) -> Result<(), ExportError>;

impl Shape {
    /// Every shape.
    pub const ALL: [Self; 5] =
        [Self::Reports, Self::Figures, Self::Findings, Self::Versions, Self::Dictionary];

    /// The name used in addresses and file names.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Reports => "reports",
            Self::Figures => "figures",
            Self::Findings => "findings",
            Self::Versions => "versions",
            Self::Dictionary => "dictionary",
        }
    }

    /// The shape with this name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|shape| shape.as_str() == name)
    }

    /// The Chinese name, also of its sheet in a workbook.
    pub fn title(self) -> &'static str {
        match self {
            Self::Reports => "年度报告",
            Self::Figures => "逐项数据",
            Self::Findings => "校核发现",
            Self::Versions => "报送版本",
            Self::Dictionary => "字段说明",
        }
    }

    /// What a row of it stands for, in Chinese.
    pub fn meaning(self) -> &'static str {
        match self {
            Self::Reports => "每份年度报告一行，表中每一格一列",
            Self::Figures => "每份报告的每一格一行，注明数值状态和原文位置",
            Self::Findings => "每条校核发现一行",
            Self::Versions => "每次报送的版本一行",
            Self::Dictionary => "上述各表的每一列一行",
        }
    }

    /// Its columns.
    pub fn columns(self) -> Vec<Column> {
        match self {
            Self::Reports => reports::columns(),
            Self::Figures => figures::columns(),
            Self::Findings => findings::columns(),
            Self::Versions => versions::columns(),
            Self::Dictionary => dictionary::columns(),
        }
    }

    /// How many rows the reports of each form make; none where only their content tells.
    pub fn rows_of(self, forms: &[(Option<FormId>, u64)]) -> Option<u64> {
        match self {
            Self::Reports => Some(forms.iter().map(|(_, reports)| reports).sum()),
            Self::Figures => {
                let cells =
                    |form: Option<FormId>| form.map_or(0, |form| report::Form::get(form).cells().len());
                Some(forms.iter().map(|(form, reports)| cells(*form) as u64 * reports).sum())
            }
            Self::Findings | Self::Versions => None,
            Self::Dictionary => Some(Self::ALL.into_iter().map(|shape| shape.columns().len() as u64).sum()),
        }
    }

    /// Calls `each` with the rows of a report.
    pub(crate) fn rows(self, record: &Record, request: &Request, each: Each<'_>) -> Result<(), ExportError> {
        match self {
            Self::Reports => reports::row(record, request, each),
            Self::Figures => figures::rows(record, request, each),
            Self::Findings => findings::rows(record, request, each),
            Self::Versions => versions::rows(record, request, each),
            Self::Dictionary => Ok(()),
        }
    }
}

fn key() -> Column {
    Column::new("key", "报告编号", Kind::Text, "年度报告的编号，各版本相同")
}

fn id() -> Column {
    Column::new("id", "版本编号", Kind::Text, "本版本的编号")
}

/// Agency, region and year, with which the rows of every shape begin after their ids.
fn who() -> [Column; 4] {
    [
        Column::new("agency", "机关", Kind::Text, "报告自称的机关全称；未识别则为空"),
        Column::new(
            "region_code",
            "区划代码",
            Kind::Text,
            "行政区划代码，县级以上6位、乡镇9位；未识别则为空",
        ),
        Column::new("region", "地区", Kind::Text, "行政区划全称；未识别则为空"),
        Column::new("year", "年度", Kind::Integer, "报告所属年度；未识别则为空"),
    ]
}

fn who_of<'a>(record: &'a Record) -> [Value<'a>; 4] {
    let report = &record.review.report;
    let region = report.region.as_ref();
    [
        Value::known(report.agency.as_deref()),
        Value::known(region.map(|region| region.code.as_str())),
        Value::known(region.map(|region| region.name.as_str())),
        Value::integer(report.year.map(report::Year::get)),
    ]
}

fn form() -> Column {
    let forms = [("2019", "2019年格式"), ("2021", "2021年格式")];
    Column::new("form", "表格格式", Kind::Text, "报告所用的表格格式；未识别则为空").with_codes(forms)
}

fn form_of<'a>(form: Option<FormId>, names: Names) -> Value<'a> {
    match form {
        Some(FormId::F2019) => Value::text(names.of("2019", "2019年格式")),
        Some(FormId::F2021) => Value::text(names.of("2021", "2021年格式")),
        None => Value::Empty,
    }
}

fn verdict(meaning: &'static str) -> Column {
    let codes = Verdict::ALL.map(|verdict| (verdict.as_str(), verdict.title()));
    Column::new("verdict", "校核结论", Kind::Text, meaning).with_codes(codes)
}

fn verdict_of<'a>(verdict: Verdict, names: Names) -> Value<'a> {
    Value::text(names.of(verdict.as_str(), verdict.title()))
}

fn severity() -> Column {
    let codes = Severity::ALL.map(|severity| (severity.as_str(), severity.title()));
    Column::new("severity", "级别", Kind::Text, "发现的级别").with_codes(codes)
}

fn original() -> Column {
    Column::new("original", "原件校验值", Kind::Text, "原件的 SHA-256")
}

fn submitted_at() -> Column {
    Column::new("submitted_at", "报送时间", Kind::Time, "本版本被接收的时间（北京时间）")
}

fn address(meaning: &'static str) -> Column {
    Column::new("address", "地址", Kind::Text, meaning)
}

/// The place of something in the original.
fn place() -> [Column; 4] {
    [
        Column::new("page", "页", Kind::Integer, "原文第几页，从1起；没有分页的格式为空"),
        Column::new("line", "行号", Kind::Integer, "原文第几行，从1起；没有行的格式为空"),
        Column::new("row", "表内行", Kind::Integer, "在原文表格的第几行，从1起；不在表格中为空"),
        Column::new("column", "表内列", Kind::Integer, "在原文表格的第几列，从1起；不在表格中为空"),
    ]
}

fn place_of<'a>(origin: Option<report::Origin>) -> [Value<'a>; 4] {
    let Some(origin) = origin else { return [Value::Empty, Value::Empty, Value::Empty, Value::Empty] };
    let from_one = |index: Option<u32>| Value::integer(index.map(|index| i64::from(index) + 1));
    let line = (origin.line > 0).then_some(origin.line);
    [Value::integer(origin.page), Value::integer(line), from_one(origin.row), from_one(origin.column)]
}
