//! Every path of the console with the role it needs, and the headers of every response.

use access::Parameters::{Any, Only};
use access::{Caller, Challenge, Requires, Route};
use axum::extract::{DefaultBodyLimit, OriginalUri, Request};
use axum::http::{HeaderName, HeaderValue, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};

use crate::app::App;
use crate::pages::{self, login};
use crate::problem::Problem;
use crate::{
    assets, audit_api, check_api, compare_api, download, export_api, letter, letters, news_api, notices,
    original_api, pipeline_api, policy_api, regional_api, report_api, report_stream, reviews_api, search_api,
    users_api,
};

/// Every path and what it needs; `openapi.json` describes those of the API. Where any key will do, a key that
/// submits reports sees only its own.
pub(crate) fn routes() -> Vec<Route<App>> {
    vec![
        ("/", Requires::Key, Any, get(pages::search)),
        ("/send", Requires::Submit, Any, get(pages::send)),
        (
            "/send/receipt",
            Requires::Key,
            Any,
            post(pages::receipts).layer(DefaultBodyLimit::max(RECEIPT_BYTES)),
        ),
        ("/send/receipt/{id}", Requires::Key, Any, get(pages::receipt)),
        ("/check", Requires::Key, Any, get(pages::check_form).post(pages::check)),
        ("/news", Requires::Key, Any, get(pages::news)),
        ("/news.csv", Requires::Key, Any, get(pages::news_table)),
        ("/news.xlsx", Requires::Key, Any, get(pages::news_table)),
        ("/news/seen", Requires::Key, Any, post(pages::news_seen)),
        ("/news.atom", Requires::Key, Only(&["kind", "region", "q"]), get(news_api::atom)),
        ("/help", Requires::Key, Any, get(pages::help)),
        ("/api", Requires::Key, Any, get(pages::api)),
        ("/reports/{id}", Requires::Key, Any, get(pages::report)),
        ("/reports/{id}/changes", Requires::Key, Any, get(pages::changes)),
        ("/reports/{id}/reviews", Requires::Review, Any, post(pages::act)),
        ("/review", Requires::Review, Any, get(pages::review).post(pages::act_on_many)),
        ("/regions", Requires::Review, Any, get(pages::regional)),
        ("/compare", Requires::Key, Any, get(pages::compare)),
        ("/across", Requires::Review, Any, get(pages::redirect_to_regional)),
        ("/export", Requires::Key, Any, get(pages::export)),
        ("/status", Requires::Review, Any, get(pages::status)),
        ("/login", Requires::Nothing, Any, get(login::show).post(login::sign_in)),
        ("/login/first/{id}", Requires::Nothing, Any, get(login::first).post(login::create_first)),
        ("/login/unified", Requires::Nothing, Any, get(login::begin_unified)),
        ("/login/unified/callback", Requires::Nothing, Any, get(login::finish_unified)),
        ("/logout", Requires::Key, Any, post(login::sign_out)),
        ("/account", Requires::Key, Any, get(pages::account)),
        ("/account/password", Requires::Key, Any, post(pages::change_password)),
        ("/account/sessions", Requires::Key, Any, post(pages::end_sessions)),
        ("/users", Requires::Operate, Any, get(pages::users).post(pages::create_user)),
        ("/users.csv", Requires::Operate, Any, get(pages::users_table)),
        ("/users.xlsx", Requires::Operate, Any, get(pages::users_table)),
        ("/users/new", Requires::Operate, Any, get(pages::new_user)),
        ("/users/{id}", Requires::Operate, Any, get(pages::user).post(pages::change_user)),
        ("/audit", Requires::Operate, Any, get(pages::audit)),
        ("/roster", Requires::Review, Any, get(pages::roster)),
        (
            "/roster/import",
            Requires::Lead,
            Any,
            post(pages::roster_check).layer(DefaultBodyLimit::max(ROSTER_BYTES)),
        ),
        (
            "/roster/confirm",
            Requires::Lead,
            Any,
            post(pages::roster_import).layer(DefaultBodyLimit::max(FORM_BYTES)),
        ),
        ("/roster/agency", Requires::Lead, Any, post(pages::roster_exception)),
        ("/roster/template", Requires::Review, Only(&[]), get(pages::roster_template)),
        ("/roster/current", Requires::Review, Only(&[]), get(pages::roster_current)),
        ("/published", Requires::Review, Any, get(pages::published)),
        ("/published/export", Requires::Review, Only(PUBLISHED), get(pages::published_export)),
        ("/documents", Requires::Key, Any, get(pages::documents)),
        ("/documents.csv", Requires::Key, Any, get(pages::documents_table)),
        ("/documents.xlsx", Requires::Key, Any, get(pages::documents_table)),
        ("/rules", Requires::Key, Any, get(pages::rules)),
        ("/rules/preview", Requires::Lead, Any, post(pages::rules_preview)),
        ("/rules/change", Requires::Lead, Any, post(pages::rules_change)),
        ("/assets/{name}", Requires::Nothing, Only(&["v"]), get(assets::asset)),
        ("/favicon.ico", Requires::Nothing, Any, get(assets::icon)),
        ("/openapi.json", Requires::Nothing, Only(&[]), get(assets::openapi)),
        ("/api/v1/reports", Requires::Key, Only(SEARCH), get(search_api::reports)),
        ("/api/v1/reports/{id}", Requires::Key, Only(&[]), get(report_api::report)),
        ("/api/v1/reports/{id}/source", Requires::Key, Only(&[]), get(download::source)),
        ("/api/v1/reports/{id}/page/{page}", Requires::Key, Only(&["dpi"]), get(original_api::page)),
        ("/api/v1/reports/{id}/rendition", Requires::Key, Only(&[]), get(original_api::rendition)),
        ("/api/v1/reports/{id}/cells", Requires::Key, Only(&[]), get(report_api::cells)),
        ("/api/v1/reports/{id}/findings", Requires::Key, Only(&[]), get(report_api::findings)),
        ("/api/v1/reports/{id}/changes", Requires::Key, Only(&["since"]), get(report_api::changes)),
        ("/api/v1/reports/{id}/versions", Requires::Key, Only(&[]), get(report_api::versions)),
        ("/api/v1/reports/{id}/letter", Requires::Key, Only(LETTER), get(letter::letter)),
        ("/api/v1/reports/{id}/reviews", Requires::Key, Only(&[]), get(reviews_api::reviews)),
        ("/api/v1/reports/{id}/reviews", Requires::Review, Only(&[]), post(reviews_api::act)),
        ("/api/v1/reviews", Requires::Review, Only(&[]), post(reviews_api::act_on_many)),
        (
            "/api/v1/letters",
            Requires::Key,
            Only(LETTERS),
            get(letters::letters).post(letters::letters_of_form),
        ),
        ("/api/v1/reminders", Requires::Review, Only(NOTICE), get(notices::reminders)),
        ("/api/v1/bulletin", Requires::Review, Only(BULLETIN), get(notices::bulletin)),
        ("/api/v1/rules", Requires::Key, Only(&[]), get(policy_api::rules)),
        ("/api/v1/policy", Requires::Review, Only(&[]), get(policy_api::policy)),
        (
            "/api/v1/policy/changes",
            Requires::Lead,
            Only(&["seen", "why", "dry_run"]),
            post(policy_api::change),
        ),
        ("/api/v1/check", Requires::Key, Only(&["name"]), post(check_api::check)),
        (
            "/api/v1/news",
            Requires::Key,
            Only(&["after", "limit", "kind", "region", "q"]),
            get(news_api::news),
        ),
        ("/api/v1/export", Requires::Key, Only(EXPORT), get(export_api::export)),
        ("/api/v1/sum", Requires::Key, Only(SUM), get(search_api::sum)),
        ("/api/v1/compare", Requires::Key, Only(COMPARE), get(compare_api::compare)),
        ("/api/v1/complete", Requires::Key, Only(&["q", "kind", "limit"]), get(compare_api::complete)),
        ("/api/v1/kept", Requires::Review, Only(FILTER), get(report_stream::stream)),
        ("/api/v1/rollup", Requires::Review, Only(&["region", "year", "format"]), get(regional_api::roll_up)),
        ("/api/v1/roster", Requires::Review, Only(ATTENDANCE), get(regional_api::attendance)),
        ("/api/v1/survey", Requires::Review, Only(&["region", "year"]), get(regional_api::survey)),
        ("/api/v1/status", Requires::Key, Only(&[]), get(pipeline_api::status)),
        ("/api/v1/status/{id}", Requires::Key, Only(&[]), get(report_api::history)),
        ("/api/v1/audit", Requires::Operate, Only(AUDIT), get(audit_api::export)),
        (
            "/api/v1/users",
            Requires::Operate,
            Only(&["q", "role"]),
            get(users_api::list).post(users_api::create),
        ),
        ("/api/v1/users/{id}", Requires::Operate, Only(&[]), get(users_api::user).patch(users_api::change)),
        ("/api/v1/users/{id}/password", Requires::Operate, Only(&[]), post(users_api::reset)),
        ("/api/v1/users/{id}/sign-out", Requires::Operate, Only(&[]), post(users_api::sign_out)),
        ("/api/v1/events", Requires::Key, Only(&[]), get(pipeline_api::events)),
    ]
}

/// Ids of the submissions of one receipt, 65 bytes each.
const RECEIPT_BYTES: usize = 1 << 20;

/// The addresses that check a file, and what explains them, which may be open to everybody.
const CHECKS: [&str; 4] = ["/check", "/api/v1/check", "/help", "/api"];

/// The routes; where `check_open`, a file is checked without a key.
pub(crate) fn admitting(check_open: bool, routes: Vec<Route<App>>) -> Vec<Route<App>> {
    let admit = |(path, requires, parameters, handler): Route<App>| {
        let requires = if check_open && CHECKS.contains(&path) { Requires::Nothing } else { requires };
        (path, requires, parameters, handler)
    };
    routes.into_iter().map(admit).collect()
}

/// The parameters of the audit trail.
const AUDIT: &[&str] = &["who", "action", "object", "from", "to", "refused", "format"];
/// The parameters that say who sends a document, and others behind them.
macro_rules! office_and {
    ($($other:literal),*) => {
        &["name", "number", "first", "signer", "contact", "telephone", "deadline", "date", $($other),*]
    };
}

/// The parameters of a letter.
const LETTER: &[&str] = office_and!("format", "across");
/// Those of the board of the roster.
const ATTENDANCE: &[&str] = &["region", "year", "state", "format"];
/// Those of the list of published pages.
const PUBLISHED: &[&str] = &["q", "region", "year", "state", "changed", "format"];
/// Those of letters to agencies that have not reported.
const NOTICE: &[&str] = office_and!("region", "year", "agency", "format");
/// Those of a notice.
const BULLETIN: &[&str] = office_and!("region", "year", "format");
/// The largest roster in a spreadsheet or as CSV, as ingest takes it, and the same in a form.
const ROSTER_BYTES: usize = 17 << 20;
const FORM_BYTES: usize = 3 * ROSTER_BYTES;
/// The parameters that choose reports, and others behind them.
macro_rules! filter_and {
    ($($other:literal),*) => {
        &[
            "q", "year", "region", "agency", "verdict", "finding", "rule", "severity", "form", "published",
            "review", "assignee", "due", "open",
            "cell.*", $($other),*
        ]
    };
}

const FILTER: &[&str] = filter_and!();
/// Those of the letters to many agencies.
const LETTERS: &[&str] =
    filter_and!("key", "name", "number", "first", "signer", "contact", "telephone", "deadline", "date");
/// Those of a sum.
const SUM: &[&str] = filter_and!("cell", "by");
/// Those of a comparison.
const COMPARE: &[&str] =
    &["cell", "measure", "of", "by", "region", "agency", "kind", "level", "year", "format"];
/// Those of an export.
const EXPORT: &[&str] = filter_and!("shape", "format", "names", "title", "publisher", "licence", "findings");
/// Those of a search.
const SEARCH: &[&str] = filter_and!("sort", "facets", "limit", "cursor", "highlight");

pub(crate) async fn not_found(OriginalUri(uri): OriginalUri) -> Response {
    Problem::not_found(format!("没有地址 {}。", uri.path())).into_response()
}

/// Pages load and run our own files only, and no other site may frame them.
const CONTENT_SECURITY_POLICY: &str =
    "default-src 'self'; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";

/// Sets the default headers of a response. A person gets a problem as a page, a program as a document.
pub(crate) async fn finish_response(request: Request, next: Next) -> Response {
    let path = request.uri().path();
    let asked = request.method().is_safe().then(|| request.uri().clone());
    let is_page = !path.starts_with("/api/") && path != "/openapi.json";
    let mut response = next.run(request).await;
    if is_page && let Some(problem) = response.extensions_mut().remove::<Problem>() {
        // A request to no route has passed no check, so nothing is known of its caller.
        let caller = response.extensions_mut().remove::<Caller>().unwrap_or_else(Caller::unknown);
        let mut page = match (problem.challenge, asked) {
            (Some(Challenge::SignIn), Some(uri)) => {
                let next = uri.path_and_query().map_or("/", |path| path.as_str());
                Redirect::to(&login::address(next)).into_response()
            }
            // A form that was sent after the session had ended.
            (Some(Challenge::SignIn), None) => Redirect::to("/login?ended=true").into_response(),
            (Some(Challenge::ChangePassword), _) => Redirect::to("/account").into_response(),
            _ => pages::error_page(problem, &caller),
        };
        for name in [header::WWW_AUTHENTICATE, header::RETRY_AFTER] {
            if let Some(value) = response.headers_mut().remove(&name) {
                page.headers_mut().insert(name, value);
            }
        }
        response = page;
    }
    let mut default = |name: HeaderName, value: &'static str| {
        response.headers_mut().entry(name).or_insert(HeaderValue::from_static(value));
    };
    default(header::CONTENT_SECURITY_POLICY, CONTENT_SECURITY_POLICY);
    default(header::X_CONTENT_TYPE_OPTIONS, "nosniff");
    default(header::REFERRER_POLICY, "same-origin");
    default(header::CACHE_CONTROL, "no-cache");
    response
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use serde::Deserialize;

    use super::*;

    #[derive(Deserialize)]
    struct Description {
        paths: BTreeMap<String, Path>,
    }

    #[derive(Deserialize)]
    struct Path {
        get: Option<Operation>,
        post: Option<Operation>,
    }

    impl Path {
        /// What the console serves under this path; the operations of ingest are its own.
        fn ours(&self) -> Option<&Operation> {
            let operations = [&self.get, &self.post].into_iter().flatten();
            operations.into_iter().find(|operation| operation.tags.iter().all(|tag| tag != "ingest"))
        }
    }

    #[derive(Deserialize)]
    struct Operation {
        tags: Vec<String>,
        #[serde(default)]
        parameters: Vec<Parameter>,
    }

    #[derive(Deserialize)]
    struct Parameter {
        name: String,
        r#in: String,
        #[serde(default)]
        schema: serde_json::Value,
    }

    /// The parameters of an address as the routes list them: one object stands for every parameter `cell.<id>`.
    fn parameters(operation: &Operation) -> BTreeSet<String> {
        let of_query = operation.parameters.iter().filter(|parameter| parameter.r#in == "query");
        let name = |parameter: &Parameter| match parameter.schema["$ref"].as_str() {
            Some("#/components/schemas/CellFilters") => "cell.*".to_owned(),
            _ => parameter.name.clone(),
        };
        of_query.map(name).collect()
    }

    #[tokio::test]
    async fn the_description_lists_every_cell_of_both_forms() {
        let description: serde_json::Value = serde_json::from_str(assets::OPENAPI).unwrap();
        let listed = |pointer: &str| {
            let listed = description.pointer(pointer).and_then(serde_json::Value::as_array).unwrap();
            listed.iter().map(|id| id.as_str().unwrap().to_owned()).collect::<BTreeSet<String>>()
        };
        let forms = report::FormId::ALL.into_iter().map(report::Form::get);
        let cells: BTreeSet<&str> = forms.flat_map(|form| form.cells()).map(|id| id.as_str()).collect();
        let with = |prefixes: &[&str]| {
            let all = cells.iter().flat_map(|id| prefixes.iter().map(move |prefix| format!("{prefix}{id}")));
            all.collect::<BTreeSet<String>>()
        };
        assert_eq!(listed("/components/schemas/CellId/enum"), with(&[""]));
        assert_eq!(listed("/components/schemas/CellFilters/propertyNames/enum"), with(&["cell."]));
        assert_eq!(listed("/components/schemas/Sort/anyOf/1/enum"), with(&["cell.", "-cell."]));
    }

    #[tokio::test]
    async fn every_address_takes_the_parameters_that_are_described() {
        let description: Description = serde_json::from_str(assets::OPENAPI).unwrap();
        for (path, _, parameters_of_route, _) in routes() {
            let Only(taken) = parameters_of_route else { continue };
            let Some(operation) = description.paths.get(path).and_then(Path::ours) else {
                continue;
            };
            let taken: BTreeSet<String> = taken.iter().map(|name| (*name).to_owned()).collect();
            assert_eq!(parameters(operation), taken, "{path}");
        }
    }

    #[tokio::test]
    async fn the_description_lists_every_path_of_the_api() {
        let description: Description = serde_json::from_str(assets::OPENAPI).unwrap();
        let documented = description.paths.iter().filter(|(_, path)| path.ours().is_some());
        let documented: BTreeSet<&str> = documented.map(|(path, _)| path.as_str()).collect();
        let routes = routes();
        let is_api = |path: &&str| path.starts_with("/api/") || *path == "/openapi.json";
        let served: BTreeSet<&str> = routes.iter().map(|(path, ..)| *path).filter(is_api).collect();
        assert_eq!(documented, served);
    }
}
