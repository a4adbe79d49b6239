//! The rows of a batch: what each column holds, and the rows of each table.

use export::{Column, Kind, Value};
use report::Decimal;
use worker::outlets::Carry;

use crate::change::{Change, Standing, State};
use crate::items::{self, Group, Item};

/// A table of a batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Table {
    /// A row a change.
    Reports,
    /// A row a cell.
    Cells,
    /// A row a finding.
    Findings,
}

/// The columns that are never empty.
const REQUIRED: [&str; 11] =
    ["key", "event", "id", "cell", "label", "state", "rule", "severity", "message", "sequence", "time"];

/// Characters that a text has at most, as in the exchange tables; none where nothing limits it.
fn longest(column: &str) -> Option<usize> {
    Some(match column {
        "key" | "version" | "cell" => 128,
        "id" => 256,
        "event" | "form" | "verdict" | "severity" => 8,
        "region_code" => 12,
        "region" => 100,
        "agency" => 500,
        "rejudged" => 5,
        "label" => 200,
        "state" | "rule" => 16,
        _ => return None,
    })
}

type Row<'a> = Vec<Value<'a>>;

impl Table {
    /// The tables of an outlet that carries so much.
    pub(super) fn of(carry: Carry) -> &'static [Self] {
        match carry {
            Carry::Identity => &[Self::Reports],
            Carry::Figures => &[Self::Reports, Self::Cells],
            Carry::Findings => &[Self::Reports, Self::Cells, Self::Findings],
        }
    }

    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Reports => "reports",
            Self::Cells => "cells",
            Self::Findings => "findings",
        }
    }

    pub(super) fn columns(self) -> Vec<Column> {
        let text = |id, name, meaning| Column::new(id, name, Kind::Text, meaning);
        let integer = |id, name, meaning| Column::new(id, name, Kind::Integer, meaning);
        let mut columns = vec![
            text("key", "报告编号", "年度报告的编号，各版本相同"),
            text("version", "版本编号", "本版本的编号；报告已撤回则为空"),
        ];
        columns.extend(match self {
            Self::Reports => vec![
                text("event", "事件", "stands 为现行有效，gone 为已撤回"),
                text("id", "消息编号", "同一消息再次发出时不变"),
                text("region_code", "地区代码", "行政区划代码；未识别则为空"),
                text("region", "地区", "行政区划全称；未识别则为空"),
                text("agency", "机关", "报告自称的机关全称；未识别则为空"),
                integer("year", "年度", "报告所属年度；未识别则为空"),
                text("form", "表格格式", "2021 或 2019；没有表格则为空"),
                text("published", "公布日期", "公历日期；未识别则为空"),
                text("verdict", "校核结论", "pass 通过，warn 有警告，fail 有错误"),
                integer("errors", "错误数", "不符合且级别为错误的发现"),
                integer("warnings", "警告数", "不符合且级别为警告的发现"),
                text("rejudged", "重新校核", "true 为报告入库后重新校核，数据未变"),
            ],
            Self::Cells => vec![
                text("cell", "单元格编号", "这一格的编号"),
                text("label", "单元格", "这一格的行列名称"),
                Column::new("value", "数值", Kind::Decimal, "可以使用的数值；没有则为空，空值不是0"),
                text("state", "状态", "数值的来历，或没有数值的原因"),
            ],
            Self::Findings => vec![
                text("rule", "规则", "规则编号"),
                text("severity", "级别", "error 错误，warning 警告，info 提示"),
                text("verdict", "判断", "fails 不符合，unknown 无法判断"),
                text("message", "说明", "问题及处理办法"),
                text("cells", "单元格", "涉及的单元格编号，以空格分隔"),
            ],
        });
        columns.push(integer("sequence", "序号", "消息在本系统日志中的序号，按此顺序处理"));
        if self == Self::Reports {
            columns.push(Column::new("time", "时间", Kind::Time, "写入日志的时间（北京时间）"));
        }
        columns
    }

    /// Its columns, for the catalogue of information resources.
    pub(super) fn items(self) -> Group {
        let title = match self {
            Self::Reports => "年度报告的变动，每条消息一行",
            Self::Cells => "年度报告的每一格",
            Self::Findings => "校核发现的问题",
        };
        let item = |column: Column| Item {
            required: REQUIRED.contains(&&*column.id),
            kind: match column.kind {
                Kind::Text if column.id == "published" => items::Kind::Day,
                Kind::Text => items::Kind::Text(longest(&column.id)),
                Kind::Integer => items::Kind::Integer,
                Kind::Decimal => items::Kind::Decimal(38, 10),
                Kind::Date => items::Kind::Day,
                Kind::Time => items::Kind::Time,
            },
            name: column.id.into_owned(),
            title: column.name.into_owned(),
            note: column.meaning.into_owned(),
        };
        Group {
            name: format!("{}.csv", self.as_str()),
            title: title.to_owned(),
            items: self.columns().into_iter().map(item).collect(),
        }
    }

    /// The rows of these changes.
    pub(super) fn rows<'a>(self, changes: &'a [&'a Change]) -> Box<dyn Iterator<Item = Row<'a>> + 'a> {
        let changes = changes.iter().copied();
        match self {
            Self::Reports => Box::new(changes.map(report)),
            Self::Cells => Box::new(changes.flat_map(cells)),
            Self::Findings => Box::new(changes.flat_map(findings)),
        }
    }
}

fn report(change: &Change) -> Row<'_> {
    let sequence = integer(change.sequence);
    let time = Value::Time(change.at_ms);
    let key = Value::text(&*change.report);
    let id = Value::text(&*change.id);
    match &change.state {
        State::Stands(standing) => vec![
            key,
            Value::text(&*standing.version),
            Value::text("stands"),
            id,
            Value::text(&*standing.region),
            Value::text(&*standing.region_name),
            Value::text(&*standing.agency),
            year(standing.year),
            Value::text(&*standing.form),
            Value::text(&*standing.published),
            Value::text(standing.verdict),
            Value::Integer(standing.errors.into()),
            Value::Integer(standing.warnings.into()),
            Value::text(if standing.rejudged { "true" } else { "false" }),
            sequence,
            time,
        ],
        State::Gone { region, year: of } => {
            let mut row = vec![key, Value::Empty, Value::text("gone"), id, Value::text(&**region)];
            row.extend([Value::Empty, Value::Empty, year(*of)]);
            row.extend([Value::Empty, Value::Empty, Value::Empty, Value::Empty, Value::Empty, Value::Empty]);
            row.extend([sequence, time]);
            row
        }
    }
}

fn cells(change: &Change) -> impl Iterator<Item = Row<'_>> {
    let cells = standing(change).into_iter().flat_map(|standing| &standing.cells);
    cells.map(move |cell| {
        let value = Decimal::from_str_exact(&cell.value).map_or(Value::Empty, Value::Decimal);
        vec![
            Value::text(&*change.report),
            Value::text(version(change)),
            Value::text(&*cell.cell),
            Value::text(&*cell.label),
            value,
            Value::text(cell.state),
            integer(change.sequence),
        ]
    })
}

fn findings(change: &Change) -> impl Iterator<Item = Row<'_>> {
    let findings = standing(change).into_iter().flat_map(|standing| &standing.findings);
    findings.map(move |finding| {
        vec![
            Value::text(&*change.report),
            Value::text(version(change)),
            Value::text(&*finding.rule),
            Value::text(finding.severity),
            Value::text(finding.verdict),
            Value::text(&*finding.message),
            Value::text(finding.cells.join(" ")),
            integer(change.sequence),
        ]
    })
}

fn standing(change: &Change) -> Option<&Standing> {
    match &change.state {
        State::Stands(standing) => Some(standing),
        State::Gone { .. } => None,
    }
}

fn version(change: &Change) -> &str {
    standing(change).map_or("", |standing| &standing.version)
}

fn year<'a>(year: u16) -> Value<'a> {
    if year == 0 { Value::Empty } else { Value::Integer(year.into()) }
}

fn integer<'a>(number: u64) -> Value<'a> {
    Value::Integer(i64::try_from(number).unwrap_or(i64::MAX))
}
