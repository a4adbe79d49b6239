//! A report beside that of the year before.

use report::{Against, CellId, Decimal, Finding, Form, FormId, Report, Table};

use crate::place::is_absent;

/// A report and that of the year before, each with its form.
pub(crate) struct Pair<'a> {
    pub(crate) report: &'a Report,
    pub(crate) last: &'a Report,
    pub(crate) form: &'static Form,
    pub(crate) last_form: &'static Form,
}

impl<'a> Pair<'a> {
    /// The pair, if the years are consecutive and both reports have this table.
    pub(crate) fn of(report: &'a Report, last: &'a Report, table: Table) -> Option<Self> {
        let (form, last_form) = (report.cells.form()?, last.cells.form()?);
        let follows = report.year?.get() == last.year?.get() + 1;
        let is_there = !is_absent(report, table) && !is_absent(last, table);
        (follows && is_there).then_some(Self { report, last, form, last_form })
    }

    /// The pair, if the reports use these forms.
    pub(crate) fn of_forms(
        report: &'a Report,
        last: &'a Report,
        form: FormId,
        last_form: FormId,
    ) -> Option<Self> {
        let pair = Self::of(report, last, Table::Active)?;
        (pair.form.id == form && pair.last_form.id == last_form).then_some(pair)
    }

    pub(crate) fn now(&self, id: CellId) -> Option<Decimal> {
        self.report.cells.value(id)
    }

    pub(crate) fn before(&self, id: CellId) -> Option<Decimal> {
        self.last.cells.value(id)
    }

    /// Both values of the cell with this name, if both are known.
    pub(crate) fn both(&self, name: &str) -> Option<(CellId, Decimal, Decimal)> {
        let id = CellId::parse(name).ok()?;
        Some((id, self.now(id)?, self.before(id)?))
    }

    /// `2023年度报告`.
    pub(crate) fn last_report(&self) -> String {
        self.last.year.map_or("上年度报告".to_owned(), |year| format!("{year}年度报告"))
    }

    /// The finding with both values and with the origin in last year's report.
    pub(crate) fn against(
        &self,
        finding: Finding,
        places: &[CellId],
        now: Option<Decimal>,
        before: Option<Decimal>,
    ) -> Finding {
        let origin = places.iter().find_map(|id| self.last.cells.get(*id)?.origin);
        let against = Against { agency: self.last.agency.clone(), year: self.last.year, origin };
        Finding { left: now, right: before, against: Some(against), ..finding }
    }
}

pub(crate) const DOCUMENTS: [&str; 2] = ["regulations", "normative_documents"];
