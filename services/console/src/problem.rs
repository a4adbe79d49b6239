//! The problem documents of the console: those of `access`, and those that only the console answers with.

use access::Code;
pub(crate) use access::Problem;

pub(crate) fn too_many_listeners() -> Problem {
    let hint = "请稍后再试，或直接查询 /api/v1/status。";
    Problem::new(Code::TooManyListeners, "同时收看实时状态的人太多。", hint).retry_after(5)
}

/// An original that cannot be shown; the report itself is in order.
pub(crate) fn cannot_show(detail: &str) -> Problem {
    Problem::new(Code::CannotShow, detail, "请下载原件查看。")
}

pub(crate) fn of_search(error: search::IndexError) -> Problem {
    match error {
        search::IndexError::BadCursor(cursor) => {
            let problem = Problem::bad_parameter("cursor", format!("“{cursor}”不是这次检索的翻页标记。"));
            problem.hint("翻页标记只能和同样的检索条件、同样的排序一起用；请从第一页重新开始。")
        }
        error @ (search::IndexError::Absent { .. } | search::IndexError::NeedsRebuild { .. }) => {
            tracing::warn!("answering a request: {error}");
            index_unavailable("检索库尚未建成，或正在重建。")
        }
        // What was asked for is never the reason: files of the index are damaged, or its disk fails.
        error => {
            tracing::error!("answering a request: {:#}", anyhow::Error::new(error));
            index_unavailable("检索库损坏，暂时不能检索。")
        }
    }
}

fn index_unavailable(detail: &'static str) -> Problem {
    let hint = "请稍后再试；报送不受影响，已报送的报告不会丢失。";
    Problem::new(Code::IndexUnavailable, detail, hint).retry_after(5)
}
