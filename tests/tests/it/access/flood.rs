//! More than the pipeline can take: it says so, forgets nothing, and does not grow.

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::Duration;

use futures::StreamExt as _;
use futures::future::join_all;
use reqwest::{Method, StatusCode};
use serde_json::Value;
use tests::pipeline::{Pipeline, SOON, Shape};
use tests::processes::until;

use super::{Keys, Setup, answer, report};

/// The most memory that ingest may use.
const MEMORY_KB: u64 = 128 << 10;

fn peak_kb(process: u32) -> u64 {
    let status = fs::read_to_string(format!("/proc/{process}/status")).unwrap();
    let line = status.lines().find(|line| line.starts_with("VmHWM:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}

fn operator() -> Keys {
    let mut keys = Keys::new();
    keys.add("operator", &["--role", "operate"]);
    keys
}

#[tokio::test]
async fn a_flood_gets_503_and_nothing_accepted_is_lost() {
    const HIGH_WATER: u64 = 40;
    let settings = [("GOUJI_HIGH_WATER", "40"), ("GOUJI_UPLOADS", "4"), ("GOUJI_RATE", "10000")];
    let mut setup = Setup::open(operator(), &settings).await;
    setup.pipeline.index.kill().unwrap();
    let send = async |setup: &Setup, index: u64| {
        let request = setup.request(&Method::POST, "/api/v1/reports?file_name=a.html");
        let request = request.bearer_auth(setup.keys.get("operator")).body(report(index).bytes);
        let response = request.send().await.unwrap();
        let wait =
            response.headers().get("retry-after").and_then(|wait| wait.to_str().ok()?.parse::<u64>().ok());
        (response.status(), wait, response.json::<Value>().await.unwrap())
    };
    let (mut taken, mut busy, mut index) = (Vec::new(), 0, 0);
    // Sixteen at once share four places; with the index away, the log fills up to the high water.
    while busy == 0 {
        let sent = join_all((index..index + 16).map(|index| send(&setup, index))).await;
        index += 16;
        for (status, wait, body) in sent {
            match (status, body["code"].as_str()) {
                (StatusCode::ACCEPTED, _) => {
                    taken.push(body["reports"][0]["id"].as_str().unwrap().to_owned())
                }
                (StatusCode::SERVICE_UNAVAILABLE, Some("busy")) => busy += 1,
                other => panic!("{other:?}: {body}"),
            }
            assert_eq!(wait.is_some_and(|wait| (1..=300).contains(&wait)), status != StatusCode::ACCEPTED);
        }
        assert!(index < 5_000, "{} were taken in and nobody was held back", taken.len());
    }
    assert!(taken.len() as u64 >= HIGH_WATER, "{}", taken.len());

    // The exchange folder holds back by the same rule.
    let waiting = setup.pipeline.inbox().join("waits.html");
    fs::write(&waiting, report(10_000).bytes).unwrap();
    until("the exchange folder to be held back", SOON, async || {
        Ok(setup.pipeline.ingest.process.said().contains("the exchange folder is paused").then_some(()))
    })
    .await
    .unwrap();
    assert!(waiting.exists());

    setup.pipeline.index.start_again().unwrap();
    for id in &taken {
        setup.until_state("operator", id, "indexed").await;
    }
    until("the exchange folder to be taken in", SOON, async || Ok((!waiting.exists()).then_some(())))
        .await
        .unwrap();
    assert_eq!(send(&setup, 20_000).await.0, StatusCode::ACCEPTED);
    let peak = peak_kb(setup.pipeline.ingest.process.id());
    assert!(peak < MEMORY_KB, "ingest took {peak} KB");
}

#[tokio::test]
async fn what_is_too_large_too_much_or_too_often_is_turned_away() {
    let settings = [("GOUJI_UPLOAD_MB", "2"), ("GOUJI_RATE", "5")];
    let setup = Setup::open(operator(), &settings).await;
    let key = setup.keys.get("operator").to_owned();
    let post = |path: &str| setup.request(&Method::POST, path).bearer_auth(&key);
    let code = async |request| {
        let (status, problem) = answer(request).await;
        (status.as_u16(), problem["code"].as_str().unwrap_or_default().to_owned())
    };
    // Said beforehand: nothing of it is read.
    let host = setup.pipeline.ingest.address().replace("http://", "");
    let mut announced = TcpStream::connect(&host).unwrap();
    let head = format!(
        "POST /api/v1/reports HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer {key}\r\nContent-Length: 99999999999\r\n\r\n"
    );
    announced.write_all(head.as_bytes()).unwrap();
    let mut said = [0; 12];
    announced.read_exact(&mut said).unwrap();
    assert_eq!(&said, b"HTTP/1.1 413");
    // Not said: cut off where it is too much.
    let endless = futures::stream::repeat_with(|| std::io::Result::Ok(vec![b'x'; 64 << 10])).take(64);
    let sent = post("/api/v1/reports").body(reqwest::Body::wrap_stream(endless));
    assert_eq!(code(sent).await, (413, "upload-too-large".into()));
    let form = (0..1_001).fold(reqwest::multipart::Form::new(), |form, number| {
        form.part("file", reqwest::multipart::Part::bytes(b"x".to_vec()).file_name(format!("{number}.txt")))
    });
    assert_eq!(code(post("/api/v1/reports").multipart(form)).await, (413, "too-many-files".into()));
    let frame = reqwest::multipart::Form::new().text("note", "x".repeat(1_900_000));
    assert_eq!(code(post("/api/v1/reports").multipart(frame)).await, (400, "bad-form".into()));
    for (path, body) in [("/api/v1/states", "[1"), ("/api/v1/reports/x/withdrawal", "{}")] {
        let sent = post(path).header("content-type", "application/json").body(body);
        assert_eq!(code(sent).await.1, "bad-json", "{path}");
    }
    assert_eq!(code(post("/api/v1/states").body("[]")).await, (415, "bad-json".into()));
    let long = "x".repeat(9_000);
    let query = setup.request(&Method::GET, &format!("/api/v1/reports?q={long}")).bearer_auth(&key);
    assert_eq!(code(query).await, (414, "query-too-long".into()));
    let head =
        setup.request(&Method::GET, "/api/v1/reports").header("x-long", "x".repeat(100_000)).send().await;
    // Who is still sending the head may see the connection end before the answer.
    assert!(head.is_err() || head.is_ok_and(|answer| answer.status() == 431));

    // Fifty at once, and then five a second; who has no key has an account of his own.
    let ask = |key: Option<String>| {
        let request = setup.request(&Method::GET, "/api/v1/status");
        answer(key.map(|key| request.try_clone().unwrap().bearer_auth(key)).unwrap_or(request))
    };
    let strangers = join_all((0..90).map(|_| ask(None))).await;
    assert!(strangers.iter().any(|(status, _)| *status == StatusCode::TOO_MANY_REQUESTS));
    assert_eq!(ask(Some(key.clone())).await.0, StatusCode::OK, "strangers take nothing from a key");
    let own = join_all((0..90).map(|_| ask(Some(key.clone())))).await;
    assert!(own.iter().any(|(status, problem)| status.as_u16() == 429 && problem["code"] == "too-often"));
    until("the key to open again", SOON, async || {
        Ok((ask(Some(key.clone())).await.0 == StatusCode::OK).then_some(()))
    })
    .await
    .unwrap();
    // A hundred refusals are a handful of facts.
    let refusals = setup.audit().iter().filter(|action| action["allowed"] == false).count();
    assert!((1..10).contains(&refusals), "{refusals} refusals are on the log");
}

#[tokio::test]
async fn nothing_is_taken_in_where_the_disk_is_nearly_full() {
    let settings = [("GOUJI_RESERVE_MB", "100000000".to_owned())];
    let pipeline = Pipeline::start_with(Shape::default(), &settings).await.unwrap();
    let (status, problem) = pipeline.api().send("a.html", report(0).bytes, None).await.unwrap();
    assert_eq!((status, &problem["code"]), (StatusCode::SERVICE_UNAVAILABLE, &Value::from("disk-full")));
    assert!(pipeline.ingest.process.said().contains("GOUJI_RESERVE_MB"));
}

#[tokio::test]
async fn who_says_nothing_is_cut_off() {
    let setup = Setup::open(operator(), &[("GOUJI_UPLOADS", "2")]).await;
    let address = setup.pipeline.ingest.address().replace("http://", "");
    let key = setup.keys.get("operator");
    let open = |said: String| {
        let mut stream = TcpStream::connect(&address).unwrap();
        stream.write_all(said.as_bytes()).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(90))).unwrap();
        stream
    };
    let half_a_head: Vec<TcpStream> = (0..300).map(|_| open("GET /healthz HTTP/1.1\r\nHos".into())).collect();
    // Meanwhile others are served.
    setup.send("operator", &report(3)).await;
    let head = format!("POST /api/v1/reports HTTP/1.1\r\nHost: {address}\r\nAuthorization: Bearer {key}\r\n");
    let half_bodies: Vec<TcpStream> =
        (0..2).map(|_| open(format!("{head}Content-Length: 1000\r\n\r\nabc"))).collect();
    until("every place to be taken", SOON, async || {
        let (status, problem) = setup.post("operator", "/api/v1/reports", report(4).bytes).await;
        Ok((status == StatusCode::SERVICE_UNAVAILABLE && problem["code"] == "too-many-uploads").then_some(()))
    })
    .await
    .unwrap();
    let ended = tokio::task::spawn_blocking(move || {
        let read = |mut stream: TcpStream| {
            let mut said = String::new();
            stream.read_to_string(&mut said).unwrap();
            said
        };
        let bodies: Vec<String> = half_bodies.into_iter().map(read).collect();
        half_a_head.into_iter().for_each(|stream| drop(read(stream)));
        bodies
    });
    for body in ended.await.unwrap() {
        assert!(body.starts_with("HTTP/1.1 408") && body.contains("too-slow"), "{body}");
    }
}
