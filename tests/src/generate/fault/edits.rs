//! Every kind of fault with what does it.

use report::CellId;

use super::{Act, Kind, Scene};
use crate::generate::FIRST_YEAR;
use crate::generate::figures::Figures;
use crate::generate::narrative::{Block, Slip};
use crate::generate::random::Random;
use crate::generate::table::{Cell, Table};

const fn alone(rule: &'static str, what: &'static str, also: &'static [&'static str], act: Act) -> Kind {
    Kind { rule, what, also, beside: false, act }
}

const fn beside(rule: &'static str, what: &'static str, also: &'static [&'static str], act: Act) -> Kind {
    Kind { rule, what, also, beside: true, act }
}

/// A wrong number in a sentence may contradict the other numbers of that sentence too.
const WORDS: &[&str] = &["NAR-01", "NAR-03", "NAR-04", "NAR-05", "NAR-06", "NAR-07", "XY-09"];

#[rustfmt::skip]
pub(super) const KINDS: &[Kind] = &[
    // Table two.
    alone("T2-01", "表二少了一行", &["T2-13", "T2-14"], Act::Print(|tables, _, _| lose(&mut tables[0], "active.penalty.decisions"))),
    alone("T2-02", "行政许可件数为负数", &["NAR-08", "CEL-03", "XY-07"], Act::Print(|tables, _, _| retype(&mut tables[0], "active.licensing.decisions", "-5"))),
    alone("T2-03", "制发多于现行有效与废止之和", &["NAR-09", "XY-03", "XY-07"], Act::Year(|figures, _, _| documents(figures, 8, 1, 3))),
    alone("T2-04", "有制发而现行有效为零", &["T2-03", "NAR-09", "XY-03", "XY-07"], Act::Year(|figures, _, _| documents(figures, 3, 0, 0))),
    alone("T2-05", "新公开多于对外公开总数", &[], Act::Year(|figures, _, _| {
        figures.put("active.normative_documents.public_total", 1) && figures.put("active.normative_documents.published", 6)
            && figures.put("active.normative_documents.made", 6)
    })),
    alone("T2-06", "处理决定数量填成项目结余", &["XY-07"], Act::Year(|figures, _, _| {
        let items = figures.get("active.licensing.items_last_year") + figures.get("active.licensing.items_change");
        items > 0 && figures.get("active.licensing.items_change") != 0 && figures.put("active.licensing.decisions", items)
    })),
    alone("T2-07", "减少的项目多于上年项目", &["XY-05", "T2-06"], Act::Year(|figures, _, _| {
        figures.put("active.licensing.items_change", -figures.get("active.licensing.items_last_year") - 3)
    })),
    alone("T2-08", "收费金额按元填写", &["XY-07", "T2-16"], Act::Year(|figures, _, _| {
        let amount = figures.get("active.fees.amount");
        amount > 5_000 && figures.put("active.fees.amount", amount * 10_000)
    })),
    alone("T2-09", "采购金额没有单位", &[], Act::Print(|tables, scene, _| {
        let id = "active.procurement.amount";
        scene.figures.get(id) > 0 && retype(&mut tables[0], id, &scene.figures.text(CellId::parse(id).expect("a cell")))
    })),
    alone("T2-10", "数字后写了单位", &["CEL-04"], Act::Print(|tables, _, _| append(&mut tables[0], "active.licensing.decisions", "件"))),
    alone("T2-11", "部门报告了规章", &["XY-03"], Act::Year(|figures, scene, _| {
        ["局", "委员会"].iter().any(|end| scene.agency.name.ends_with(end)) && figures.put("active.regulations.in_force", 3)
    })),
    alone("T2-12", "行政审批局许可为零", &["XY-07"], Act::Year(|figures, scene, _| {
        scene.agency.name.ends_with("行政审批服务局") && figures.put("active.licensing.decisions", 0)
    })),
    alone("T2-13", "表二表头改了字", &[], Act::Print(|tables, scene, _| {
        relabel(&mut tables[0], "本年制发件数", &format!("本年（{}）制发件数", scene.year))
    })),
    alone("T2-14", "沿用规范性文件旧称", &[], Act::Print(|tables, _, _| relabel(&mut tables[0], "行政规范性文件", "规范性文件"))),
    alone("T2-15", "现行有效件数空白", &["T2-01", "CEL-02"], Act::Print(|tables, _, _| {
        ["normative_documents", "regulations"].iter().all(|row| retype(&mut tables[0], &format!("active.{row}.in_force"), ""))
    })),
    // Table three.
    alone("T3-01", "新收、结转行一格多了", &["T3-07", "XY-01", "XY-02", "NAR-01"], Act::Cell(|id| {
        ["received.", "carried_in.", "carried_out."].iter().any(|row| id.strip_prefix("requests.").is_some_and(|rest| rest.starts_with(row)))
            && !id.ends_with(".total")
    })),
    alone("T3-02", "办理结果一格多了", &["T3-07"], Act::Cell(|id| is_result(id) && !id.ends_with(".total"))),
    alone("T3-02b", "办理结果一格多了", &["T3-07"], Act::Cell(|id| is_result(id) && !id.ends_with(".total"))),
    alone("T3-03", "总计一格多了", &["T3-07", "NAR-04", "NAR-05"], Act::Cell(|id| is_result(id) && id.ends_with(".total"))),
    alone("T3-04", "各行总计空白", &["CEL-02", "T3-08"], Act::Print(|tables, scene, _| {
        let mut details = scene.form.requests.iter().filter(|row| row.under.is_some() && row.id != "concluded");
        details.all(|row| retype(&mut tables[1], &format!("requests.{}.total", row.id), ""))
    })),
    alone("T3-05", "没有总计列", &["T3-08", "T3-09", "T3-04"], Act::Print(|tables, _, _| without_total(&mut tables[1]))),
    alone("T3-07", "数字填到相邻一列", &["T3-01", "T3-02", "T3-02b", "T3-03"], Act::Print(misplace)),
    alone("T3-08", "一行没有数字", &["CEL-02"], Act::Print(|tables, scene, random| {
        let rows: Vec<&str> = scene.form.requests.iter().filter(|row| row.under.is_some_and(|under| under.starts_with('('))).map(|row| row.id).collect();
        empty_row(&mut tables[1], random.pick::<&str>(&rows))
    })),
    alone("T3-09", "两行左移一格", &[], Act::Print(|tables, _, _| {
        let last = tables[1].rows.len();
        tables[1] = tables[1].flattened();
        for row in &mut tables[1].rows[last - 4..last - 1] {
            let labels = row.iter().take_while(|cell| cell.id.is_none()).count();
            row.drain(..labels - 1);
        }
        true
    })),
    alone("T3-11", "表三全为斜线而文字说有申请", &["CEL-01", "NAR-01", "NAR-03"], Act::Print(|tables, scene, _| {
        scene.figures.get("requests.received.total") > 0 && all(&mut tables[1], "/")
    })),
    alone("T3-12", "收了信息处理费而申请很少", &[], Act::Words(|blocks, scene| {
        let few = (1..=10).contains(&scene.figures.get("requests.received.total"));
        let fee = texts(blocks).find(|text| text.contains("信息处理费")).filter(|_| few && scene.year >= 2021);
        fee.map(|text| *text = "本年度收取信息处理费1200元。".to_owned()).is_some()
    })),
    alone("T3-13", "有结转而说全部办结", &["XY-09"], Act::Tells(Slip::AllConcluded, |figures, _| {
        figures.get("requests.carried_out.total") > 0 && figures.get("requests.received.total") > 0
    })),
    alone("T3-14", "结转多于新收", &["XY-01", "XY-02", "XY-07", "T3-12"], Act::Year(|figures, _, _| {
        let more = figures.get("requests.received.total") + 1;
        for column in ["natural_person", "total"] {
            for row in ["carried_in", "carried_out"] {
                figures.add(&format!("requests.{row}.{column}"), more);
            }
        }
        more > 1
    })),
    alone("T3-15", "表三有负数", &["T3-02", "T3-02b", "T3-03", "CEL-03"], Act::Print(|tables, scene, _| {
        let id = "requests.granted.natural_person";
        scene.figures.get(id) > 0 && retype(&mut tables[1], id, &format!("-{}", scene.figures.get(id)))
    })),
    alone("T3-16", "其他处理只有一行", &["T3-08", "T3-02"], Act::Print(|tables, _, _| one_other(&mut tables[1]))),
    alone("T3-17", "整行照抄一个数", &["T3-01", "T3-02", "T3-02b", "T3-03", "NAR-04"], Act::Print(|tables, scene, _| {
        let mut columns = scene.form.applicants.iter();
        columns.all(|column| retype(&mut tables[1], &format!("requests.partial.{}", column.id), "7"))
    })),
    // Table four.
    alone("T4-01", "表四复议一格多了", &["NAR-07"], Act::Cell(|id| id.starts_with("review.") && !id.ends_with(".total"))),
    alone("T4-02", "表四直接起诉一格多了", &[], Act::Cell(|id| id.starts_with("direct_litigation.") && !id.ends_with(".total"))),
    alone("T4-03", "表四复议后起诉一格多了", &["T4-06"], Act::Cell(|id| id.starts_with("litigation_after_review.") && !id.ends_with(".total"))),
    alone("T4-04", "表四少一格", &["CEL-02"], Act::Print(|tables, _, _| {
        let table = &mut tables[2];
        *table = table.flattened();
        table.rows.last_mut().is_some_and(|row| row.pop().is_some())
    })),
    beside("T4-06", "复议后起诉多于两年复议", &["T4-07", "XY-07"], Act::Year(|figures, scene, _| {
        let reviews = figures.get("review.total") + scene.last.map_or(0, |last| last.get("review.total"));
        scene.last.is_some() && lawsuits(figures, reviews + 3)
    })),
    beside("T4-07", "复议诉讼多于两年办结", &["T4-06", "XY-07"], Act::Year(|figures, scene, _| {
        let done = |figures: &Figures| figures.get("requests.concluded.total");
        let Some(last) = scene.last else { return false };
        let most = done(figures) + done(last) + 12;
        figures.put("direct_litigation.upheld", most) && figures.put("direct_litigation.total", {
            ["upheld", "corrected", "other", "pending"].iter().map(|column| figures.get(&format!("direct_litigation.{column}"))).sum()
        })
    })),
    alone("T4-08", "复议纠正率过半", &["XY-07"], Act::Year(|figures, _, _| {
        let (upheld, corrected) = (figures.get("review.upheld"), figures.get("review.corrected"));
        upheld > corrected && upheld > 3 && figures.get("review.other") < upheld
            && figures.put("review.upheld", corrected) && figures.put("review.corrected", upheld)
    })),
    // Cells.
    alone("CEL-01", "应填数字处为斜线", &["T2-01"], Act::Print(|tables, _, _| {
        ["enterprise", "research"].iter().all(|column| zero(&mut tables[1], &format!("requests.refused.state_secret.{column}"), "/"))
    })),
    alone("CEL-02", "应填数字处空白", &["T2-01", "T3-08"], Act::Print(|tables, scene, _| {
        let mut rows = scene.form.requests.iter().filter(|row| row.under == Some("(三)不予公开"));
        rows.any(|row| zero(&mut tables[1], &format!("requests.{}.research", row.id), ""))
    })),
    alone("CEL-03", "数字用了千位分隔", &[], Act::Print(|tables, scene, _| {
        let count = scene.figures.get("active.licensing.decisions");
        count > 1_000 && retype(&mut tables[0], "active.licensing.decisions", &format!("{}，{:03}", count / 1_000, count % 1_000))
    })),
    alone("CEL-04", "数字后写了单位", &["T2-10"], Act::Print(|tables, _, _| append(&mut tables[1], "requests.received.total", "件"))),
    alone("CEL-05", "一格两个数", &["T3-02", "T3-02b", "T3-03", "T3-15"], Act::Print(|tables, _, _| retype(&mut tables[1], "requests.partial.natural_person", "2、3"))),
    alone("CEL-06", "件数为小数", &["T3-01", "T3-02", "T3-02b", "T3-03", "T3-15"], Act::Print(|tables, scene, _| {
        let id = "requests.granted.enterprise";
        retype(&mut tables[1], id, &format!("{}.5", scene.figures.get(id)))
    })),
    // The narrative against the tables.
    alone("NAR-01", "收到件数多写了", WORDS, Act::Says(&["received"])),
    alone("NAR-02", "有申请而说没有收到", &["NAR-01", "T3-11", "XY-09"], Act::Tells(Slip::NothingReceived, |figures, _| figures.get("requests.received.total") > 0)),
    alone("NAR-03", "办结或结转件数多写了", WORDS, Act::Says(&["concluded", "carried_in", "carried_out"])),
    alone("NAR-04", "办理结果多写了", WORDS, Act::Says(&["granted", "partial", "refused", "unavailable", "unprocessed", "other"])),
    alone("NAR-05", "分项之和比总数多", WORDS, Act::Says(&["whole"])),
    alone("NAR-06", "百分比算错", &[], Act::Says(&["share"])),
    alone("NAR-07", "复议诉讼件数多写了", WORDS, Act::Says(&["review", "litigation"])),
    alone("NAR-07", "复议结果多写了", WORDS, Act::Says(&["review.upheld", "review.corrected", "review.other", "review.pending"])),
    alone("NAR-08", "许可处罚强制件数多写了", WORDS, Act::Says(&["licensing", "penalty", "coercion"])),
    alone("NAR-09", "规范性文件件数多写了", WORDS, Act::Says(&["issued", "repealed", "in_force"])),
    alone("NAR-10", "第六部分没有信息处理费情况", &["DOC-15"], Act::Words(|blocks, scene| {
        let before = blocks.len();
        blocks.retain(|block| !matches!(block, Block::Paragraph(text) if text.contains("信息处理费")));
        scene.year >= 2021 && blocks.len() < before
    })),
    alone("NAR-11", "数字没有填", &["NAR-05"], Act::Words(|blocks, _| after(blocks, "全年", "发布概况类信息  条，"))),
    // The document.
    alone("DOC-01", "标题不是年度报告", &["DOC-02", "DOC-04"], Act::Words(|blocks, _| {
        blocks[0] = Block::Title("关于做好有关工作的情况".into());
        blocks.retain(|block| !matches!(block, Block::Paragraph(text) if text == "政府信息公开工作年度报告"));
        true
    })),
    alone("DOC-02", "统计期限是上年的", &["DOC-03"], Act::Words(|blocks, scene| {
        let Some(text) = period(blocks) else { return false };
        *text = text.replace(&format!("{}年1月1日", scene.year), &format!("{}年1月1日", scene.year - 1))
            .replace(&format!("{}年12月31日", scene.year), &format!("{}年12月31日", scene.year - 1))
            .replace("至12月31日", &format!("至{}年12月31日", scene.year - 1));
        true
    })),
    alone("DOC-03", "统计期限止于30日", &["DOC-02"], Act::Words(|blocks, _| swap(blocks, "12月31日", "12月30日"))),
    alone("DOC-04", "开头写着别的机关", &[], Act::Words(|blocks, scene| {
        let own = &scene.agency.name;
        let Some(text) = period(blocks).filter(|text| text.contains(own.as_str())) else { return false };
        *text = text.replace(own.as_str(), STRANGER);
        true
    })),
    alone("DOC-04", "文中留有别的机关名称", &[], Act::Words(|blocks, scene| {
        let own = &scene.agency.name;
        after(blocks, "全年", &format!("{}年，{STRANGER}认真落实公开要求。", scene.year)) && !own.contains(STRANGER)
    })),
    alone("DOC-04", "落款是别的机关", &[], Act::Words(|blocks, _| {
        let signed = sign_of(blocks);
        let last = blocks.len() - 2;
        blocks[last] = Block::Paragraph(STRANGER.to_owned());
        signed
    })),
    alone("DOC-05", "公布日期过晚", &[], Act::Words(|blocks, scene| {
        !scene.agency.name.ends_with("人民政府办公室") && sign(blocks, &format!("{}年4月18日", scene.year + 1))
    })),
    alone("DOC-06", "落款早于年度结束", &[], Act::Words(|blocks, scene| sign(blocks, &format!("{}年11月8日", scene.year)))),
    alone("DOC-07", "没有第五部分", &["DOC-14", "DOC-08", "DOC-09"], Act::Words(|blocks, _| {
        let bounds = |sign| blocks.iter().position(|block| matches!(block, Block::Heading(text) if text.starts_with(sign)));
        let (Some(from), Some(to)) = (bounds('五'), bounds('六')) else { return false };
        blocks.drain(from..to);
        true
    })),
    alone("DOC-08", "两个五", &[], Act::Words(|blocks, _| swap(blocks, "六、其他需要报告的事项", "五、其他需要报告的事项"))),
    alone("DOC-09", "说有五个部分", &[], Act::Words(|blocks, _| swap(blocks, "事项六部分组成", "事项五个部分组成"))),
    alone("DOC-10", "三张表都不在", &["T2-01", "T3-11", "DOC-07"], Act::Words(|blocks, _| {
        blocks.retain(|block| !matches!(block, Block::Table(_)));
        true
    })),
    alone("DOC-11", "用了旧格式", &["T2-05", "T2-14", "T2-13", "T3-16", "NAR-09"], Act::Form),
    alone("DOC-12", "引用了旧格式的文号", &[], Act::Words(|blocks, _| swap(blocks, "国办公开办函〔2021〕30号", "国办公开办函〔2019〕60号"))),
    alone("DOC-12", "文号年份和号码相混", &[], Act::Words(|blocks, _| swap(blocks, "国办公开办函〔2021〕30号", "国办公开办函〔2019〕30号"))),
    alone("DOC-13", "没有写监督保障", &[], Act::Tells(Slip::Silent("监督保障"), |_, year| year >= 2021)),
    alone("DOC-14", "第五部分只有一个无字", &[], Act::Words(|blocks, _| instead(blocks, '五', "无。"))),
    alone("DOC-15", "第六部分只有一个无字", &["NAR-10"], Act::Words(|blocks, scene| scene.year >= 2021 && instead(blocks, '六', "无。"))),
    alone("DOC-16", "说公布了本年度的年报", &[], Act::Words(|blocks, scene| {
        swap(blocks, &format!("公布{}年度政府", scene.year - 1), &format!("公布{}年度政府", scene.year))
    })),
    alone("DOC-17", "留有书签", &[], Act::Words(|blocks, _| after(blocks, "全年", "[bookmark: _GoBack]"))),
    alone("DOC-18", "段落断在词中", &[], Act::Words(tear)),
    alone("DOC-19", "词语重复", &[], Act::Words(|blocks, _| after(blocks, "全年", "做好政府信息政府信息公开工作，"))),
    alone("DOC-20", "写了申请人的身份证号", &[], Act::Words(|blocks, _| after(blocks, "全年", "申请人刘某某（身份证号码11010519491231002X）的申请已办理，"))),
    // A year beside the one before.
    beside("XY-01", "上年结转与上年报告不符", &["XY-02"], Act::Year(|figures, scene, random| {
        let more = random.between(4, 9);
        scene.last.is_some() && figures.get("requests.received.natural_person") > more && {
            for column in ["natural_person", "total"] {
                CARRIED.iter().for_each(|row| figures.add(&format!("requests.{row}.{column}"), more));
            }
            true
        }
    })),
    beside("XY-02", "上年结转与上年报告差一件", &["XY-01"], Act::Year(|figures, scene, _| {
        scene.last.is_some() && figures.get("requests.carried_in.total") > 30 && figures.get("requests.received.natural_person") > 1 && {
            for column in ["natural_person", "total"] {
                CARRIED.iter().for_each(|row| figures.add(&format!("requests.{row}.{column}"), 1));
            }
            true
        }
    })),
    beside("XY-03", "现行有效件数接不上", &[], Act::Year(|figures, scene, random| {
        let more = random.between(3, 9);
        let has = figures.get("active.normative_documents.in_force") > 0;
        scene.year > 2021 && has && {
            figures.add("active.normative_documents.in_force", more);
            true
        }
    })),
    beside("XY-05", "上一年项目数量接不上", &["T2-06"], Act::Year(|figures, scene, _| {
        scene.year == 2020 && figures.get("active.licensing.items_last_year") > 0 && {
            figures.add("active.licensing.items_last_year", 7);
            true
        }
    })),
    beside("XY-07", "许可件数猛增", &["AGG-05"], Act::Year(|figures, scene, _| {
        let count = figures.get("active.licensing.decisions");
        scene.last.is_some() && count > 40 && figures.put("active.licensing.decisions", count * 11)
    })),
    beside("XY-08", "照抄上年表格", &["XY-01", "XY-02", "XY-03", "XY-05", "T2-08"], Act::Year(|figures, scene, _| {
        let Some(last) = scene.last else { return false };
        last.get("requests.received.total") > 20 && figures.copy(last)
    })),
    beside("XY-09", "同比数字写错", &["NAR-06"], Act::Says(&["compared"])),
    beside("SIM-01", "照抄上年文字", &["DOC-16"], Act::Tells(Slip::Copied, |_, year| year > FIRST_YEAR)),
];

/// What more was carried in was granted, so that the table balances.
const CARRIED: [&str; 3] = ["carried_in", "granted", "concluded"];

/// An agency that none of ours is.
const STRANGER: &str = "安康市岚皋县信访局";

fn is_result(id: &str) -> bool {
    id.starts_with("requests.")
        && !["received.", "carried_in.", "concluded.", "carried_out."]
            .iter()
            .any(|row| id["requests.".len()..].starts_with(row))
}

fn documents(figures: &mut Figures, issued: i64, repealed: i64, in_force: i64) -> bool {
    let columns = [("issued", issued), ("repealed", repealed), ("in_force", in_force)];
    columns.iter().all(|(column, value)| figures.put(&format!("active.normative_documents.{column}"), *value))
}

fn lawsuits(figures: &mut Figures, count: i64) -> bool {
    ["corrected", "other", "pending"]
        .iter()
        .all(|column| figures.put(&format!("litigation_after_review.{column}"), 0))
        && figures.put("litigation_after_review.upheld", count)
        && figures.put("litigation_after_review.total", count)
}

fn cell<'a>(table: &'a mut Table, id: &str) -> Option<&'a mut Cell> {
    table.rows.iter_mut().flatten().find(|cell| cell.id.is_some_and(|cell| cell.as_str() == id))
}

/// Something else in place of a figure, which is then no longer printed.
fn retype(table: &mut Table, id: &str, text: &str) -> bool {
    let Some(cell) = cell(table, id) else { return false };
    cell.text = text.to_owned();
    cell.id = None;
    true
}

/// The same where the figure is nothing.
fn zero(table: &mut Table, id: &str, text: &str) -> bool {
    cell(table, id).is_some_and(|cell| cell.text == "0") && retype(table, id, text)
}

fn append(table: &mut Table, id: &str, unit: &str) -> bool {
    let Some(cell) = cell(table, id).filter(|cell| cell.text != "0") else { return false };
    cell.text += unit;
    true
}

fn all(table: &mut Table, text: &str) -> bool {
    for cell in table.rows.iter_mut().flatten().filter(|cell| cell.id.is_some()) {
        cell.text = text.to_owned();
        cell.id = None;
    }
    true
}

fn relabel(table: &mut Table, from: &str, to: &str) -> bool {
    let Some(cell) = table.rows.iter_mut().flatten().find(|cell| cell.id.is_none() && cell.text == from)
    else {
        return false;
    };
    cell.text = to.to_owned();
    true
}

/// Without the row of this figure.
fn lose(table: &mut Table, id: &str) -> bool {
    let before = table.rows.len();
    table.rows.retain(|row| !row.iter().any(|cell| cell.id.is_some_and(|cell| cell.as_str() == id)));
    table.rows.len() < before
}

fn empty_row(table: &mut Table, row: &str) -> bool {
    let prefix = format!("requests.{row}.");
    let cells = table.rows.iter_mut().flatten();
    let cells = cells.filter(|cell| cell.id.is_some_and(|id| id.as_str().starts_with(&prefix)));
    cells.map(|cell| (cell.text, cell.id) = (String::new(), None)).count() > 0
}

/// Table three without its last column.
fn without_total(table: &mut Table) -> bool {
    *table = table.flattened();
    table.width -= 1;
    for row in &mut table.rows {
        row.pop();
    }
    // 申请人情况 stood over all seven.
    true
}

/// A figure one column beside its own, in a row that has no other.
fn misplace(tables: &mut [Table; 3], scene: &Scene<'_>, _: &mut Random) -> bool {
    let columns: Vec<&str> = scene.form.applicants.iter().map(|column| column.id).take(6).collect();
    for row in scene.form.requests.iter().filter(|row| row.under.is_some_and(|under| under.starts_with('(')))
    {
        let id = |column: &str| format!("requests.{}.{column}", row.id);
        let filled: Vec<&str> =
            columns.iter().copied().filter(|column| scene.figures.get(&id(column)) > 0).collect();
        if filled == ["natural_person"] {
            let count = scene.figures.get(&id("natural_person"));
            return retype(&mut tables[1], &id("enterprise"), &count.to_string())
                && retype(&mut tables[1], &id("natural_person"), "0");
        }
    }
    false
}

/// The one row of the form of 2019 in place of three.
fn one_other(table: &mut Table) -> bool {
    let of = |row: &Vec<Cell>, id: &str| {
        row.iter().any(|cell| cell.id.is_some_and(|cell| cell.as_str().starts_with(id)))
    };
    let Some(first) = table.rows.iter().position(|row| of(row, "requests.other.no_correction.")) else {
        return false;
    };
    table.rows.drain(first + 1..first + 3);
    let row = &mut table.rows[first];
    let labels = row.iter().take_while(|cell| cell.id.is_none()).count();
    row.splice(..labels, [Cell { text: "（六）其他处理".into(), rows: 1, columns: 2, id: None }]);
    for cell in row.iter_mut().skip(1) {
        cell.id = None;
    }
    // 三、本年度办理结果 stands beside all of them.
    for cell in table.rows.iter_mut().flatten().filter(|cell| cell.rows > 20) {
        cell.rows -= 2;
    }
    true
}

fn texts(blocks: &mut [Block]) -> impl Iterator<Item = &mut String> {
    blocks.iter_mut().filter_map(|block| match block {
        Block::Title(text) | Block::Heading(text) | Block::Paragraph(text) => Some(text),
        Block::Table(_) => None,
    })
}

fn swap(blocks: &mut [Block], from: &str, to: &str) -> bool {
    let Some(text) = texts(blocks).find(|text| text.contains(from)) else { return false };
    *text = text.replacen(from, to, 1);
    true
}

/// Puts words before the first of these in the overview.
fn after(blocks: &mut [Block], anchor: &str, words: &str) -> bool {
    let from = blocks.iter().position(|block| matches!(block, Block::Heading(_))).unwrap_or_default();
    // Never into a heading.
    swap(&mut blocks[from..], &format!("。{anchor}"), &format!("。{words}{anchor}"))
        || swap(&mut blocks[from..], anchor, &format!("{words}{anchor}"))
}

/// The paragraph that states the period of the statistics.
fn period(blocks: &mut [Block]) -> Option<&mut String> {
    texts(blocks).find(|text| text.contains("统计期限"))
}

/// Another day in the signature.
fn sign(blocks: &mut [Block], day: &str) -> bool {
    match blocks.last_mut() {
        Some(Block::Paragraph(text)) if text.ends_with('日') && text.chars().count() < 12 => {
            *text = day.to_owned();
            true
        }
        _ => false,
    }
}

/// One word under a heading, and nothing else.
fn instead(blocks: &mut Vec<Block>, sign: char, words: &str) -> bool {
    let is_heading = |block: &Block| matches!(block, Block::Heading(_));
    let Some(heading) =
        blocks.iter().position(|block| matches!(block, Block::Heading(text) if text.starts_with(sign)))
    else {
        return false;
    };
    let end = blocks[heading + 1..].iter().position(is_heading).map_or(blocks.len(), |end| heading + 1 + end);
    // The signature is not of the part.
    let signed = end == blocks.len() && sign_of(blocks);
    blocks.splice(heading + 1..if signed { end - 2 } else { end }, [Block::Paragraph(words.to_owned())]);
    true
}

fn sign_of(blocks: &[Block]) -> bool {
    matches!(blocks.last(), Some(Block::Paragraph(text)) if text.ends_with('日') && text.chars().count() < 12)
}

/// A paragraph broken in the middle of a word.
fn tear(blocks: &mut Vec<Block>, _: &Scene<'_>) -> bool {
    let first = blocks.iter().position(|block| matches!(block, Block::Heading(_))).unwrap_or_default();
    for position in first..blocks.len() {
        let Block::Paragraph(text) = &blocks[position] else { continue };
        let word = text.match_indices("公开").map(|(at, _)| at).find(|at| text[..*at].chars().count() > 25);
        let Some(middle) = word.map(|at| at + "公".len()) else { continue };
        let halves = [&text[..middle], &text[middle..]].map(|half| Block::Paragraph(half.to_owned()));
        blocks.splice(position..=position, halves);
        return true;
    }
    false
}
