//! `/api` 接口: the description of the API as a page. It is for developers, so it is in English like the description.

use access::{Caller, Code};
use axum::extract::State;
use maud::{Markup, html};
use serde_json::Value;

use super::layout;
use crate::app::App;
use crate::openapi::{Answer, DESCRIPTION, Operation, Parameter, referenced};

/// The title of the page.
pub(crate) const TITLE: &str = "接口";
const ASSETS: &[&str] = &["help.css"];

/// Values of an enumeration that are listed before the rest is left out.
const MAX_VALUES: usize = 12;

pub(crate) async fn api(State(app): State<App>, caller: Caller) -> Markup {
    let description = &*DESCRIPTION;
    let content = html! {
        h1 { "接口" }
        div.guide {
            nav.card.contents-list aria-label="目录" {
                ul {
                    li { a href="#start" { "开始使用" } }
                    @for tag in &description.tags {
                        @for operation in description.of_tag(&tag.name) {
                            li { a href={ "#" (operation.details.operation_id) } { (operation.details.summary) } }
                        }
                    }
                    li { a href="#schemas" { "Schemas" } }
                    li { a href="#codes" { "Codes" } }
                }
            }
            div {
                (start(&description.about))
                @for tag in &description.tags {
                    section.card {
                        h2 { (tag.name) span.quiet { "　" (tag.description) } }
                        @for operation in description.of_tag(&tag.name) { (shown(operation)) }
                    }
                }
                (schemas())
                (codes())
            }
        }
    };
    layout::page_with(&app, &caller, TITLE, "", ASSETS, content).await
}

fn start(about: &str) -> Markup {
    html! {
        section.card #start {
            h2 { "开始使用" }
            p { "密钥由管理员发放。先设好地址和密钥，下面的例子都可以直接运行：" }
            div.operation {
                pre tabindex="0" { "export GOUJI=http://127.0.0.1:8470\nexport GOUJI_KEY=gouji_…" }
            }
            p lang="en" { (prose(about)) }
            p { "完整的机器可读描述（OpenAPI 3.1）：" a href="/openapi.json" { "/openapi.json" } "，可用来生成客户端。" }
        }
    }
}

fn shown(operation: &Operation) -> Markup {
    let details = &operation.details;
    html! {
        article.operation id=(details.operation_id) lang="en" {
            h3 {
                span.method.(operation.method) { (operation.method.to_uppercase()) }
                code { (operation.path) }
                span { (details.summary) }
            }
            @if !details.description.is_empty() { p { (prose(&details.description)) } }
            @if !details.parameters.is_empty() { (parameters(&details.parameters)) }
            @if let Some(body) = &details.request_body {
                p { "Body: " @for (index, (media_type, content)) in body.content.iter().enumerate() { @if index > 0 { ", or " } code { (media_type) } " " (kind(&content.schema)) } }
            }
            pre tabindex="0" { (curl(operation)) }
            (answers(&DESCRIPTION.answers(operation)))
        }
    }
}

fn parameters(parameters: &[Parameter]) -> Markup {
    html! {
        div.scroll tabindex="0" { table.plain.left {
            thead { tr { th scope="col" { "Parameter" } th scope="col" { "In" } th scope="col" { "Type" } th scope="col" { "Meaning" } } }
            tbody {
                @for one in parameters {
                    tr {
                        th scope="row" { code { (one.name) } @if one.required { " (required)" } @if one.deprecated { " (deprecated)" } }
                        td { (one.r#in) }
                        td { (kind(&one.schema)) }
                        td { (prose(&one.description)) @if let Some(example) = &one.example { " Example: " code { (plain(example)) } } }
                    }
                }
            }
        } }
    }
}

/// The answers that succeed, and the others folded.
fn answers(answers: &[(String, Answer)]) -> Markup {
    let (good, bad): (Vec<_>, Vec<_>) = answers.iter().partition(|(status, _)| status.starts_with('2'));
    let line = |(status, answer): &(String, Answer)| {
        html! {
            li {
                b { (status) } " " (prose(&answer.description))
                @for (media_type, content) in &answer.content { " " code { (media_type) } " " (kind(&content.schema)) }
            }
        }
    };
    html! {
        ul { @for answer in good { (line(answer)) } }
        @if !bad.is_empty() { details { summary { "Errors" } ul { @for answer in bad { (line(answer)) } } } }
    }
}

fn schemas() -> Markup {
    html! {
        section.card #schemas lang="en" {
            h2 { "Schemas" }
            @for (name, schema) in &DESCRIPTION.schemas {
                article.operation id={ "schema-" (name) } {
                    h3 { code { (name) } }
                    @if let Some(about) = schema["description"].as_str() { p { (prose(about)) } }
                    @match schema["properties"].as_object() {
                        Some(properties) => div.scroll tabindex="0" { table.plain.left { tbody {
                            @for (field, schema) in properties {
                                tr { th scope="row" { code { (field) } } td { (kind(schema)) } td { (prose(schema["description"].as_str().unwrap_or_default())) } }
                            }
                        } } },
                        None => p { (kind(schema)) },
                    }
                }
            }
        }
    }
}

fn codes() -> Markup {
    html! {
        section.card #codes lang="en" {
            h2 { "Codes" }
            p { "Every answer with a status of 400 or more is a problem document (RFC 9457) with one of these codes in " code { "code" } "; why a file is refused is in the table of " a href="/help#refusals" { "帮助" } "." }
            div.scroll tabindex="0" { table.plain.left {
                thead { tr { th scope="col" { "Code" } th scope="col" { "Status" } th scope="col" { "Meaning" } th scope="col" { "Remedy" } } }
                tbody {
                    @for code in Code::ALL {
                        @let info = code.info();
                        tr { th scope="row" { code { (info.name) } } td { (info.status.as_u16()) } td { (prose(info.meaning)) } td { (prose(info.remedy)) } }
                    }
                }
            } }
        }
    }
}

/// The type of a schema in a few words.
fn kind(schema: &Value) -> Markup {
    if let Some(name) = referenced(schema) {
        return html! { a href={ "#schema-" (name) } { (name) } };
    }
    for (name, between) in [("anyOf", " or "), ("oneOf", " or "), ("allOf", " and ")] {
        if let Some(kinds) = schema[name].as_array() {
            return html! { @for (index, one) in kinds.iter().enumerate() { @if index > 0 { (between) } (kind(one)) } };
        }
    }
    if let Some(values) = schema["enum"].as_array() {
        return html! {
            @for (index, value) in values.iter().take(MAX_VALUES).enumerate() { @if index > 0 { ", " } code { (plain(value)) } }
            @if values.len() > MAX_VALUES { " and " (values.len() - MAX_VALUES) " more" }
        };
    }
    let types = match &schema["type"] {
        Value::Array(types) => types.iter().map(plain).collect::<Vec<_>>().join(" or "),
        one => plain(one),
    };
    html! { (types) @if schema["items"].is_object() { " of " (kind(&schema["items"])) } }
}

/// A value without the quotes of JSON; nothing for null.
fn plain(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// A text of the description, in which backticks mark code.
fn prose(text: &str) -> Markup {
    html! {
        @for (index, part) in text.split('`').enumerate() {
            @if index % 2 == 1 { code { (part) } } @else { (part) }
        }
    }
}

/// A command that calls the operation.
fn curl(operation: &Operation) -> String {
    let details = &operation.details;
    let example = |one: &Parameter| one.example.as_ref().or(one.schema.get("example")).map(plain);
    let mut path = operation.path.clone();
    for one in details.parameters.iter().filter(|one| one.r#in == "path") {
        let value = example(one).unwrap_or_else(|| one.name.to_uppercase());
        path = path.replace(&format!("{{{}}}", one.name), &value);
    }
    let mut command = String::from("curl -H \"Authorization: Bearer $GOUJI_KEY\"");
    let media_types: Vec<&str> =
        details.request_body.iter().flat_map(|body| body.content.keys()).map(String::as_str).collect();
    let is_get = operation.method == "get";
    if !is_get && (operation.method != "post" || media_types.is_empty()) {
        command.push_str(&format!(" -X {}", operation.method.to_uppercase()));
    }
    if media_types.contains(&"application/json") {
        command.push_str(" --json @body.json");
    } else if media_types.contains(&"application/octet-stream") {
        command.push_str(" -H \"Content-Type: application/octet-stream\" --data-binary @file");
    } else if let Some(media_type) = media_types.first() {
        command.push_str(&format!(" -H \"Content-Type: {media_type}\" --data-binary @file"));
    }
    let with_example = |one: &&Parameter| one.r#in == "query" && example(one).is_some();
    let queried = details.parameters.iter().filter(with_example);
    let queried = queried.map(|one| format!("{}={}", one.name, example(one).unwrap_or_default()));
    if is_get {
        let queried: String = queried.map(|pair| format!(" --data-urlencode \"{pair}\"")).collect();
        let get = if queried.is_empty() { "" } else { " -G" };
        return format!("{command}{get} \"$GOUJI{path}\"{queried}");
    }
    let queried: Vec<String> = queried
        .filter_map(|pair| pair.split_once('=').map(|(name, value)| (name.to_owned(), value.to_owned())))
        .map(|(name, value)| format!("{name}={}", crate::params::percent_encode(&value)))
        .collect();
    let query = if queried.is_empty() { String::new() } else { format!("?{}", queried.join("&")) };
    format!("{command} \"$GOUJI{path}{query}\"")
}
