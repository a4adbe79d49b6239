//! The sheet by which an office registers a resource in the catalogue of government information resources
//! (政务信息资源目录): the core metadata of the 政务信息资源目录编制指南（试行）（发改高技〔2017〕1272号), as a workbook
//! and as a document to be signed.

use rust_xlsxwriter::{DocProperties, ExcelDateTime, Format, FormatAlign, FormatBorder, Workbook, Worksheet};

use crate::error::RenderError;
use crate::letter::Letter;
use crate::letter::block::{Block, Column, Grid};

/// A resource as it is registered. What the office or its catalogue decides and nobody else knows is none, and is
/// printed as a blank to be filled in.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Resource {
    /// 信息资源名称.
    pub name: String,
    /// 信息资源提供方.
    pub provider: Option<String>,
    /// 信息资源摘要.
    pub summary: String,
    /// 信息资源格式: the class (数据库、电子文件、自描述格式、服务接口) and the format.
    pub format: (String, String),
    /// 信息项信息, by table, file or message.
    pub groups: Vec<Group>,
    /// 共享类型.
    pub sharing: String,
    /// 共享条件.
    pub sharing_condition: String,
    /// 共享方式: the class and the kind.
    pub sharing_way: (String, String),
    /// 是否向社会开放.
    pub open: String,
    /// 开放条件.
    pub open_condition: String,
    /// 更新周期.
    pub update_cycle: String,
    /// Who answers questions, with the telephone number.
    pub contact: Option<String>,
    /// The codes that stand in the items, each with its name and its unit.
    pub codes: Vec<Code>,
}

/// The items of one table, file or message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Group {
    /// Its name: `gouji_report`, `reports.csv`.
    pub name: String,
    /// What it holds.
    pub title: String,
    /// Its items.
    pub items: Vec<Item>,
}

/// An item (信息项).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Item {
    /// 信息项名称, Chinese.
    pub title: String,
    /// 信息项英文名.
    pub name: String,
    /// 数据类型, as the guide names them: `字符型C`.
    pub data_type: &'static str,
    /// 数据长度.
    pub length: String,
    /// Whether it is never empty.
    pub required: bool,
    /// 说明.
    pub note: String,
}

/// A code that stands in an item, e.g. the id of a cell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Code {
    /// What it is a code of: the form.
    pub of: String,
    /// The code.
    pub code: String,
    /// Its name.
    pub name: String,
    /// Its unit; empty where it has none.
    pub unit: String,
}

/// The blank for what the office fills in.
const BLANK: &str = "";

impl Resource {
    /// Every line of the core metadata but the items, in the order of the guide: its name, what is filled in, and how
    /// it is to be filled in.
    fn lines(&self) -> Vec<(&'static str, String, &'static str)> {
        let or_blank = |text: &Option<String>| text.clone().unwrap_or_else(|| BLANK.to_owned());
        vec![
            ("信息资源分类", "部门信息资源".into(), "类、项、目、细目按本级目录的分类填写"),
            ("信息资源名称", self.name.clone(), "全目录内唯一"),
            ("信息资源代码", BLANK.into(), "由目录系统赋码"),
            ("信息资源提供方", or_blank(&self.provider), "提供资源的政务部门全称"),
            ("信息资源提供方代码", BLANK.into(), "统一社会信用代码"),
            ("信息资源摘要", self.summary.clone(), "内容的概要"),
            (
                "信息资源格式分类",
                self.format.0.clone(),
                "电子文件、电子表格、数据库、图形图像、流媒体、自描述格式、服务接口",
            ),
            ("信息资源格式类型", self.format.1.clone(), "具体格式"),
            ("共享类型", self.sharing.clone(), "无条件共享、有条件共享、不予共享"),
            ("共享条件", self.sharing_condition.clone(), "有条件共享的条件，不予共享的依据"),
            ("共享方式分类", self.sharing_way.0.clone(), "共享平台、邮件、拷盘、介质交换"),
            ("共享方式类型", self.sharing_way.1.clone(), "数据库、文件、接口"),
            ("是否向社会开放", self.open.clone(), "是、否"),
            ("开放条件", self.open_condition.clone(), "向社会开放的条件"),
            ("更新周期", self.update_cycle.clone(), "实时、每日、每周、每月、每季度、每年"),
            ("发布日期", BLANK.into(), "在目录中发布的日期，年-月-日"),
            ("关联资源代码", BLANK.into(), "在目录中重复出现时填写"),
            ("联系人及电话", or_blank(&self.contact), "扩展元数据"),
        ]
    }

    /// The title of the sheet.
    fn title(&self) -> String {
        "政务信息资源目录登记表".to_owned()
    }

    /// The workbook: one sheet with the core metadata, one with the items, one with the codes.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn xlsx(&self) -> Result<Vec<u8>, RenderError> {
        let mut workbook = Workbook::new();
        let made = ExcelDateTime::from_ymd(2026, 1, 1)?;
        workbook.set_properties(&DocProperties::new().set_title(self.title()).set_creation_datetime(&made));
        let formats = Formats::new();
        self.write_metadata(workbook.add_worksheet().set_name("登记表")?, &formats)?;
        self.write_items(workbook.add_worksheet().set_name("信息项")?, &formats)?;
        if !self.codes.is_empty() {
            self.write_codes(workbook.add_worksheet().set_name("指标代码")?, &formats)?;
        }
        Ok(workbook.save_to_buffer()?)
    }

    fn write_metadata(&self, sheet: &mut Worksheet, formats: &Formats) -> Result<(), RenderError> {
        set_page(sheet, false)?;
        for (column, width) in [(0, 22), (1, 62), (2, 44)] {
            sheet.set_column_width(column, width)?;
        }
        sheet.merge_range(0, 0, 0, 2, &self.title(), &formats.title)?;
        sheet.set_row_height(0, 32)?;
        for (column, head) in (0..).zip(["元数据项", "填写内容", "填写说明"]) {
            sheet.write_with_format(1, column, head, &formats.head)?;
        }
        for (row, (name, content, meaning)) in (2..).zip(self.lines()) {
            sheet.write_with_format(row, 0, name, &formats.name)?;
            sheet.write_with_format(row, 1, content, &formats.text)?;
            sheet.write_with_format(row, 2, meaning, &formats.note)?;
        }
        sheet.set_freeze_panes(2, 0)?;
        Ok(())
    }

    fn write_items(&self, sheet: &mut Worksheet, formats: &Formats) -> Result<(), RenderError> {
        set_page(sheet, true)?;
        const HEADS: [(&str, u32); 8] = [
            ("序号", 6),
            ("所属表（文件、消息）", 24),
            ("信息项名称", 22),
            ("信息项英文名", 24),
            ("数据类型", 14),
            ("数据长度", 10),
            ("是否必填", 10),
            ("说明", 60),
        ];
        for (column, (head, width)) in (0..).zip(HEADS) {
            sheet.set_column_width(column, width)?;
            sheet.write_with_format(0, column, head, &formats.head)?;
        }
        let items = self.groups.iter().flat_map(|group| group.items.iter().map(move |item| (group, item)));
        for (row, (group, item)) in (1..).zip(items) {
            sheet.write_with_format(row, 0, row, &formats.number)?;
            let required = if item.required { "是" } else { "否" };
            let texts =
                [&group.name, &item.title, &item.name, item.data_type, &item.length, required, &item.note];
            for (column, text) in (1..).zip(texts) {
                sheet.write_with_format(row, column, text, &formats.text)?;
            }
        }
        sheet.set_freeze_panes(1, 0)?;
        Ok(())
    }

    fn write_codes(&self, sheet: &mut Worksheet, formats: &Formats) -> Result<(), RenderError> {
        set_page(sheet, false)?;
        for (column, (head, width)) in
            (0..).zip([("表格格式", 12), ("指标代码", 48), ("指标名称", 64), ("单位", 8)])
        {
            sheet.set_column_width(column, width)?;
            sheet.write_with_format(0, column, head, &formats.head)?;
        }
        for (row, code) in (1..).zip(&self.codes) {
            for (column, text) in (0..).zip([&code.of, &code.code, &code.name, &code.unit]) {
                sheet.write_with_format(row, column, text, &formats.text)?;
            }
        }
        sheet.set_freeze_panes(1, 0)?;
        Ok(())
    }

    /// The document: the core metadata and the items as tables.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn docx(&self) -> Result<Vec<u8>, RenderError> {
        let column = |head, share| Column { head, class: "catalog", share, is_figure: false };
        let mut blocks = vec![
            Block::Title(vec![self.title()]),
            Block::Heading("一、核心元数据".into()),
            Block::Grid(Grid {
                columns: vec![column("元数据项", 28), column("填写内容", 72)],
                rows: self
                    .lines()
                    .into_iter()
                    .map(|(name, content, _)| vec![name.to_owned(), content])
                    .collect(),
            }),
            Block::Heading("二、信息项".into()),
        ];
        for (number, group) in (1..).zip(&self.groups) {
            blocks.push(Block::Item(format!("（{}）", crate::text::numeral(number)), group.caption()));
            blocks.push(Block::Grid(Grid {
                columns: vec![
                    column("序号", 9),
                    column("信息项名称", 20),
                    column("英文名", 20),
                    column("数据类型", 16),
                    column("长度", 9),
                    column("说明", 26),
                ],
                rows: (1..).zip(&group.items).map(|(row, item)| item.row(row)).collect(),
            }));
        }
        if !self.codes.is_empty() {
            blocks.push(Block::Paragraph(format!(
                "指标代码共{}项，见本表电子表格“指标代码”。",
                self.codes.len()
            )));
        }
        Letter::new(self.title(), blocks).docx()
    }
}

impl Group {
    fn caption(&self) -> String {
        format!("{}（{}）", self.title, self.name)
    }
}

impl Item {
    fn row(&self, number: usize) -> Vec<String> {
        vec![
            number.to_string(),
            self.title.clone(),
            self.name.clone(),
            self.data_type.to_owned(),
            self.length.clone(),
            self.note.clone(),
        ]
    }
}

/// An A4 page as wide as the sheet.
fn set_page(sheet: &mut Worksheet, is_landscape: bool) -> Result<(), RenderError> {
    sheet.set_paper_size(9);
    sheet.set_print_fit_to_pages(1, 0);
    sheet.set_repeat_rows(0, 0)?;
    if is_landscape {
        sheet.set_landscape();
    }
    Ok(())
}

struct Formats {
    title: Format,
    head: Format,
    name: Format,
    text: Format,
    note: Format,
    number: Format,
}

impl Formats {
    fn new() -> Self {
        let cell = || {
            Format::new()
                .set_border(FormatBorder::Thin)
                .set_align(FormatAlign::VerticalCenter)
                .set_text_wrap()
        };
        // A code is no number: it keeps its zeros, and a spreadsheet does not round it.
        let text = cell().set_num_format("@");
        Self {
            title: Format::new()
                .set_bold()
                .set_font_size(16)
                .set_align(FormatAlign::Center)
                .set_align(FormatAlign::VerticalCenter),
            head: cell().set_bold().set_align(FormatAlign::Center).set_background_color(0x00E7_ECF3),
            name: cell().set_bold(),
            note: text.clone().set_font_color(0x0055_5555),
            number: cell().set_align(FormatAlign::Center),
            text,
        }
    }
}
