//! What the copy at hand has lost of the report that was published.
//!
//! Who copies a page into a text, or converts a file, may lose the breaks between cells, the tables or the
//! title. That is no fault of the agency, so `rules` must not take it for one. Only what is left behind
//! proves a loss: labels and figures in one run, labels without their table, figures without their labels.
//! Where nothing is left, the report itself may lack it.

use std::sync::LazyLock;

use document::{Document, Kind, Text};
use report::{CellState, Cells, Form, FormId, Origin, Remark, RemarkKind, SectionKind, Table};

use crate::outline::Outline;
use crate::{figure, label, origin};

/// What was read of a report, as far as it shows what is missing.
pub(crate) struct Read<'a> {
    pub(crate) cells: &'a Cells,
    pub(crate) has_title: bool,
}

/// The losses of this copy.
pub(crate) fn losses(document: &Document, outline: &Outline, read: &Read<'_>) -> Vec<Remark> {
    let absent: Vec<Table> = Table::ALL.into_iter().filter(|table| is_absent(read.cells, *table)).collect();
    let mut kinds: Vec<SectionKind> = outline.sections.iter().filter_map(|section| section.kind).collect();
    kinds.sort_unstable();
    kinds.dedup();
    if absent.is_empty() && kinds.len() >= HEADINGS && read.has_title {
        return Vec::new();
    }
    let paragraphs: Vec<Paragraph> = paragraphs(document, outline).collect();
    let mut lost = Vec::new();
    let glued = paragraphs.iter().find(|paragraph| {
        let has_table = absent.contains(&Table::Requests)
            && REQUESTS.iter().filter(|label| paragraph.has(label)).count() >= LABELS_IN_ONE;
        has_table || kinds.len() < HEADINGS && paragraph.holds_the_parts()
    });
    if let Some(glued) = glued {
        lost.push(remark("分行", glued.origin));
    } else {
        lost.extend(
            absent
                .iter()
                .filter_map(|table| Some(remark(table.short_title(), left_of(*table, &paragraphs)?))),
        );
    }
    if !read.has_title && (glued.is_some() || begins_without_title(document, outline)) {
        lost.push(remark("标题", paragraphs.first().map_or(Origin::default(), |first| first.origin)));
    }
    lost
}

fn remark(what: &str, origin: Origin) -> Remark {
    Remark { kind: RemarkKind::Lost, text: what.to_owned(), value: None, section: None, origin }
}

/// With fewer of the six headings than this, a report may have them inside its paragraphs.
const HEADINGS: usize = 4;

/// So many labels of table three in one paragraph are the table and no sentence.
const LABELS_IN_ONE: usize = 5;

/// So many labels of table three in a report without the table are what is left of it.
const LABELS_LEFT: usize = 8;

/// So many headings or row labels of table two are what is left of it.
const LABELS_OF_TABLE_TWO: usize = 5;

/// Table four has each of its headings once for each of its groups.
const GROUPS_OF_TABLE_FOUR: usize = 3;

/// So many figures without any words in a section are what is left of its table.
const FIGURES_LEFT: usize = 10;

/// Characters between the first and the last of the six headings inside one paragraph. A sentence that lists
/// the six parts takes about a hundred.
const CHARS_OF_PARTS: usize = 300;

/// Lines that can be a title have at most as many characters.
const CHARS_OF_TITLE: usize = 40;

/// Labels of the rows of table three that nothing else in a report is called by.
static REQUESTS: LazyLock<Vec<String>> = LazyLock::new(|| {
    let rows = FormId::ALL.into_iter().flat_map(|form| &Form::get(form).requests);
    let mut labels: Vec<String> = rows.map(|row| label::normalise(row.label)).collect();
    // 部分公开(区分处理的…) stands without its explanation too.
    labels.retain(|label| (6..=30).contains(&label.chars().count()));
    labels.sort_unstable();
    labels.dedup();
    labels
});

const ACTIVE: [&str; 11] = [
    "第二十条第",
    "信息内容",
    "本年制发件数",
    "本年废止件数",
    "现行有效件数",
    "本年处理决定数量",
    "本年收费金额",
    "行政事业性收费",
    "本年新制作数量",
    "对外公开总数量",
    "上一年项目数量",
];

/// What each heading of a group of table four has in it, also where it was broken in two.
const LITIGATION: [&str; 3] = ["维持", "纠正", "审结"];

/// A paragraph as far as the evidence goes.
struct Paragraph {
    section: Option<SectionKind>,
    normalised: String,
    is_figure: bool,
    origin: Origin,
}

fn paragraphs(document: &Document, outline: &Outline) -> impl Iterator<Item = Paragraph> {
    let of = |section: Option<SectionKind>, text: &Text| Paragraph {
        section,
        normalised: label::normalise(text.as_str()),
        is_figure: text.as_str().split_whitespace().all(|word| figure::any(word).is_number()),
        origin: origin::origin(text),
    };
    let before = outline.preamble(document).iter().filter_map(document::Block::paragraph_text);
    let below = outline.paragraphs(document);
    before.map(move |text| of(None, text)).chain(below.map(move |(section, text)| of(section, text)))
}

impl Paragraph {
    fn has(&self, label: &str) -> bool {
        self.normalised.contains(label)
    }

    /// Whether the headings of most parts stand inside it, with the text of the parts between them.
    fn holds_the_parts(&self) -> bool {
        let places = SectionKind::ALL.iter().filter_map(|kind| {
            let (number, words) = kind.heading().split_once('、')?;
            let at = self.normalised.find(&format!("{number}{}", label::normalise(words)))?;
            Some(at)
        });
        let places: Vec<usize> = places.collect();
        let span = places.iter().max().zip(places.iter().min()).map_or(0, |(last, first)| last - first);
        // Three bytes are a character.
        places.len() >= HEADINGS && places.is_sorted() && span >= 3 * CHARS_OF_PARTS
    }
}

/// Where what is left of a table begins.
fn left_of(table: Table, paragraphs: &[Paragraph]) -> Option<Origin> {
    let kind = match table {
        Table::Active => SectionKind::Active,
        Table::Requests => SectionKind::Requests,
        Table::Litigation => SectionKind::Litigation,
    };
    let own = || paragraphs.iter().filter(|paragraph| paragraph.section == Some(kind));
    let figures = own().filter(|paragraph| paragraph.is_figure).count();
    let count =
        |words: &str| own().map(|paragraph| paragraph.normalised.matches(words).count()).sum::<usize>();
    let is_left = match table {
        Table::Active => ACTIVE.iter().filter(|label| count(label) > 0).count() >= LABELS_OF_TABLE_TWO,
        Table::Requests => REQUESTS.iter().filter(|label| count(label) > 0).count() >= LABELS_LEFT,
        Table::Litigation => LITIGATION.iter().all(|words| count(words) >= GROUPS_OF_TABLE_FOUR),
    };
    (is_left || figures >= FIGURES_LEFT).then(|| own().next().map(|first| first.origin)).flatten()
}

/// Whether no line before the report can be its title, as in a text that was copied from below it.
fn begins_without_title(document: &Document, outline: &Outline) -> bool {
    let preamble = outline.preamble(document);
    let mut lines = preamble.iter().filter_map(document::Block::paragraph_text).map(|text| text.as_str());
    document.format == Kind::Text
        && lines.all(|line| line.chars().count() > CHARS_OF_TITLE || line.contains('。'))
}

fn is_absent(cells: &Cells, table: Table) -> bool {
    cells.iter().filter(|(id, _)| id.table() == table).all(|(_, cell)| cell.state == CellState::Missing)
}

#[cfg(test)]
mod tests {
    use document::Limits;
    use report::RemarkKind;

    /// Reads a text, and draws what it has lost.
    #[track_caller]
    fn check(text: &str, expected: &[&str]) {
        let document = document::read(text.as_bytes(), &Limits::default()).unwrap();
        let report = crate::read(&document, None);
        let lost = report.remarks.iter().filter(|remark| remark.kind == RemarkKind::Lost);
        assert_eq!(lost.map(|remark| remark.text.as_str()).collect::<Vec<_>>(), expected, "{text}");
    }

    const TITLE: &str = "某县财政局2024年政府信息公开工作年度报告\n";
    const LABELS: [&str; 9] = [
        "一、本年新收政府信息公开申请数量",
        "二、上年结转政府信息公开申请数量",
        "1.属于国家秘密",
        "4.保护第三方合法权益",
        "5.属于三类内部事务信息",
        "7.属于行政执法案卷",
        "8.属于行政查询事项",
        "2.重复申请",
        "四、结转下年度继续办理",
    ];

    #[test]
    fn cells_in_one_run_have_lost_their_breaks() {
        let run: String = LABELS.iter().map(|label| format!("{label}0000000")).collect();
        check(
            &format!(
                "{TITLE}一、总体情况照常。三、收到和处理政府信息公开申请情况{run}四、政府信息公开行政复议、行政诉讼情况"
            ),
            &["分行"],
        );
    }

    #[test]
    fn parts_in_one_run_differ_from_a_sentence_that_lists_them() {
        let filler = "持续推进政务公开工作取得实效".repeat(12);
        let parts = "一、总体情况{}二、主动公开政府信息情况{}三、收到和处理政府信息公开申请情况{}\
                     四、政府信息公开行政复议、行政诉讼情况{}五、存在的主要问题及改进情况{}六、其他需要报告的事项{}";
        check(&format!("{TITLE}{}", parts.replace("{}", &filler)), &["分行"]);
        check(&format!("{TITLE}本报告包括{}。", parts.replace("{}", "；")), &[]);
    }

    #[test]
    fn labels_without_their_table_are_what_is_left_of_it() {
        let labels = LABELS.join("\n");
        let three = "三、收到和处理政府信息公开申请情况\n";
        check(&format!("{TITLE}{three}{labels}\n"), &["表三"]);
        check(&format!("{TITLE}{three}{}\n", LABELS[..3].join("\n")), &[]);
        check(&format!("{TITLE}{three}本年度未收到申请。\n"), &[]);
        let heads = "结果\n维持\n结果\n纠正\n其他\n结果\n尚未\n审结\n总计\n".repeat(3);
        check(&format!("{TITLE}四、政府信息公开行政复议、行政诉讼情况\n{heads}"), &["表四"]);
        check(
            &format!("{TITLE}四、政府信息公开行政复议、行政诉讼情况\n结果维持2件，纠正1件，尚未审结0件。\n"),
            &[],
        );
    }

    #[test]
    fn a_text_from_below_its_title_has_lost_it() {
        let opening = "根据《中华人民共和国政府信息公开条例》的规定，现将本机关上一年度政府信息公开工作的有关情况予以公布。\n";
        check(&format!("{opening}一、总体情况\n照常。\n"), &["标题"]);
        check(&format!("工作情况\n{opening}一、总体情况\n照常。\n"), &[]);
        check(&format!("{TITLE}{opening}一、总体情况\n照常。\n"), &[]);
    }
}
