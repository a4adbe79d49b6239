//! People with accounts, on real processes: a browser signs in at console and uploads to ingest.

use reqwest::header::{COOKIE, LOCATION, SET_COOKIE};
use reqwest::{Client, Method, Response, StatusCode, redirect};
use tests::pipeline::{Pipeline, SOON, Shape};
use tests::processes::until;

use super::report;

const PASSWORD: &str = "correct horse battery";

/// A browser: it sends its cookies and the origin of the page.
pub(super) struct Browser {
    client: Client,
    pub(super) cookies: Vec<(String, String)>,
}

impl Browser {
    pub(super) fn new() -> Self {
        let client = Client::builder().no_proxy().redirect(redirect::Policy::none()).build().unwrap();
        Self { client, cookies: Vec::new() }
    }

    pub(super) async fn send(
        &mut self,
        method: Method,
        url: &str,
        form: Option<&[(&str, &str)]>,
    ) -> Response {
        let origin = url.splitn(4, '/').take(3).collect::<Vec<_>>().join("/");
        let request = self.client.request(method, url).header("origin", origin);
        let form = form.map(|fields| {
            let mut url = reqwest::Url::parse("http://form/").unwrap();
            url.query_pairs_mut().extend_pairs(fields);
            url.query().unwrap_or_default().to_owned()
        });
        let request = match form {
            Some(body) => request.header("content-type", "application/x-www-form-urlencoded").body(body),
            None => request,
        };
        self.finish(request).await
    }

    pub(super) async fn get(&mut self, url: &str) -> Response {
        self.send(Method::GET, url, None).await
    }

    async fn upload(&mut self, url: &str, bytes: Vec<u8>) -> Response {
        let origin = url.splitn(4, '/').take(3).collect::<Vec<_>>().join("/");
        let request = self.client.post(url).header("origin", origin).body(bytes);
        self.finish(request).await
    }

    async fn finish(&mut self, request: reqwest::RequestBuilder) -> Response {
        let cookies: Vec<String> =
            self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let request = if cookies.is_empty() { request } else { request.header(COOKIE, cookies.join("; ")) };
        let response = request.send().await.unwrap();
        for cookie in response.headers().get_all(SET_COOKIE) {
            let (pair, _) = cookie.to_str().unwrap().split_once(';').unwrap();
            let (name, value) = pair.split_once('=').unwrap();
            self.cookies.retain(|(known, _)| known != name);
            if !value.is_empty() {
                self.cookies.push((name.to_owned(), value.to_owned()));
            }
        }
        response
    }
}

/// Where an answer leads to.
pub(super) fn location(response: &Response) -> String {
    response.headers().get(LOCATION).map_or("", |value| value.to_str().unwrap()).to_owned()
}

/// Makes the first administrator with the link that console printed in its terminal.
pub(super) async fn administrator(pipeline: &Pipeline) -> Browser {
    let link = until("console to print the link", SOON, async || {
        let said = pipeline.console.process.said();
        let (_, rest) = said.split_once("/login/first/").unzip();
        Ok(rest.and_then(|rest| rest.get(..64)).map(str::to_owned))
    });
    let link = format!("{}/login/first/{}", pipeline.console.address(), link.await.unwrap());
    let mut browser = Browser::new();
    let fields = [("name", "chief"), ("display", "王主任"), ("password", PASSWORD), ("again", PASSWORD)];
    let made = browser.send(Method::POST, &link, Some(&fields)).await;
    assert_eq!((made.status(), location(&made).as_str()), (StatusCode::SEE_OTHER, "/users"));
    browser
}

#[tokio::test]
async fn a_session_counts_in_every_process_and_ends_in_every_process() {
    let settings = [("GOUJI_ACCOUNTS", "true".to_owned())];
    let pipeline = Pipeline::start_with(Shape::default(), &settings).await.unwrap();
    let mut browser = administrator(&pipeline).await;
    let upload = format!("{}/api/v1/reports?file_name=a.html", pipeline.ingest.address());
    let accepted = browser.upload(&upload, report(3).bytes).await;
    assert_eq!(accepted.status(), StatusCode::ACCEPTED);
    let stranger = Browser::new().upload(&upload, report(4).bytes).await;
    // A program without a key learns that it needs one.
    assert_eq!(stranger.status(), StatusCode::UNAUTHORIZED);
    let mut thief = Browser { cookies: browser.cookies.clone(), ..Browser::new() };
    let out = browser.send(Method::POST, &format!("{}/logout", pipeline.console.address()), Some(&[])).await;
    assert_eq!((out.status(), location(&out).as_str()), (StatusCode::SEE_OTHER, "/login"));
    until("ingest to know that the session has ended", SOON, async || {
        let status = thief.upload(&upload, report(5).bytes).await.status();
        Ok((status == StatusCode::UNAUTHORIZED).then_some(()))
    })
    .await
    .unwrap();
    let page = thief.get(&format!("{}/", pipeline.console.address())).await;
    assert_eq!((page.status(), location(&page).as_str()), (StatusCode::SEE_OTHER, "/login"));
}
