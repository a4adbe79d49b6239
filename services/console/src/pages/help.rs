//! `/help` 帮助: for those who send reports, those who review them, and those who use the figures.

mod refusals;

use access::Caller;
use axum::extract::State;
use document::limits;
use maud::{Markup, html};

use super::{layout, navigation};
use crate::app::App;

/// The title of the page.
pub(crate) const TITLE: &str = "帮助";
const ASSETS: &[&str] = &["help.css"];

/// The parts of the page, by their ids.
const PARTS: [(&str, &str); 7] = [
    ("sending", "怎样报送"),
    ("states", "处理状态和校核结论"),
    ("problems", "常见问题怎么改"),
    ("formats", "格式和上限"),
    ("refusals", "文件未接收怎么办"),
    ("reviewing", "审核人员"),
    ("figures", "查数据、做分析"),
];

pub(crate) async fn help(State(app): State<App>, caller: Caller) -> Markup {
    let is_for = |id: &str| id != "reviewing" || caller.is_reviewer();
    let parts =
        [sending(&caller), states(), problems(), formats(), refusals::table(), reviewing(), figures()];
    let content = html! {
        h1 { "帮助" }
        div.guide {
            nav.card.contents-list aria-label="目录" {
                ul { @for (id, name) in PARTS.iter().filter(|(id, _)| is_for(id)) { li { a href={ "#" (id) } { (name) } } } }
            }
            div {
                @for ((id, name), part) in PARTS.iter().zip(&parts).filter(|((id, _), _)| is_for(id)) {
                    section.card id=(id) { h2 { (name) } (part) }
                }
            }
        }
    };
    layout::page_with(&app, &caller, TITLE, "", ASSETS, content).await
}

fn sending(caller: &Caller) -> Markup {
    html! {
        ol {
            li { "先到" a href="/check" { "自查" } "选择文件。系统当场读取、校核并列出问题，不保存文件。" }
            li { "改好后到" (navigation::send(caller)) "，把文件、文件夹或ZIP压缩包拖进虚线框，可以一次放很多个。" }
            li { "每个文件一行，依次显示“已收到”“已读取”“已校核”“可检索”；网络中断会自动重传，同一文件不会重复计算。" }
            li { "全部完成后点“打印回执”，回执列明文件、收到时间、SHA-256校验值和校核结论，可存档。" }
            li { "需要更正时，直接重新报送改好的文件。同一机关、同一年度的新文件自动成为新版本，旧版本仍可查看。" }
        }
        p { "浏览器停用脚本时，选好文件点“报送”，上传后自动转到回执页。" }
        p { "一次有几百份以上时，压缩成ZIP更快；也可由技术人员使用 " code { "gouji submit" } " 命令或" a href="/api" { "接口" } "。" }
    }
}

fn states() -> Markup {
    const STATES: [(&str, &str, &str); 5] = [
        ("已收到，正在读取", "原件已存入系统，不会丢失。", "等待，一般几秒钟。"),
        ("已读取，正在校核", "文件能读，正在按规则校核。", "等待。"),
        ("已校核，正在入库", "结论已经得出。", "等待。"),
        ("可检索", "处理完成，可以检索和查看。", "查看校核结论。"),
        ("未接收", "文件不是年度报告，或者读不了。", "按说明处理后重新报送，见下文“文件未接收怎么办”。"),
    ];
    const VERDICTS: [(&str, &str, &str); 3] = [
        ("通过", "没有发现问题；可能有供参考的提示。", "无需处理。"),
        (
            "有警告",
            "有值得核实的地方，例如正文与表格说法不一、内容缺项。",
            "逐项核实，属实的请更正后重新报送。",
        ),
        ("有错误", "勾稽关系不成立，或者缺少规定的内容。", "按校核结果更正后重新报送。"),
    ];
    html! {
        (three_columns(["处理状态", "含义", "怎么办"], &STATES))
        (three_columns(["校核结论", "含义", "怎么办"], &VERDICTS))
        p { "校核结论由系统自动得出。审核人员核实后可以确认、排除或者豁免某项问题，并可把报告" b { "退回修改" } "；退回修改是审核意见，“未接收”是文件本身的问题，两者不同。" }
    }
}

fn three_columns(heads: [&str; 3], rows: &[(&str, &str, &str)]) -> Markup {
    html! {
        div.scroll tabindex="0" { table.plain.left {
            thead { tr { @for head in heads { th scope="col" { (head) } } } }
            tbody { @for (first, second, third) in rows { tr { th scope="row" { (first) } td { (second) } td { (third) } } } }
        } }
    }
}

fn problems() -> Markup {
    const PROBLEMS: [(&str, &str); 9] = [
        (
            "表三“新收＋上年结转”与“办理总计＋结转下年度”不等",
            "逐列核对。常见原因是结转下年度漏填、总计没有随明细改动。校核结果中的“建议核实”给出了改动一格就能使各行各列平衡的数字，请对照台账确认。",
        ),
        ("各类申请人之和与总计不等", "核对“自然人”和“法人或其他组织”各列与“总计”列；更正后再看各行小计。"),
        (
            "本年“上年结转”与上一年度“结转下年度”不同",
            "以台账为准。上一年度报告有误的，按规定更正上一年度报告并说明。",
        ),
        (
            "正文所述数字与表格不一致",
            "正文和表格同一事项应为同一数字。注意“新收”与“办理”是两个数，跨年办结的不要混用。",
        ),
        (
            "某格“空白”或“缺”",
            "没有发生的填0，不要留空，也不要填“/”“无”。“缺”表示文件里找不到这一格，多为表格缺行缺列。",
        ),
        (
            "某格标“疑”",
            "存储的内容与看到的可能不同，例如被遮盖、有删除线、字色与底色相同。请在原文件中清除格式，直接填写数字。",
        ),
        ("没有识别出表格", "表格应为文字表格，不能是截图。扫描件请改报原电子文件。"),
        ("年度、机关名称不一致", "检查标题、正文首段、落款和文件名，沿用上年模板时最容易漏改。"),
        ("与其他机关文字雷同", "总体情况、存在问题及改进情况应写本机关的实际，请改写雷同段落。"),
    ];
    html! {
        dl.answers { @for (problem, answer) in PROBLEMS { dt { (problem) } dd { (answer) } } }
        p { "每条规则的含义、依据和例子见" a href="/rules" { "校核规则" } "。" }
    }
}

fn formats() -> Markup {
    const FORMATS: [(&str, &str); 5] = [
        ("网页和文本", "HTML、MHT、Markdown、纯文本；编码可为UTF-8、GB18030、UTF-16、Big5"),
        ("文档", "DOCX，97版以后的DOC和WPS，RTF，ODT，Word 2003 XML"),
        ("电子表格", "XLSX，97版以后的XLS和ET，ODS，Excel 2003 XML"),
        ("版式文件", "有文字层的PDF和OFD；扫描件请改报原电子文件"),
        ("压缩包", "ZIP，可嵌套；RAR、7z请先解压"),
    ];
    let mb = |bytes: usize| format!("{}MB", bytes / 1_000_000);
    html! {
        div.scroll tabindex="0" { table.plain.left {
            thead { tr { th scope="col" { "类别" } th scope="col" { "格式" } } }
            tbody { @for (kind, formats) in FORMATS { tr { th scope="row" { (kind) } td { (formats) } } } }
        } }
        p { "单个文件不超过" (mb(limits::BYTES)) "（网页不超过" (mb(limits::HTML_BYTES)) "），PDF不超过" (limits::PAGES) "页；压缩包内不超过5万个文件。一个文件只放一份报告。" }
        p { "数字、空白、符号（“/”“-”“无”）、缺少的格和存疑的格，系统分别记载，不会把空白当作0。" }
    }
}

fn reviewing() -> Markup {
    html! {
        ul {
            li { "工作列表在" a href="/review" { "审核" } "：待审核、退回待改、已重报、逾期和分给本人的，可按地区、年度、规则筛选，也可批量办理。" }
            li { "打开一份年度报告，一侧是校核结果和三张表格，另一侧是原件；点任一侧，另一侧显示对应位置。" }
            li { "对每项问题可以确认、排除（写明理由）、豁免（写明理由和期限）、批注；对报告可以退回修改（写明期限）或通过。每一步都记入操作记录。" }
            li { "整改意见、催报函和通报在" a href="/documents" { "文书" } "办理；应报送的机关和期限在" a href="/roster" { "报送名录" } "维护。" }
            li { "本地区汇总表、缺报情况和相互比对在" a href="/regions" { "汇总与比对" } "。" }
            li { "新报送、更正、撤回和未接收的情况在" a href="/news" { "动态" } "，也可用阅读器订阅。" }
        }
    }
}

fn figures() -> Markup {
    html! {
        ul {
            li { a href="/" { "检索" } "可以用原文语句，也可以用表中的数字，例如“表三 新收 总计>100”；左侧按年度、地区、结论筛选，地址可以收藏和转发。" }
            li { a href="/compare" { "比较分析" } "按机关和年度列出任意一格，可看增减、排名和趋势。" }
            li { a href="/export" { "导出" } "提供CSV、Excel、Parquet和JSON Lines，行数不限，附数据字典；空白、符号、缺格、存疑和0分别标明，请勿合并。" }
            li { "程序请用" a href="/api" { "接口" } "，数字一律为精确的十进制字符串。" }
        }
    }
}
