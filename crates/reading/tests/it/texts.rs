//! Reports as tools turn a page into text: labels that take several lines, figures above, below or beside
//! them, heads broken into pieces. No figure may be read into another row, whatever the text looks like.

use std::fmt::Write as _;

use report::{CellId, CellState, Form, FormId, Report};

/// SplitMix64: the same numbers on every machine.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    fn below(&mut self, end: u64) -> u64 {
        self.next() % end
    }

    fn percent(&mut self, share: u64) -> bool {
        self.below(100) < share
    }
}

/// A report's figures in the order of the form, as a report in order has them.
struct Figures {
    active: Vec<Vec<u64>>,
    requests: Vec<[u64; 7]>,
    litigation: Vec<u64>,
}

/// Labels of table two of 2021 with their headings.
const ACTIVE: [(&str, &str, &[&str]); 6] = [
    ("第二十条第（一）项", "信息内容 本年制发件数 本年废止件数 现行有效件数", &["规章", "行政规范性文件"]),
    ("第二十条第（五）项", "信息内容 本年处理决定数量", &["行政许可"]),
    ("第二十条第（六）项", "信息内容 本年处理决定数量", &["行政处罚", "行政强制"]),
    ("第二十条第（八）项", "信息内容 本年收费金额（单位：万元）", &["行政事业性收费"]),
    ("", "", &[]),
    ("", "", &[]),
];

fn figures(form: &Form, random: &mut Random) -> Figures {
    let parts: Vec<bool> =
        form.requests.iter().map(|row| row.under.is_some() && row.id != "concluded").collect();
    let mut requests = vec![[0; 7]; form.requests.len()];
    let is_busy = random.percent(70);
    for (row, _) in requests.iter_mut().zip(&parts).filter(|(_, is_part)| **is_part) {
        for figure in row.iter_mut().take(6) {
            if is_busy && random.percent(25) {
                *figure = if random.percent(80) { random.below(12) } else { random.below(900) };
            }
        }
    }
    let last = form.requests.len() - 1;
    for column in 0..6 {
        let concluded: u64 =
            requests.iter().zip(&parts).filter(|(_, is_part)| **is_part).map(|(row, _)| row[column]).sum();
        requests[last - 1][column] = concluded;
        requests[last][column] = if is_busy && random.percent(30) { random.below(9) } else { 0 };
        let all = concluded + requests[last][column];
        requests[1][column] = if all > 0 && random.percent(30) { random.below(all + 1) } else { 0 };
        requests[0][column] = all - requests[1][column];
    }
    for row in &mut requests {
        row[6] = row.iter().take(6).sum();
    }
    let mut litigation = Vec::new();
    for _ in 0..3 {
        let group: Vec<u64> = (0..4).map(|_| if random.percent(40) { random.below(20) } else { 0 }).collect();
        litigation.extend(&group);
        litigation.push(group.iter().sum());
    }
    let active = [3, 3, 1, 1, 1, 1].map(|width| (0..width).map(|_| random.below(500)).collect()).to_vec();
    Figures { active, requests, litigation }
}

/// How a row of figures lies to its label.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Lies {
    Beside,
    Above,
    Below,
    /// Beside a middle line of a broken label.
    Amid,
}

/// What a text looks like.
#[derive(Debug, Clone, Copy)]
struct Look {
    /// Rows in a hundred whose figures are in another line than their label.
    displaced: u64,
    displaced_to: Lies,
    /// Characters of a line of a label.
    label_chars: usize,
    /// The group's label in a line of its own, and where it lies to the first row of the group.
    groups_alone: bool,
    /// One character a line for 三、本年度办理结果.
    is_upright: bool,
    heads_broken: bool,
    page_numbers: bool,
    /// Rows in a hundred without figures.
    bare: u64,
    /// Labels in a hundred that have lost characters.
    misprinted: u64,
}

fn broken(label: &str, chars: usize) -> Vec<String> {
    label.chars().collect::<Vec<_>>().chunks(chars).map(|line| line.iter().collect()).collect()
}

fn row(out: &mut String, label: &str, figures: &[u64], lies: Lies, chars: usize) {
    let figures = figures.iter().map(u64::to_string).collect::<Vec<_>>().join(" ");
    let lines = broken(label, chars);
    let (first, rest) = lines.split_first().unwrap();
    let mut line = |text: &str| writeln!(out, "{}", text.trim_end()).unwrap();
    match lies {
        Lies::Beside => {
            line(&format!("{first} {figures}"));
            rest.iter().for_each(|part| line(part));
        }
        Lies::Above => {
            line(&figures);
            lines.iter().for_each(|part| line(part));
        }
        Lies::Below => {
            lines.iter().for_each(|part| line(part));
            line(&figures);
        }
        Lies::Amid => {
            let middle = lines.len() / 2;
            for (at, part) in lines.iter().enumerate() {
                // A label of two lines has its figures between them.
                if lines.len().is_multiple_of(2) && at == middle {
                    line(&figures);
                }
                if !lines.len().is_multiple_of(2) && at == middle {
                    line(&format!("{part} {figures}"));
                } else {
                    line(part);
                }
            }
        }
    }
}

fn print(form: &Form, figures: &Figures, look: Look, random: &mut Random) -> String {
    let mut out =
        String::from("某县财政局2024年政府信息公开工作年度报告\n一、总体情况\n本年各项工作照常。\n");
    out += "二、主动公开政府信息情况\n";
    let mut rows = figures.active.iter();
    for (article, heading, labels) in ACTIVE.iter().filter(|(_, _, labels)| !labels.is_empty()) {
        writeln!(out, "{article}\n{heading}").unwrap();
        for label in *labels {
            let lies = if random.percent(look.displaced) { look.displaced_to } else { Lies::Beside };
            row(&mut out, label, rows.next().unwrap(), lies, 99);
        }
    }
    out += "三、收到和处理政府信息公开申请情况\n申请人情况\n自然人 法人或其他组织 总计\n";
    out += if look.heads_broken {
        "社会公益组 法律服务机\n商业企业 科研机构 其他\n织 构\n"
    } else {
        "商业企业 科研机构 社会公益组织 法律服务机构 其他\n"
    };
    let mut upright = "三、本年度办理结果".chars();
    let mut group = None;
    for (line, figures) in form.requests.iter().zip(&figures.requests) {
        let lies = if random.percent(look.displaced) { look.displaced_to } else { Lies::Beside };
        let is_new = line.under.filter(|under| !under.starts_with('三') && group != Some(*under));
        group = line.under;
        let mut label = String::new();
        if let Some(under) = is_new {
            if look.groups_alone {
                writeln!(out, "{under}").unwrap();
            } else {
                label = format!("{under} ");
            }
        }
        if look.is_upright && line.under.is_some() && random.percent(40) {
            if let Some(c) = upright.next() {
                writeln!(out, "{c}").unwrap();
            }
        } else if line.id == "granted" && !look.is_upright {
            label = format!("三、本年度办理结果 {label}");
        }
        let mut own: Vec<char> = line.label.chars().collect();
        if own.len() > 6 && random.percent(look.misprinted) {
            let at = 3 + random.below(own.len() as u64 - 5) as usize;
            own.drain(at..at + 1 + random.below(2) as usize);
        }
        let own: String = own.into_iter().collect();
        let figures = if random.percent(look.bare) { &[][..] } else { &figures[..] };
        row(&mut out, &format!("{label}{own}"), figures, lies, look.label_chars);
        if look.page_numbers && random.percent(8) {
            writeln!(out, "{}", if random.percent(50) { "- 3 -" } else { "3" }).unwrap();
        }
    }
    out += "四、政府信息公开行政复议、行政诉讼情况\n行政复议 行政诉讼\n";
    out += if look.heads_broken {
        "未经复议直接起诉 复议后起诉\n结果 结果 其他 尚未\n总 计\n维持 纠正 结果 审结 结果 结果 其他 尚未\n总计 总计\n维持 纠正 结果 审结\n"
    } else {
        "结果维持 结果纠正 其他结果 尚未审结 总计 未经复议直接起诉 复议后起诉\n结果维持 结果纠正 其他结果 尚未审结 总计 结果维持 结果纠正 其他结果 尚未审结 总计\n"
    };
    let litigation = figures.litigation.iter().map(u64::to_string).collect::<Vec<_>>();
    writeln!(out, "{}", litigation.join(" ")).unwrap();
    out += "五、存在的主要问题及改进情况\n公开的及时性还不够。\n六、其他需要报告的事项\n本年没有收取信息处理费。\n";
    out
}

fn read(text: &str) -> Report {
    let document = document::read(text.as_bytes(), &document::Limits::default()).unwrap();
    reading::read(&document, None)
}

/// Every cell with its figure, in the order of the form.
fn truth(form: &Form, figures: &Figures) -> Vec<(CellId, u64)> {
    let rows = figures.active.iter().flatten().chain(figures.requests.iter().flatten());
    form.cells().iter().copied().zip(rows.chain(&figures.litigation).copied()).collect()
}

/// The cells that are wrong, and how many are open.
fn wrong(form: &Form, figures: &Figures, report: &Report) -> (Vec<String>, usize) {
    let mut open = 0;
    let mut wrong = Vec::new();
    assert_eq!(report.form, Some(form.id));
    for (id, figure) in truth(form, figures) {
        match report.cells.get(id).unwrap() {
            cell if cell.value == Some(figure.into()) => {}
            cell if matches!(cell.state, CellState::Read | CellState::Derived) => {
                wrong.push(format!("{id} is {:?}, not {figure}", cell.value));
            }
            _ => open += 1,
        }
    }
    (wrong, open)
}

fn check(looks: &[Look], texts: u64, most_open: usize) {
    let form = Form::get(FormId::F2021);
    let (mut cells, mut all_open) = (0, 0);
    for look in looks {
        for seed in 0..texts {
            let mut random = Random(seed);
            let figures = figures(form, &mut random);
            let text = print(form, &figures, *look, &mut random);
            let (wrong, open) = wrong(form, &figures, &read(&text));
            assert!(wrong.is_empty(), "seed {seed} {look:?}: {wrong:?}\n{text}");
            cells += 200;
            all_open += open;
        }
    }

    assert!(all_open <= most_open, "{all_open} of {cells} open");
}

const PLAIN: Look = Look {
    displaced: 0,
    displaced_to: Lies::Beside,
    label_chars: 99,
    groups_alone: false,
    is_upright: false,
    heads_broken: false,
    page_numbers: false,
    bare: 0,
    misprinted: 0,
};

#[test]
fn figures_beside_their_labels_are_all_read() {
    check(&[PLAIN, Look { label_chars: 12, heads_broken: true, is_upright: true, ..PLAIN }], 20, 0);
}

#[test]
fn figures_above_or_below_their_labels_are_read_into_no_other_row() {
    for displaced_to in [Lies::Above, Lies::Below, Lies::Amid] {
        for groups_alone in [false, true] {
            let looks = [10, 30, 60, 100].map(|displaced| Look {
                displaced,
                displaced_to,
                groups_alone,
                label_chars: if displaced_to == Lies::Amid { 8 } else { 99 },
                heads_broken: displaced > 10,
                is_upright: groups_alone,
                page_numbers: groups_alone,
                ..PLAIN
            });
            check(&looks, 4, 60);
        }
    }
}

#[test]
fn rows_without_figures_and_misprinted_labels_take_no_other_rows_figures() {
    for displaced_to in [Lies::Above, Lies::Below, Lies::Amid] {
        let looks = [(3, 0), (3, 10), (0, 15), (8, 5)].map(|(bare, misprinted)| Look {
            displaced: 30,
            displaced_to,
            label_chars: if displaced_to == Lies::Amid { 8 } else { 14 },
            groups_alone: bare == 3,
            is_upright: misprinted == 5,
            heads_broken: true,
            bare,
            misprinted,
            ..PLAIN
        });
        check(&looks, 4, 3000);
    }
}

/// Rows of cells, with the figures of some rows in a line above their label.
#[test]
fn rows_of_cells_that_have_come_apart_are_read_into_no_other_row() {
    let form = Form::get(FormId::F2021);
    for seed in 0..12 {
        let mut random = Random(seed);
        let figures = figures(form, &mut random);
        let mut text =
            String::from("某县财政局2024年政府信息公开工作年度报告\n三、收到和处理政府信息公开申请情况\n");
        text += "申请人情况\t自然人\t商业企业\t科研机构\t社会公益组织\t法律服务机构\t其他\t总计\n";
        for (line, row) in form.requests.iter().zip(&figures.requests) {
            let row = row.iter().map(u64::to_string).collect::<Vec<_>>().join("\t");
            match random.percent(30) {
                true => writeln!(text, "\t{row}\n{}\t\t\t\t\t\t\t", line.label).unwrap(),
                false => writeln!(text, "{}\t{row}", line.label).unwrap(),
            }
        }
        let report = read(&text);
        for (id, figure) in
            truth(form, &figures).into_iter().filter(|(id, _)| id.as_str().starts_with("requests."))
        {
            let cell = report.cells.get(id).unwrap();
            assert_eq!(
                (cell.state, cell.value),
                (CellState::Read, Some(figure.into())),
                "seed {seed} {id}\n{text}"
            );
        }
    }
}

/// A cell a line, in the order in which `pdftotext` gives them: labels and figures of neighbours change places.
#[test]
fn cells_that_follow_one_another_out_of_order_are_read_into_no_other_row() {
    let form = Form::get(FormId::F2021);
    let mut read_figures = 0;
    for seed in 0..12 {
        let mut random = Random(seed);
        let figures = figures(form, &mut random);
        let mut text =
            String::from("某县财政局2024年政府信息公开工作年度报告\n三、收到和处理政府信息公开申请情况\n");
        text += "申请人情况\n自然人\n法人或其他组织\n总计\n商业企业\n科研机构\n社会公益组织\n法律服务机构\n其他\n";
        let mut held: Option<String> = None;
        for (line, row) in form.requests.iter().zip(&figures.requests) {
            let row = row.iter().map(u64::to_string).collect::<Vec<_>>().join("\n");
            // The label comes behind its figures, or the figures behind the next label.
            match (held.take(), random.below(10)) {
                (Some(before), _) => writeln!(text, "{}\n{before}\n{row}", line.label).unwrap(),
                (None, 0) => writeln!(text, "{row}\n{}", line.label).unwrap(),
                (None, 1) if line.id != "carried_out" => {
                    writeln!(text, "{}", line.label).unwrap();
                    held = Some(row);
                }
                (None, _) => writeln!(text, "{}\n{row}", line.label).unwrap(),
            }
        }
        let report = read(&text);
        for (id, figure) in
            truth(form, &figures).into_iter().filter(|(id, _)| id.as_str().starts_with("requests."))
        {
            let cell = report.cells.get(id).unwrap_or_else(|| panic!("seed {seed}: no form\n{text}"));
            assert!(
                cell.value.is_none_or(|value| value == figure.into()),
                "seed {seed} {id} {:?} {figure}\n{text}",
                cell.value
            );
            read_figures += usize::from(cell.value.is_some());
        }
    }
    assert!(read_figures > 12 * 160, "{read_figures}");
}
