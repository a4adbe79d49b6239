//! Why a file is not accepted, and what to do: every class of refusals in Chinese.

use maud::{Markup, html};
use proto::{Fault, RefusalClass};

pub(super) fn table() -> Markup {
    html! {
        p { "未接收的文件在报送页和回执上写明原因。技术人员可凭“代码”查询。" }
        div.scroll tabindex="0" { table.plain.left.refusals {
            thead { tr { th scope="col" { "原因" } th scope="col" { "怎么办" } th scope="col" { "谁来处理" } th scope="col" { "代码" } } }
            tbody {
                @for class in RefusalClass::ALL {
                    @let (cause, remedy) = words(class);
                    tr id={ "refusal-" (class.name()) } {
                        th scope="row" { (cause) } td { (remedy) } td.nowrap { (who(class.info().fault)) } td { code { (class.name()) } }
                    }
                }
            }
        } }
    }
}

fn who(fault: Fault) -> &'static str {
    match fault {
        Fault::Sender => "报送单位",
        Fault::Operator => "管理员",
        Fault::Load => "稍后自动恢复",
    }
}

/// The cause and the remedy of a refusal.
fn words(class: RefusalClass) -> (&'static str, &'static str) {
    use RefusalClass as C;
    match class {
        C::Empty => ("文件是空的，没有文字", "打开原文件确认已保存，再重新报送。"),
        C::TooLarge => ("文件太大", "去掉图片和附件，只报送报告正文。"),
        C::UnsupportedFormat => ("格式不支持，例如图片、RAR", "另存为DOCX、网页或纯文本；压缩包改为ZIP。"),
        C::Encrypted => ("文件设有密码", "取消密码后重新报送。"),
        C::BrokenFile => ("文件已损坏", "打开原文件，重新保存后报送新文件。"),
        C::OutdatedVersion => ("文件的版本太旧", "用现在的办公软件另存后报送。"),
        C::NoText => ("扫描件或截图，没有文字", "报送制作扫描件的原电子文件。"),
        C::NoLetters => ("PDF、OFD的字体没有文字信息", "报送原电子文件，或用办公软件重新导出。"),
        C::NotText => ("不是已知的格式，也不是文本", "打开文件，另存为DOCX、网页或纯文本。"),
        C::NotAReport => {
            ("不是政府信息公开工作年度报告", "只报送年度报告；如确是年度报告，检查文件是否完整。")
        }
        C::BadEnvelope => ("总线消息里没有可取的文件", "发送文件本身，或写明文件地址和SHA-256。"),
        C::TooMuchInflated => ("文档里的内容过多", "去掉图片和附件后另存。"),
        C::TooManyLines => ("行数过多", "一个文件只放一份报告。"),
        C::TooManyCells => ("表格单元格过多", "一个文件只放一份报告。"),
        C::TooManyNodes => ("网页或文档的元素过多", "去掉与报告无关的内容，或另存为纯文本。"),
        C::TooDeep => ("网页或文档嵌套过深", "另存为DOCX或纯文本后报送。"),
        C::TooManyAttributes => ("网页标签的属性过多", "另存为DOCX或纯文本后报送。"),
        C::TooManyPages => ("页数过多", "一个文件只放一份报告。"),
        C::TooMuchDrawn => ("页面上的图形过多", "去掉与报告无关的内容，或另存为DOCX。"),
        C::BrokenArchive => ("压缩包已损坏", "重新压缩为ZIP后报送。"),
        C::ArchiveLimit => ("压缩包里的文件过多、过大或嵌套过深", "分成几个压缩包报送。"),
        C::TooSlow => ("读取用时过长", "去掉图片，另存为DOCX或纯文本后报送。"),
        C::TooMuchMemory => ("读取所需内存过多", "去掉图片，另存为DOCX或纯文本后报送。"),
        C::ReaderCrashed => ("读取时程序异常退出", "另存为DOCX或纯文本后报送。"),
        C::NotYours => ("不是本账号范围内的机关或地区的报告", "检查是否选错文件；范围有误的，请联系管理员。"),
        C::Unchanged => ("网页有改动，其中的报告没有变化", "不必处理，仍以此前抓取的版本为准。"),
        C::UndecodableEvent => ("系统版本不一致，未能处理", "不必重新报送，由管理员处理。"),
        C::GaveUp => ("系统多次处理未成功", "不必重新报送，由管理员排除故障后重新处理。"),
        C::KilledWorker => ("处理程序多次中断", "不必重新报送，由管理员处理。"),
        C::FactTooLarge => ("报告内容超过系统的传输上限", "不必重新报送，由管理员处理。"),
        C::OriginalLost => ("原件在存储中丢失或损坏", "由管理员从备份恢复；急用的可重新报送。"),
    }
}
