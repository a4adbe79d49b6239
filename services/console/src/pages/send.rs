//! `/send` 报送: files, folders and archives are sent from the browser, a row a file; and the receipt to print. Without
//! the script the form sends its files and leads to the receipt.

mod receipt;

use access::Caller;
use axum::extract::State;
use maud::{Markup, html};

use super::layout;
use crate::app::App;

pub(crate) use receipt::{receipt, receipts};

/// The title of the page.
pub(crate) const TITLE: &str = "报送";
/// The files that the page loads.
const ASSETS: &[&str] = &["send.css", "send.js"];

pub(crate) async fn send(State(app): State<App>, caller: Caller) -> Markup {
    let content = html! {
        h1 { "报送年度报告" }
        (choose())
        div #sending hidden {
            (progress())
            (shown())
            ol #rows.rows aria-label="报送的文件" {
                li.titles aria-hidden="true" { span { "文件" } span.size { "大小" } span { "状态" } span { "结论" } span { "查看" } }
            }
        }
        (notes())
    };
    layout::page_with(&app, &caller, TITLE, "", ASSETS, content).await
}

fn choose() -> Markup {
    html! {
        form.card.drop #drop action="/api/v1/reports" method="post" enctype="multipart/form-data" {
            p.lead { label for="file" { "选择文件，或把文件、文件夹、ZIP压缩包拖到这里" } }
            p.choose {
                input #file type="file" name="file" multiple required;
                button.primary data-plain { "报送" }
                button.button type="button" data-folder hidden { "选择文件夹" }
                input #folder type="file" webkitdirectory multiple hidden aria-label="选择文件夹";
            }
            p.quiet {
                "网页、Word、WPS、Excel、PDF、OFD、文本等格式均可，单个文件不超过50MB，份数不限。拿不准的，可先"
                a href="/check" { "自查" } "。"
            }
        }
    }
}

/// How many files were sent; the script fills it in.
fn progress() -> Markup {
    html! {
        div.card.progress-line {
            p role="status" aria-live="polite" data-summary {}
            progress max="1" value="0" aria-label="报送进度" {}
            div.tools {
                button.button type="button" data-cancel { "取消未上传的文件" }
                button.button type="button" data-retry disabled { "重传失败的文件" }
                form action="/send/receipt" method="post" target="_blank" {
                    input type="hidden" name="submissions" data-submissions;
                    button.button data-receipt disabled { "打印回执" }
                }
            }
        }
    }
}

/// Which rows are shown.
fn shown() -> Markup {
    html! {
        div.shown role="group" aria-label="显示哪些文件" {
            button type="button" data-show="all" aria-pressed="true" { "全部" }
            button type="button" data-show="open" aria-pressed="false" { "处理中" }
            button type="button" data-show="problems" aria-pressed="false" { "有问题" }
            button type="button" data-show="refused" aria-pressed="false" { "未接收" }
        }
    }
}

fn notes() -> Markup {
    html! {
        section.card {
            h2 { "报送之后" }
            ul {
                li { "“已收到”表示原件已存入系统，不会丢失；随后依次读取、校核，一般几秒钟内可检索到。" }
                li { "“未接收”的文件会说明原因和处理办法，改正后重新报送即可。" }
                li { "结论为“有错误”“有警告”的，请查看年度报告页上的校核结果，更正后重新报送；新版本自动替换旧版本。" }
                li { "全部完成后可打印回执留存。关闭本页不影响已收到的文件。" }
            }
            p.quiet { "更多说明见" a href="/help" { "帮助" } "。" }
        }
    }
}
