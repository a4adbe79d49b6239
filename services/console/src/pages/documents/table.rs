//! The lists of the page as files: letters that can be made, agencies that have not reported, and the letters of an
//! agency.

use access::Caller;
use axum::extract::{OriginalUri, State};
use axum::response::Response;
use export::{Column, Kind as Holds, Value};
use render::Overdue;
use report::Year;
use search::Card;

use super::{Kind, agency, cards_of_agency, kind_of, returned, with_region_code};
use crate::app::App;
use crate::list_export::{self, Rows};
use crate::params::Params;
use crate::problem::Problem;
use crate::{letters, notices, regional};

/// `GET /documents.csv` and `GET /documents.xlsx`: the list that the page shows with the same parameters.
pub(crate) async fn documents_table(
    State(app): State<App>,
    caller: Caller,
    OriginalUri(address): OriginalUri,
    params: Params,
) -> Result<Response, Problem> {
    let format = list_export::format_of(&address)?;
    let (title, columns, rows) = match (caller.is_reviewer(), kind_of(&params)) {
        (false, _) => ("本单位的整改意见", of_agency_columns(), of_agency(&app, &caller).await?),
        (true, Kind::Letter) => ("整改意见清单", letter_columns(), letters_of(&app, &caller, &params).await?),
        (true, Kind::Reminder) => {
            ("催报函清单", reminder_columns(), reminders(&app, &caller, &params).await?)
        }
        (true, Kind::Bulletin) => {
            let problem = Problem::bad_parameter("kind", "通报是一份文书，没有清单。".into());
            return Err(problem.hint("可用 letter、reminder。"));
        }
    };
    list_export::answer(title, columns, rows, format).await
}

/// The columns that every list of reports begins with.
fn report_columns() -> Vec<Column> {
    vec![
        Column::new("agency", "机关", Holds::Text, "年度报告所署的机关。"),
        Column::new("region", "区划代码", Holds::Text, "所在行政区划。"),
        Column::new("region_name", "地区", Holds::Text, "行政区划的名称。"),
        Column::new("year", "年度", Holds::Integer, "年度报告的年度。"),
        Column::new("verdict", "校核结论", Holds::Text, "系统校核的结论。"),
        Column::new("report", "年度报告", Holds::Text, "年度报告的编号。"),
    ]
}

fn report_values(card: &Card) -> Vec<Value<'static>> {
    let region = card.region.clone();
    vec![
        Value::text(agency(card).to_owned()),
        Value::text(region.as_ref().map(|region| region.code.clone()).unwrap_or_default()),
        Value::text(region.map(|region| region.name).unwrap_or_default()),
        card.year.map_or(Value::Empty, year),
        Value::text(card.verdict.title()),
        Value::text(card.key.clone()),
    ]
}

fn letter_columns() -> Vec<Column> {
    let mut columns = report_columns();
    columns.extend([
        Column::new("problems", "问题", Holds::Integer, "需要整改或者核实的问题，改一处即可解决的算一项。"),
        Column::new("review", "办理", Holds::Text, "审核办理的情况。"),
        Column::new("due", "反馈期限", Holds::Date, "退回修改的，重新报送的最后一天。"),
    ]);
    columns
}

async fn letters_of(app: &App, caller: &Caller, params: &Params) -> Result<Rows, Problem> {
    let chosen = letters::choose(app, caller, &with_region_code(params)?).await?;
    let row = |card: &Card| {
        let mut values = report_values(card);
        values.extend([
            Value::Integer(card.handling.problems.into()),
            Value::text(card.handling.state.title()),
            card.handling.due.map_or(Value::Empty, Value::Date),
        ]);
        values
    };
    Ok(chosen.letters.iter().map(row).collect())
}

fn reminder_columns() -> Vec<Column> {
    vec![
        Column::new("agency", "机关", Holds::Text, "名录中的名称。"),
        Column::new("year", "年度", Holds::Integer, "没有报送的年度。"),
        Column::new("due", "截止日期", Holds::Date, "应在这一天以前报送。"),
    ]
}

async fn reminders(app: &App, caller: &Caller, params: &Params) -> Result<Rows, Problem> {
    let (region, of_year) = regional::region_and_year(caller, params)?;
    let attendance = notices::attendance(app, &region, of_year).await?;
    let row = |overdue: Overdue| {
        let due = overdue.due.map_or(Value::Empty, Value::Date);
        vec![Value::text(overdue.agency), year(overdue.year), due]
    };
    Ok(notices::missing(&attendance, of_year).into_iter().map(row).collect())
}

fn of_agency_columns() -> Vec<Column> {
    let mut columns = report_columns();
    columns.push(Column::new("returned", "退回", Holds::Text, "退回修改的文号和期限，空为尚未退回。"));
    columns
}

async fn of_agency(app: &App, caller: &Caller) -> Result<Rows, Problem> {
    let (open, _) = cards_of_agency(app, caller).await?;
    let returned = returned(app, caller, &open).await?;
    let row = |card: &Card| {
        let mut values = report_values(card);
        values.push(Value::text(returned.get(&card.key).cloned().unwrap_or_default()));
        values
    };
    Ok(open.iter().map(row).collect())
}

fn year(year: Year) -> Value<'static> {
    Value::Integer(year.get().into())
}
