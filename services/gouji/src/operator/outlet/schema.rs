//! `gouji outlet schema`: describes an outlet for programs (AsyncAPI), for the administrator of a database (SQL), or
//! for the catalogue of government information resources.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};
use clap::{Args, ValueEnum};
use deliver::items::{self, Kind};
use render::catalog::{Code, Group, Item, Resource};
use report::{CellKind, Form, FormId, full_width_brackets};
use worker::outlets::{Carry, InletConfig, OutletConfig, TargetKind};
use worker::{Config, OfficeConfig};

use crate::language::text;
use crate::print::say;

/// How an outlet is described.
#[derive(Debug, Args)]
// The subcommand has a group of this name already.
#[group(skip)]
pub(super) struct Schema {
    /// The name of the outlet, or of an inlet that is a table of files (SQL alone).
    pub(super) name: String,
    /// For whom: programs (AsyncAPI 3.0), the administrator of a database (SQL), or the catalogue of information
    /// resources (政务信息资源目录; XLSX and DOCX).
    #[arg(long, value_enum)]
    format: Format,
    /// The database for which SQL is written.
    #[arg(long, value_enum, default_value_t = Dialect::Postgres)]
    dialect: Dialect,
    /// The folder for the two files of the catalogue; this one by default.
    #[arg(long, value_name = "FOLDER", default_value = ".")]
    out: PathBuf,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    Asyncapi,
    Sql,
    Catalog,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Dialect {
    /// 达梦.
    Dm,
    /// 金仓.
    Kingbase,
    Opengauss,
    Mysql,
    Oracle,
    Postgres,
}

impl From<Dialect> for deliver::table::Dialect {
    fn from(dialect: Dialect) -> Self {
        match dialect {
            Dialect::Dm => Self::Dm,
            Dialect::Kingbase => Self::Kingbase,
            Dialect::Opengauss => Self::OpenGauss,
            Dialect::Mysql => Self::MySql,
            Dialect::Oracle => Self::Oracle,
            Dialect::Postgres => Self::Postgres,
        }
    }
}

impl Schema {
    /// Prints it, or writes the files of the catalogue.
    pub(super) fn write(&self, config: &Config, outlet: &OutletConfig) -> Result<()> {
        match self.format {
            Format::Asyncapi => say(&format!("{:#}", deliver::asyncapi::document())),
            Format::Sql => say(self.sql(outlet)?.trim_end()),
            Format::Catalog => self.catalog(&config.office, outlet)?,
        }
        Ok(())
    }

    /// Prints the definition of the table of files.
    pub(super) fn write_inlet(&self, inlet: &InletConfig) -> Result<()> {
        let name = &inlet.name;
        let (Format::Sql, Some(table)) = (self.format, &inlet.table) else {
            bail!(text!(
                "{name}是入口；只有库表入口可以输出建表语句（--format sql）",
                "{name} is an inlet; only an inlet that is a table is described, by --format sql"
            ));
        };
        say(ingest::table_schema(self.dialect.into(), table.schema.as_deref()).trim_end());
        Ok(())
    }

    fn sql(&self, outlet: &OutletConfig) -> Result<String> {
        let Some(table) = &outlet.table else {
            let name = &outlet.name;
            bail!(text!(
                "出口{name}不是库表，没有建表语句",
                "the outlet {name} is no table, so it has no SQL"
            ));
        };
        Ok(deliver::table::schema(self.dialect.into(), table.schema.as_deref()))
    }

    fn catalog(&self, office: &OfficeConfig, outlet: &OutletConfig) -> Result<()> {
        let resource = resource(office, outlet);
        let write = |extension: &str, bytes: Vec<u8>| {
            let path = self.out.join(format!("{}-资源目录登记表.{extension}", outlet.name));
            fs::write(&path, bytes).with_context(|| format!("writing {}", path.display()))?;
            say(&Path::new(&path).display().to_string());
            Ok::<_, anyhow::Error>(())
        };
        write("xlsx", resource.xlsx().context("writing the workbook")?)?;
        write("docx", resource.docx().context("writing the document")?)
    }
}

/// An outlet as the office registers it.
fn resource(office: &OfficeConfig, outlet: &OutletConfig) -> Resource {
    let (class, format, way) = match outlet.to {
        TargetKind::Table => {
            ("数据库", "达梦、金仓、openGauss、MySQL、Oracle、PostgreSQL等，以实际为准", "数据库")
        }
        TargetKind::Folder => ("电子文件", "CSV（UTF-8），附 manifest.json；可选 Parquet、JSON", "文件"),
        _ => ("自描述格式", "JSON（CloudEvents 1.0，AsyncAPI 3.0 描述）", "接口"),
    };
    let contact = [&office.contact, &office.telephone].into_iter().flatten().cloned().collect::<Vec<_>>();
    Resource {
        name: name(outlet),
        provider: office.name.clone(),
        summary: summary(outlet),
        format: (class.into(), format.into()),
        groups: items::groups(outlet).into_iter().map(group).collect(),
        // Verdicts and findings are the work of an office, also where the figures are public: the office decides.
        sharing: "有条件共享".into(),
        sharing_condition:
            "供政务公开主管部门及有关单位用于年度报告的汇总、核验和考核；校核结论不作为行政行为的依据".into(),
        sharing_way: ("共享平台".into(), way.into()),
        open: "否".into(),
        open_condition: "年度报告原文已由各行政机关依法向社会公布".into(),
        update_cycle: update_cycle(outlet),
        contact: (!contact.is_empty()).then(|| contact.join("，")),
        codes: if outlet.carry >= Carry::Figures { codes() } else { Vec::new() },
    }
}

fn name(outlet: &OutletConfig) -> String {
    let what = match outlet.carry {
        Carry::Identity => "报送情况",
        Carry::Figures => "数据",
        Carry::Findings => "数据及校核结果",
    };
    format!("政府信息公开工作年度报告{what}")
}

fn summary(outlet: &OutletConfig) -> String {
    let regions = match outlet.regions.as_slice() {
        [] => "本级及所辖各级行政机关".to_owned(),
        regions => format!("行政区划代码以{}开头的各级行政机关", regions.join("、")),
    };
    let what = match outlet.carry {
        Carry::Identity => "报告单位、年度、公布日期和校核结论",
        Carry::Figures => "报告单位、年度、公布日期、校核结论，以及表格的每一项数据和正文中的数字",
        Carry::Findings => {
            "报告单位、年度、公布日期、校核结论和发现的问题，以及表格的每一项数据和正文中的数字"
        }
    };
    format!(
        "{regions}的政府信息公开工作年度报告：{what}。报告更正、撤回后随即更新；空白、缺失、存疑与0分别标明。"
    )
}

fn update_cycle(outlet: &OutletConfig) -> String {
    match outlet.folder.as_ref().filter(|_| outlet.to == TargetKind::Folder) {
        Some(folder) => format!("实时（有变动时每{}一批）", minutes(folder.every)),
        None => "实时".into(),
    }
}

fn minutes(every: std::time::Duration) -> String {
    match every.as_secs() {
        seconds if seconds >= 3600 && seconds % 3600 == 0 => format!("{}小时", seconds / 3600),
        seconds if seconds >= 60 && seconds % 60 == 0 => format!("{}分钟", seconds / 60),
        seconds => format!("{seconds}秒"),
    }
}

fn group(group: items::Group) -> Group {
    Group { name: group.name, title: group.title, items: group.items.into_iter().map(item).collect() }
}

/// An item with its type as the guide names types.
fn item(item: items::Item) -> Item {
    let (data_type, length) = match item.kind {
        Kind::Text(Some(length)) => ("字符型C", length.to_string()),
        Kind::Text(None) => ("备注型M", "不限".into()),
        Kind::Integer => ("整型I", "19".into()),
        Kind::Decimal(digits, scale) => ("数值型N", format!("{digits},{scale}")),
        Kind::Day => ("日期型D", "10".into()),
        Kind::Time => ("日期时间型T", "23".into()),
        Kind::Boolean => ("逻辑型L", "1".into()),
    };
    Item { title: item.title, name: item.name, data_type, length, required: item.required, note: item.note }
}

/// Every cell of both forms.
fn codes() -> Vec<Code> {
    let of = |form: FormId| {
        let layout = Form::get(form);
        layout.cells().iter().map(move |id| Code {
            of: format!("{}年格式", form.as_str()),
            code: id.as_str().to_owned(),
            name: format!("{}·{}", id.table().short_title(), full_width_brackets(layout.label(*id))),
            unit: match id.kind() {
                CellKind::Amount => "万元".into(),
                CellKind::Count | CellKind::Change => "件".into(),
            },
        })
    };
    [FormId::F2021, FormId::F2019].into_iter().flat_map(of).collect()
}
