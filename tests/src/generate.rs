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
mod numeral;
pub(crate) mod random;
mod sentences;
mod table;
mod wear;

use std::collections::BTreeMap;

use report::{CellId, Form, FormId, Year};

use agency::{Agency, agency_and_year};
use figures::Figures;
use narrative::{Block, Slip, Speaker};
use random::Random;
use table::{Labels, Table, Type};

use fault::{Act, Scene};

pub use fault::{Fault, Kind};
pub use layout::Layout;

/// The first year that anybody reports on.
pub const FIRST_YEAR: u16 = agency::YEARS[0];

/// What to generate.
#[derive(Debug, Clone)]
pub struct Options {
    /// The layouts to draw from.
    pub layouts: Vec<Layout>,
    /// How many of a hundred reports have an ordinary fault planted.
    pub faults_percent: u8,
    /// What is planted in every report that can have it, instead.
    pub kind: Option<&'static Kind>,
}

impl Default for Options {
    /// Every layout, no planted fault.
    fn default() -> Self {
        Self { layouts: Layout::ALL.to_vec(), faults_percent: 0, kind: None }
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
    /// What is wrong with it; an error of any other rule is a false alarm, unless it is one of `also`.
    pub faults: Vec<Fault>,
    /// Rules that may rightly speak of the planted fault as well.
    pub also: Vec<&'static str>,
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
    generate_of(seed, agency.number, year, options)
}

/// The agency and the year of the report with this index.
pub fn agency_and_year_of(seed: u64, index: u64) -> (u64, u16) {
    let (agency, year) = agency_and_year(seed, index);
    (agency.number, year)
}

/// The report of the agency with this number for this year.
///
/// # Panics
/// If the options name no layout, or there is no form of the year.
pub fn generate_of(seed: u64, agency: u64, year: u16, options: &Options) -> Generated {
    let agency = agency::agency(agency);
    let mut random = Random::of(&[seed, agency.number, u64::from(year), 1]);
    let layout = *random.pick(&options.layouts);
    let ordinary = random.chance(i64::from(options.faults_percent));
    let kind = options.kind.or_else(|| ordinary.then(|| Kind::ordinary(layout, year, &mut random)));
    let form = form_of(year).expect("every year we draw has a form");
    let old = kind.is_some_and(|kind| matches!(kind.act, Act::Form)) && year > 2021;
    let form = if old { Form::get(FormId::F2019) } else { form };
    let mut figures = figures::figures(seed, &agency, year, form);
    let before = form_of(year - 1).map(|form| figures::figures(seed, &agency, year - 1, form));
    let right = figures.clone();
    let scene = Scene { agency: &agency, year, form, figures: &right, last: before.as_ref() };
    let act = kind.filter(|kind| kind.applies(form.id)).map(|kind| kind.act);

    let mut faults: Vec<Fault> = kind.filter(|_| old).map(Kind::fault).into_iter().collect();
    if let Some(Act::Year(change)) = act {
        let mut changed = figures.clone();
        if change(&mut changed, &scene, &mut random) {
            figures = changed;
            faults.extend(kind.map(Kind::fault));
        }
    }
    let published = random.chance(60).then(|| (random.between(6, 28), year + 1));
    let signature = published.map(|(day, year)| format!("{year}年1月{day}日"));
    let speak = |slip: Option<Slip>| {
        let mut speaker = Speaker::new(seed, (&agency, year), (&figures, before.as_ref()), slip);
        (speaker.blocks(signature.as_deref()), speaker.said)
    };
    let (mut blocks, said) = speak(None);
    match act {
        Some(Act::Says(about)) => {
            let about: Vec<&'static str> =
                about.iter().copied().filter(|about| said.contains(about)).collect();
            if !about.is_empty() {
                let about = *random.pick::<&'static str>(&about);
                blocks = speak(Some(Slip::Says(about, slip_by(about, &figures, &mut random)))).0;
                faults.extend(kind.map(Kind::fault));
            }
        }
        Some(Act::Tells(slip, is_wrong)) if is_wrong(&figures, year) => {
            blocks = speak(Some(slip)).0;
            faults.extend(kind.map(Kind::fault));
        }
        Some(Act::Words(change)) => {
            let mut changed = blocks.clone();
            if change(&mut changed, &scene) {
                blocks = changed;
                faults.extend(kind.map(Kind::fault));
            }
        }
        _ => {}
    }
    if let Some(Act::Cell(which)) =
        act.filter(|_| layout.is_whole() || kind.is_some_and(Kind::spares_requests))
    {
        faults.extend(fault::mistype(which, &mut figures, form, &mut random));
    }
    let (style, labels) = hand(layout, &mut random);
    for block in &mut blocks {
        type_over(block, style);
    }
    let mut tables = tables(form, &figures, (style, labels), &mut random);
    if let Some(Act::Print(edit)) = act.filter(|_| layout.is_whole()) {
        let mut changed = tables.clone();
        if edit(&mut changed, &scene, &mut random) {
            tables = changed;
            faults.extend(kind.map(Kind::fault));
        }
    }
    let (tables, worn, derived) = wear_out(layout, tables, form, &figures, &mut random);
    faults.extend(worn);
    let printed: Vec<CellId> = tables.iter().flat_map(Table::ids).collect();
    let value = |id: &CellId| printed.contains(id).then(|| figures.text(*id));
    let cells = form.cells().iter().map(|id| (id.as_str().to_owned(), value(id))).collect();
    let text = layout::print(layout, &blocks, &tables, &mut random);
    let mut also: Vec<&str> = kind.map_or(Vec::new(), |kind| kind.also.to_vec());
    // What the year before has wrong may show beside it, where it lies in the same index; a wrong figure of
    // table four contradicts the words about it, too.
    if options.faults_percent > 0 {
        also.extend(["XY-01", "NAR-07"]);
    }
    // A name that tells everything would make up for a title that tells nothing.
    let is_titled = faults.iter().all(|fault| fault.rule != "DOC-01");
    Generated {
        file_name: if is_titled {
            file_name(&agency, year, layout)
        } else {
            format!("附件.{}", layout.extension())
        },
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
            also,
        },
    }
}

fn form_of(year: u16) -> Option<&'static Form> {
    Year::new(i64::from(year)).and_then(FormId::of_year).map(Form::get)
}

/// How much too much is said.
fn slip_by(about: &str, figures: &Figures, random: &mut Random) -> i64 {
    let by = random.between(1, 3);
    // 收到 may include what came over from last year, so that sum would be no fault.
    let is_sum = about == "received" && by == figures.get("requests.carried_in.total");
    by + i64::from(is_sum)
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

/// The three tables.
fn tables(
    form: &Form,
    figures: &Figures,
    (style, labels): (Type, Labels),
    random: &mut Random,
) -> [Table; 3] {
    [
        table::active(form, figures, style, random),
        table::requests(form, figures, style, labels),
        table::litigation(form, figures, style),
    ]
}

/// The tables as this layout leaves them, with what it cost and what can still be proved.
fn wear_out(
    layout: Layout,
    mut tables: [Table; 3],
    form: &Form,
    figures: &Figures,
    random: &mut Random,
) -> ([Table; 3], Vec<Fault>, wear::Proved) {
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
