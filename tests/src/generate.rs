//! Reports with known truth, as many as wanted: realistic agencies, figures that balance, every layout
//! seen in the field, and faults on request.
//!
//! A report follows from its seed, its index and the options alone, on every machine alike. Different
//! indices below [`different_reports`] are different agencies or years, and the years of one agency
//! agree with each other (结转, 现行有效).

mod agency;
mod fault;
mod figures;
mod layout;
mod narrative;
mod random;
mod sentences;
mod table;
mod wear;

use std::collections::BTreeMap;

use report::{CellId, Form, FormId, Year};

use agency::{Agency, agency_and_year};
use figures::Figures;
use narrative::{Block, Speaker};
use random::Random;
use table::{Labels, Table, Type};

pub use fault::Fault;
pub use layout::Layout;

/// What to generate.
#[derive(Debug, Clone)]
pub struct Options {
    /// The layouts to draw from.
    pub layouts: Vec<Layout>,
    /// How many of a hundred reports have a planted fault.
    pub faults_percent: u8,
}

impl Default for Options {
    /// Every layout, no planted fault.
    fn default() -> Self {
        Self { layouts: Layout::ALL.to_vec(), faults_percent: 0 }
    }
}

/// A report and what is true of it.
#[derive(Debug, Clone)]
pub struct Generated {
    /// A name as agencies give their files.
    pub file_name: String,
    /// The file.
    pub bytes: Vec<u8>,
    /// How it lies on the page.
    pub layout: Layout,
    /// What a reader has to find.
    pub truth: Truth,
}

/// What a reader has to find in a generated report.
#[derive(Debug, Clone)]
pub struct Truth {
    /// The agency as it names itself.
    pub agency: String,
    /// Six digits, GB/T 2260.
    pub region_code: String,
    /// From the province down.
    pub region_name: String,
    /// The report's year.
    pub year: u16,
    /// `2021` or `2019`.
    pub form: &'static str,
    /// The day in the signature, `2025-01-17`; none where it is not signed.
    pub published: Option<String>,
    /// Every cell of the form: the exact value that is printed, or none where none is printed.
    pub cells: BTreeMap<String, Option<String>>,
    /// Of the cells that are not printed, those that the equations and non-negativity prove.
    pub derived: BTreeMap<String, String>,
    /// What is wrong with it; an error of any other rule is a false alarm.
    pub faults: Vec<Fault>,
}

/// How many different reports a seed has; higher indices repeat an agency and year.
pub fn different_reports() -> u64 {
    agency::pairs()
}

/// The report with this index.
///
/// # Panics
/// If the options name no layout.
pub fn generate(seed: u64, index: u64, options: &Options) -> Generated {
    let (agency, year) = agency_and_year(seed, index);
    let mut random = Random::of(&[seed, index, 1]);
    let layout = *random.pick(&options.layouts);
    let form = Year::new(i64::from(year)).and_then(FormId::of_year).expect("every year we draw has a form");
    let form = Form::get(form);
    let mut figures = figures::figures(seed, &agency, year, form);
    let planted = random.chance(i64::from(options.faults_percent));
    let plan =
        if planted { fault::plan(layout, form, &figures, &mut random) } else { fault::Plan::default() };

    let published = random.chance(60).then(|| (random.between(6, 28), year + 1));
    let signature = published.map(|(day, year)| format!("{year}年1月{day}日"));
    let mut speaker = Speaker {
        agency: &agency,
        year,
        figures: &figures,
        slips: plan.slips,
        random: Random::of(&[seed, index, 2]),
    };
    let mut blocks = narrative::blocks(&mut speaker, signature.as_deref());

    let mut faults = fault::plant(&plan, &mut figures, form);
    let (style, labels) = hand(layout, &mut random);
    for block in &mut blocks {
        type_over(block, style);
    }
    let (tables, worn, derived) = tables(layout, form, &figures, (style, labels), &mut random);
    faults.extend(worn);
    let printed: Vec<CellId> = tables.iter().flat_map(Table::ids).collect();
    let value = |id: &CellId| printed.contains(id).then(|| figures.text(*id));
    let cells = form.cells().iter().map(|id| (id.as_str().to_owned(), value(id))).collect();
    let text = layout::print(layout, &blocks, &tables, &mut random);
    Generated {
        file_name: file_name(&agency, year, layout),
        bytes: encode(layout, text, &mut random),
        layout,
        truth: Truth {
            agency: agency.name,
            region_code: agency.region_code,
            region_name: agency.region_name,
            year,
            form: form.id.as_str(),
            published: published.map(|(day, year)| format!("{year}-01-{day:02}")),
            cells,
            derived,
            faults,
        },
    }
}

/// How a layout's typist writes labels and lays out the head of table three.
fn hand(layout: Layout, random: &mut Random) -> (Type, Labels) {
    let style = match layout {
        Layout::TabsCut | Layout::TabsSlipped => Type::Spaced,
        Layout::CellLines => Type::Official,
        Layout::PipeLines => Type::Half,
        _ => *random.pick(&[Type::Official, Type::Spaced, Type::Half]),
    };
    let labels = match layout {
        Layout::TabsCut | Layout::TabsSlipped => Labels::Two,
        Layout::Tabs => *random.pick(&[Labels::Two, Labels::Three]),
        _ => Labels::Three,
    };
    (style, labels)
}

/// The three tables as this layout leaves them, with what it cost and what can still be proved.
fn tables(
    layout: Layout,
    form: &Form,
    figures: &Figures,
    (style, labels): (Type, Labels),
    random: &mut Random,
) -> ([Table; 3], Vec<Fault>, wear::Proved) {
    let mut tables = [
        table::active(form, figures, style, random),
        table::requests(form, figures, style, labels),
        table::litigation(form, figures, style),
    ];
    let mut faults = Vec::new();
    let mut derived = wear::Proved::new();
    if matches!(layout, Layout::Tabs | Layout::TabsCut | Layout::TabsSlipped) {
        tables = tables.map(|table| table.flattened());
    }
    match layout {
        Layout::TabsCut => {
            let (fault, proved) = wear::cut(&mut tables[1], form, figures);
            faults.push(fault);
            faults.extend(wear::unit(&mut tables[0], random));
            derived = proved;
        }
        Layout::TabsSlipped => (faults, derived) = wear::slip(&mut tables[1], form, figures, random),
        _ => {}
    }
    (tables, faults, derived)
}

/// The narrative typed as the labels are.
fn type_over(block: &mut Block, style: Type) {
    let (Block::Title(text) | Block::Heading(text) | Block::Paragraph(text)) = block else { return };
    match style {
        Type::Official => {}
        Type::Spaced => *text = space_digits(text),
        Type::Half => {
            for (wide, narrow) in [('，', ","), ('（', "("), ('）', ")"), ('：', ":"), ('；', ";")] {
                *text = text.replace(wide, narrow);
            }
        }
    }
}

/// `2024年` becomes `2024 年`, as text recognition leaves it.
fn space_digits(text: &str) -> String {
    let mut spaced = String::new();
    let mut before = ' ';
    for character in text.chars() {
        let word = |character: char| character >= '\u{4e00}';
        if before.is_ascii_digit() && word(character) || word(before) && character.is_ascii_digit() {
            spaced.push(' ');
        }
        spaced.push(character);
        before = character;
    }
    spaced
}

fn file_name(agency: &Agency, year: u16, layout: Layout) -> String {
    format!("{}{year}年政府信息公开工作年度报告.{}", agency.name, layout.extension())
}

/// Most files are UTF-8; some carry a byte order mark and the line ends of Windows, some are GB18030.
fn encode(layout: Layout, text: String, random: &mut Random) -> Vec<u8> {
    let gb18030 = |text: &str| encoding_rs::GB18030.encode(text).0.into_owned();
    match layout {
        Layout::Html => text.into_bytes(),
        Layout::HtmlGb18030 => gb18030(&text),
        _ => match random.between(1, 10) {
            1 => gb18030(&text.replace('\n', "\r\n")),
            2 => format!("\u{feff}{}", text.replace('\n', "\r\n")).into_bytes(),
            _ => text.into_bytes(),
        },
    }
}

#[cfg(test)]
mod tests;
