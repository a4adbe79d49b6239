//! `/export`: chooses reports, a table and a format, tells how many reports that is, and downloads it.

use access::Caller;
use axum::extract::State;
use export::{Format, Names, Shape};
use maud::{Markup, html};
use report::Verdict;

use super::layout::{self, ErrorPage};
use crate::app::App;
use crate::export_order::filters;
use crate::params::Params;
use crate::{labels, search_query};

const TITLE: &str = "导出";

/// The filters that the form has a field for, with the name of the field.
const FIELDS: [(&str, &str, &str); 4] = [
    ("q", "检索词", "机关、事项、原文中的话"),
    ("year", "年度", "2024，或 2021..2024"),
    ("region", "地区", "代码或名称，例如 3704"),
    ("agency", "机关", "名称或其中一部分"),
];
/// The other filters of the form: those with a list of values, and the rule.
const LISTS: [&str; 3] = ["verdict", "form", "finding"];
const LICENCES: [&str; 4] = ["CC-BY-4.0", "CC0-1.0", "ODbL-1.0", "ODC-By-1.0"];

pub(crate) async fn export(
    State(app): State<App>,
    caller: Caller,
    params: Params,
) -> Result<Markup, ErrorPage> {
    let chosen = filters(&params);
    let (query, problems) = search_query::lenient(&chosen);
    let mut query = search_query::restrict_to_scope(query, &caller)?;
    query.limit = 0;
    let found = app.read(move |reader| reader.search(&query)).await?;
    // An export never relaxes what was typed.
    let reports = if found.relaxed { 0 } else { found.total };
    let warnings = problems.into_iter().map(|problem| problem.detail).chain(found.warnings);
    let content = html! {
        h1 { "导出" }
        @for warning in warnings { p.notice.warn role="alert" { (warning) } }
        form.export action="/api/v1/export" data-export {
            (which(&chosen, reports))
            (what(&params))
            (how(&params))
            (package(&params))
            div.go {
                button.primary { "下载" }
                span.quiet { "不限份数，边取边传；传输中断的文件浏览器会标为下载失败，请重新下载。" }
            }
        }
        (notes())
    };
    Ok(layout::page_with(&app, &caller, TITLE, "", &["export.css", "export.js"], content).await)
}

/// Which reports, and how many these are.
fn which(chosen: &Params, reports: u64) -> Markup {
    html! {
        fieldset.card {
            legend { "一、哪些年度报告" }
            div.fields {
                @for (name, label, hint) in FIELDS {
                    label { (label) input name=(name) value=[chosen.get(name)] placeholder=(hint); }
                }
                label { "校核结论" select name="verdict" {
                    option value="" { "不限" }
                    @for verdict in Verdict::ALL {
                        option value=(verdict.as_str()) selected[chosen.get("verdict") == Some(verdict.as_str())] { (verdict.title()) }
                    }
                } }
                label { "表格格式" select name="form" {
                    option value="" { "不限" }
                    @for form in report::FormId::ALL {
                        option value=(form.as_str()) selected[chosen.get("form") == Some(form.as_str())] { (form.as_str()) "年格式" }
                    }
                } }
                label { "不符合的规则" input name="finding" value=[chosen.get("finding")] placeholder="规则编号，例如 T3-01"; }
            }
            @let others: Vec<_> = others(chosen).collect();
            @for (name, value) in &others { input type="hidden" name=(name) value=(value); }
            @if !others.is_empty() {
                p.quiet { "另有条件：" @for (name, value) in &others { span.chip { (labels::filter(name, value)) } } " " a href="/export" { "清除全部条件" } }
            }
            p.count role="status" {
                "共 " b data-reports { (reports) } " 份年度报告 "
                button formaction="/export" { "按条件重新计数" }
            }
        }
    }
}

/// The filters that no field of the form shows: those without a field, and the further values of those with one.
fn others(chosen: &Params) -> impl Iterator<Item = &(String, String)> {
    let has_field = |name: &str| FIELDS.iter().any(|(field, ..)| *field == name) || LISTS.contains(&name);
    let first = |name: &str, value: &str| chosen.get(name) == Some(value);
    chosen.0.iter().filter(move |(name, value)| !has_field(name) || !first(name, value))
}

/// What a row stands for.
fn what(params: &Params) -> Markup {
    let current = params.get("shape").and_then(Shape::parse).unwrap_or(Shape::Reports);
    html! {
        fieldset.card {
            legend { "二、什么数据" }
            @for shape in Shape::ALL {
                label.choice {
                    input type="radio" name="shape" value=(shape.as_str()) checked[shape == current];
                    span { b { (shape.title()) } " " span.quiet { (shape.meaning()) } }
                }
            }
        }
    }
}

/// In which format, and with which names.
fn how(params: &Params) -> Markup {
    let current = params.get("format").unwrap_or(Format::Xlsx.as_str());
    let names = params.get("names").and_then(Names::parse).unwrap_or(Names::Zh);
    let choice = |value: &str, title: &str, meaning: &str| {
        html! {
            label.choice {
                input type="radio" name="format" value=(value) checked[value == current];
                span { b { (title) } " " span.quiet { (meaning) } }
            }
        }
    };
    html! {
        fieldset.card {
            legend { "三、什么格式" }
            @for format in [Format::Xlsx, Format::Csv, Format::Parquet, Format::Jsonl] {
                (choice(format.as_str(), format.title(), meaning(format)))
            }
            (choice("package", "公开数据包（ZIP）", "年度报告和逐项数据的 CSV 与 Parquet，附字段说明和开放数据目录；不含报送人、文件名和联系方式"))
            div.fields {
                label { "列名和取值" select name="names" {
                    @for one in Names::ALL { option value=(one.as_str()) selected[one == names] { (one.title()) } }
                } }
            }
        }
    }
}

fn meaning(format: Format) -> &'static str {
    match format {
        Format::Xlsx => "数字即数字，附字段说明和来源说明两表；超过 1,048,576 行另起一表",
        Format::Csv => "可用 Excel、WPS 直接打开",
        Format::Parquet => "列有类型，供 pandas、DuckDB 等读取；含字段说明和来源",
        Format::Jsonl => "每行一个 JSON 对象，供程序读取",
    }
}

/// What a package says of itself.
fn package(params: &Params) -> Markup {
    html! {
        details.card open[params.get("format") == Some("package")] {
            summary { "公开数据包的说明（仅用于公开数据包）" }
            div.fields {
                label { "名称" input name="title" value=[params.get("title")] maxlength="200" placeholder="政府信息公开工作年度报告数据"; }
                label { "发布单位" input name="publisher" value=[params.get("publisher")] maxlength="200"; }
                label { "使用许可" input name="licence" value=[params.get("licence")] maxlength="200" list="licences" placeholder="例如 CC-BY-4.0"; }
                datalist #licences { @for licence in LICENCES { option value=(licence) {} } }
            }
            label.choice {
                input type="checkbox" name="findings" value="true" checked[params.get("findings") == Some("true")];
                span { "包括校核发现" }
            }
        }
    }
}

fn notes() -> Markup {
    html! {
        section.card {
            h2 { "使用说明" }
            ul {
                li { "空值不是0：原文为空格、以符号代替、不是数字、没有这一格和存疑的，各有不同的状态。“逐项数据”每格都有状态，“年度报告”的状态列在最后一列。" }
                li { "存疑的数值不列入数值列，以免误用；所存的数另列。" }
                li { "以 =、+、-、@ 等开头的文字，CSV 中前加英文单引号，以免电子表格当作公式；数字（包括负数）不变。" }
                li { "各列的含义、单位和取值见" a href="/api/v1/export?shape=dictionary&format=xlsx&names=zh" { "字段说明" } "；命令行用 " code { "gouji export" } "。" }
            }
        }
    }
}

/// Links that export what a list shows, with its filters.
pub(super) fn export_links(params: &Params, shape: Shape) -> Markup {
    let chosen = filters(params).with("shape", shape.as_str()).with("names", Names::Zh.as_str());
    let direct = |format: Format| chosen.with("format", format.as_str()).address("/api/v1/export");
    html! {
        p.quiet.screen {
            "导出：" a href=(direct(Format::Xlsx)) download { "Excel" }
            "　" a href=(direct(Format::Csv)) download { "CSV" }
            "　" a href=(chosen.address("/export")) { "其他数据和格式" }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_keeps_the_filters_and_nothing_else() {
        let params =
            Params::parse("q=%E7%94%B3%E8%AF%B7&year=2023&year=2024&sort=-year&cursor=x&cell.review.total=1");
        let links = export_links(&params, Shape::Figures).into_string();
        let filters = "q=%E7%94%B3%E8%AF%B7&amp;year=2023&amp;year=2024&amp;cell.review.total=1";
        let csv = format!("/api/v1/export?{filters}&amp;shape=figures&amp;names=zh&amp;format=csv");
        assert!(links.contains(&csv), "{links}");
        assert!(links.contains(&format!("/export?{filters}&amp;shape=figures&amp;names=zh\"")), "{links}");
    }

    #[test]
    fn every_filter_is_in_the_form() {
        let chosen = Params::parse("year=2023&year=2024&severity=error&verdict=fail");
        let hidden: Vec<&str> = others(&chosen).map(|(_, value)| value.as_str()).collect();
        assert_eq!(hidden, ["2024", "error"]);
        let form = which(&chosen, 7).into_string();
        assert!(form.contains("name=\"year\" value=\"2023\""), "{form}");
        assert!(form.contains("type=\"hidden\" name=\"year\" value=\"2024\""), "{form}");
        assert!(form.contains("value=\"fail\" selected"), "{form}");
    }
}
