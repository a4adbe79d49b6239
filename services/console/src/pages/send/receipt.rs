//! `/send/receipt/{submission}`: what was sent, when, by whom, and what became of it, to be printed and filed.

use access::{Caller, Code, Requires};
use axum::Form;
use axum::extract::State;
use axum::extract::rejection::FormRejection;
use futures::{StreamExt as _, TryStreamExt as _};
use jiff::Timestamp;
use maud::{Markup, html};
use proto::ReportState;
use report::beijing;
use serde::Deserialize;

use super::ASSETS;
use crate::app::App;
use crate::labels;
use crate::pages::layout::{self, badge};
use crate::params::{Id, Params};
use crate::problem::Problem;
use crate::receipt::{NotAccepted, PAGE, Receipt, ReceivedFile};

const TITLE: &str = "报送回执";

/// Submissions on one receipt; the page 报送 sends each file as one.
const MAX_SUBMISSIONS: usize = 10_000;
/// Submissions that are looked up concurrently.
const CONCURRENCY: usize = 8;

/// The receipt of one submission.
pub(crate) async fn receipt(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id,
    params: Params,
) -> Result<Markup, Problem> {
    let from = params.get("from").map_or(Ok(0), str::parse);
    let from: usize =
        from.map_err(|_| Problem::bad_parameter("from", "参数“from”应为从0起的整数。".into()))?;
    let receipt = Receipt::load(&app, &caller, &id, from).await?;
    let next = (from + receipt.files.len() < receipt.total).then_some(from + PAGE);
    let content = html! {
        (paper(&caller, std::slice::from_ref(&receipt), from))
        nav.paging.screen aria-label="翻页" {
            @if from > 0 { a href={ "?from=" (from.saturating_sub(PAGE)) } { "上一页" } }
            @if let Some(next) = next { a.next href={ "?from=" (next) } { "下一页" } }
        }
    };
    Ok(layout::page_with(&app, &caller, TITLE, "", ASSETS, content).await)
}

/// The submissions of one visit to the page 报送, by their ids with spaces between them.
#[derive(Debug, Deserialize)]
pub(crate) struct Submissions {
    submissions: String,
}

/// The receipt of many submissions.
pub(crate) async fn receipts(
    State(app): State<App>,
    caller: Caller,
    form: Result<Form<Submissions>, FormRejection>,
) -> Result<Markup, Problem> {
    let Form(Submissions { submissions }) = form.map_err(|_| nothing_named())?;
    let ids: Vec<String> = submissions.split_whitespace().map(str::to_owned).collect();
    if ids.is_empty() {
        return Err(nothing_named());
    }
    if ids.len() > MAX_SUBMISSIONS {
        let detail = format!("一张回执最多列出{MAX_SUBMISSIONS}次报送，这次有{}次。", ids.len());
        return Err(Problem::new(Code::TooManyIds, detail, "请分批打印回执。"));
    }
    let (of, to) = (&app, &caller);
    let receipts = futures::stream::iter(ids).map(|id| async move { Receipt::load(of, to, &id, 0).await });
    let receipts: Vec<Receipt> = receipts.buffered(CONCURRENCY).try_collect().await?;
    Ok(layout::page_with(&app, &caller, TITLE, "", ASSETS, paper(&caller, &receipts, 0)).await)
}

fn nothing_named() -> Problem {
    let detail = "没有说明要打印哪些报送的回执。".to_owned();
    Problem::bad_parameter("submissions", detail).hint("请在报送页面上点“打印回执”。")
}

/// The receipt as it is printed; `from` is the position of its first file.
fn paper(caller: &Caller, receipts: &[Receipt], from: usize) -> Markup {
    let total: usize = receipts.iter().map(|receipt| receipt.total).sum();
    let refused: usize = receipts.iter().map(|receipt| receipt.refused.len()).sum();
    let files = receipts.iter().flat_map(|receipt| &receipt.files).collect::<Vec<_>>();
    let mut senders: Vec<&str> = receipts.iter().map(|receipt| receipt.sender.as_str()).collect();
    senders.sort_unstable();
    senders.dedup();
    let not_shown =
        receipts.iter().filter(|receipt| receipts.len() > 1 && receipt.files.len() < receipt.total);
    let processing = files.iter().filter(|file| !is_final(file.state)).count();
    html! {
        p.actions.screen {
            button.button type="button" data-print hidden { "打印" }
            @if caller.can(Requires::Submit) { " " a.button href="/send" { "继续报送" } }
        }
        article.receipt {
            h1 { "政府信息公开工作年度报告报送回执" }
            dl.facts {
                div { dt { "报送账号" } dd { @if senders == [""] { "未登记" } @else { (senders.join("、")) } } }
                div { dt { "接收文件" } dd { (total) "个" @if refused > 0 { "，另有" (refused) "个未接收" } } }
                div { dt { "出具时间" } dd { (beijing::format_time(Timestamp::now().as_millisecond())) "（北京时间）" } }
                @if let [one] = receipts { div { dt { "报送编号" } dd { code { (one.submission) } } } }
            }
            @if processing > 0 { p.notice.screen { "还有" (processing) "个文件正在处理，稍后刷新本页可看到结论。" } }
            (table(&files, from, &refused_files(receipts)))
            @for receipt in not_shown {
                p { "报送 " a href={ "/send/receipt/" (receipt.submission) } { (receipt.submission) } " 共" (receipt.total) "个文件，这里只列出前" (receipt.files.len()) "个。" }
            }
            p.quiet { "SHA-256是文件内容的校验值，可据此核对留存的文件与报送的文件一致。校核结论由系统自动得出，以审核意见为准。" }
            p.seal { span { "接收单位（盖章）：" } span { "年　　月　　日" } }
        }
    }
}

fn refused_files(receipts: &[Receipt]) -> Vec<&NotAccepted> {
    receipts.iter().flat_map(|receipt| &receipt.refused).collect()
}

fn table(files: &[&ReceivedFile], from: usize, refused: &[&NotAccepted]) -> Markup {
    html! {
        div.scroll tabindex="0" { table {
            thead { tr {
                th scope="col" { "序号" } th scope="col" { "文件" } th scope="col" { "大小" } th scope="col" { "SHA-256" }
                th scope="col" { "收到时间" } th scope="col" { "状态" } th scope="col" { "校核结论" }
            } }
            tbody {
                @for (index, file) in files.iter().enumerate() { (row(from + index + 1, file)) }
                @for file in refused {
                    tr {
                        td.number { "—" }
                        td.name { (file.file_name) }
                        td { "—" } td { "—" } td { "—" }
                        td { "未接收" }
                        td { (file.message) }
                    }
                }
            }
        } }
    }
}

fn row(number: usize, file: &ReceivedFile) -> Markup {
    let address = file.report.as_deref().unwrap_or(&file.id);
    html! {
        tr {
            td.number { (number) }
            td.name {
                @if file.state == ReportState::Indexed { a href={ "/reports/" (address) } { (file.file_name) } } @else { (file.file_name) }
                @if file.agency.is_some() || file.year.is_some() {
                    p.quiet { (file.agency.as_deref().unwrap_or_default()) @if let Some(year) = file.year { (year) "年度" } }
                }
            }
            td.number { (labels::size(file.size_bytes)) }
            td.hash { code { (file.original) } }
            td {
                @match file.received_at_ms { Some(at) => (beijing::format_time(at)), None => "—" }
                @if file.is_repeated { p.quiet { "此前已收到相同的文件" } }
            }
            td { (labels::progress(file.state)) @if let Some(why) = &file.refusal { p.why { (why) } } }
            td {
                @match file.verdict {
                    Some(verdict) => { (badge(verdict)) @if file.problems > 0 { " 问题" (file.problems) "项" } }
                    None => "—",
                }
            }
        }
    }
}

fn is_final(state: ReportState) -> bool {
    matches!(state, ReportState::Indexed | ReportState::Refused)
}
