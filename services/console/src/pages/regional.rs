//! `/regions`: the reports of a region for a year: who has reported, what the figures add up to and, on request,
//! what a comparison of the reports with each other finds.

mod attendance;
mod comparison;
mod lists;
mod roll_up;
mod selection;

use access::Caller;
use axum::extract::{OriginalUri, State};
use axum::response::Redirect;
use export::Shape;
use maud::{Markup, html};
use search::{Facet, FacetValue, Query};

use self::selection::Selection;
use super::export::export_links;
use super::layout::{self, ErrorPage};
use crate::app::App;
use crate::params::Params;
use crate::problem::Problem;
use crate::search_query;

pub(crate) async fn regional(
    State(app): State<App>,
    caller: Caller,
    params: Params,
) -> Result<Markup, ErrorPage> {
    let query = Query { facets: vec![Facet::Region, Facet::Year], ..Query::default() };
    let query = search_query::restrict_to_scope(query, &caller)?;
    let found = app.read(move |reader| reader.search(&query)).await?;
    let values = |wanted: Facet| {
        let counts = found.facets.iter().find(|counts| counts.facet == wanted);
        counts.map(|counts| counts.values.clone()).unwrap_or_default()
    };
    let (regions, years) = (values(Facet::Region), values(Facet::Year));
    let main = match params.get("region").or(params.get("year")) {
        Some(_) => match results(&app, &caller, &params).await {
            Ok(results) => results,
            Err(problem) if problem.status.is_client_error() => warning(&problem),
            Err(problem) => return Err(problem.into()),
        },
        None => start(&regions, &years),
    };
    let content = html! {
        h1 { "汇总与比对" }
        (form(&params, &regions, &years))
        (main)
    };
    Ok(layout::page(&app, &caller, "汇总与比对", "", content).await)
}

/// Redirects from the earlier address of the page.
pub(crate) async fn redirect_to_regional(OriginalUri(uri): OriginalUri) -> Redirect {
    let query = uri.query().map(|query| format!("?{query}")).unwrap_or_default();
    Redirect::permanent(&format!("/regions{query}"))
}

async fn results(app: &App, caller: &Caller, params: &Params) -> Result<Markup, Problem> {
    let selection = Selection::parse(params)?;
    let (region, year) = (&selection.region, selection.year);
    crate::regional::check_scope(caller, region)?;
    let attendance = crate::regional::attendance(app, Some(region), year);
    let (attendance, rolled) = tokio::try_join!(attendance, crate::regional::roll_up(app, region, year))?;
    let comparison = match params.get("survey") {
        Some("true") => Some(crate::regional::compare(app, region, year).await?),
        _ => None,
    };
    Ok(html! {
        h2.region { (region.name) " " span.quiet { (region.code) "　" (year) "年度" } }
        (attendance::attendance(attendance.as_ref(), &selection))
        (roll_up::roll_up(rolled.as_ref(), &selection))
        (comparison::comparison(comparison.as_ref(), &selection))
        (export_links(&exported(&selection), Shape::Reports))
    })
}

/// The filters that find the reports of the page.
fn exported(selection: &Selection) -> Params {
    let pairs = [("region", selection.region.code.clone()), ("year", selection.year.to_string())];
    Params(pairs.map(|(name, value)| (name.to_owned(), value)).into())
}

fn form(params: &Params, regions: &[FacetValue], years: &[FacetValue]) -> Markup {
    let latest = years.first().map(|year| year.value.as_str());
    html! {
        form.card.asking action="/regions" {
            label { "地区 " input name="region" value=[params.get("region")] list="regions" required
                placeholder="区划代码或名称，如 6101、西安市"; }
            datalist #regions { @for region in regions { option value=(region.value) { (region.label) } } }
            label { "年度 " input name="year" value=[params.get("year").or(latest)] required
                inputmode="numeric" pattern="[0-9]{4}" size="6" title="四位数的年度"; }
            button.button { "查看汇总" }
            button.button name="survey" value="true" { "查看汇总并比对" }
            p.quiet { "比对要逐份对照各机关的文字和数字，地区大时需要几秒到几十秒。" }
        }
    }
}

/// The page before a region is selected: links to those that have reports.
fn start(regions: &[FacetValue], years: &[FacetValue]) -> Markup {
    let year = years.first().map(|year| year.value.as_str()).unwrap_or_default();
    let address = |region: &FacetValue| {
        let pairs = [("region", region.value.as_str()), ("year", year)];
        Params(pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec()).address("/regions")
    };
    html! {
        section.card {
            @if regions.is_empty() {
                p { "库里还没有能确定地区的年度报告。送进年度报告后，可以在这里核对谁已报送、汇总全地区的表格、比对各机关的报告。" }
            } @else {
                h2 { "库里有这些地区的年度报告" }
                ul.examples { @for region in regions { li { a href=(address(region)) { (region.label) } span { (region.count) " 份" } } } }
            }
        }
    }
}

fn warning(problem: &Problem) -> Markup {
    html! { p.notice.warn role="alert" { (problem.detail) @if let Some(hint) = problem.hint { (hint) } } }
}
