//! The same report many times over, and clocks that disagree.

use std::process::Command;

use futures::future::join_all;
use tests::pipeline::{Pipeline, Shape};
use tests::proof::{Log, archive, counts, id, reports, send_until_taken};

use super::nothing_is_lost;

#[tokio::test]
async fn the_same_bytes_a_hundred_times_at_once_and_long_after() {
    let reports = reports(16_000..16_002);
    let (same, other) = (&reports[0], &reports[1]);
    let pipeline = Pipeline::start(Shape::default()).await.unwrap();
    let (api, mut log) = (pipeline.api(), Log::of(&pipeline).await);
    let receipts = join_all((0..100).map(|_| api.submit(&same.file_name, same.bytes.clone()))).await;
    let news = receipts.into_iter().map(Result::unwrap).filter(|receipt| {
        assert_eq!(receipt["reports"][0]["id"], id(&same.bytes));
        receipt["reports"][0]["duplicate"] == false
    });
    assert_eq!(news.count(), 1);
    log.until("indexed", 1).await;
    let again = api.submit("another name.txt", same.bytes.clone()).await.unwrap();
    assert_eq!(again["reports"][0]["duplicate"], true);
    // The same name with other bytes is another report.
    let receipt = api.submit(&same.file_name, other.bytes.clone()).await.unwrap();
    assert_eq!(receipt["reports"][0]["duplicate"], false);
    log.until("indexed", 2).await;
    counts(&api, 2, 2, 0).await;
    let found = api.search_all(&[]).await.unwrap();
    assert_eq!(found.len(), 2);
}

/// What a process takes for the time: the system's, so many seconds away from it.
const CLOCK: &str = r#"
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdlib.h>
#include <time.h>
int clock_gettime(clockid_t id, struct timespec *at) {
    static int (*real)(clockid_t, struct timespec *);
    if (!real) real = (int (*)(clockid_t, struct timespec *))dlsym(RTLD_NEXT, "clock_gettime");
    int outcome = real(id, at);
    const char *away = getenv("TEST_CLOCK_AWAY");
    if (outcome == 0 && id == CLOCK_REALTIME && away) at->tv_sec += atol(away);
    return outcome;
}
"#;

/// Ten minutes before and after, in turn. The server keeps its own time, so to each stage it is the server
/// that is wrong.
#[tokio::test]
async fn clocks_that_are_ten_minutes_apart() {
    let range = 16_100..16_140;
    let reports = reports(range.clone());
    let folder = tempfile::tempdir().unwrap();
    let (source, library) = (folder.path().join("clock.c"), folder.path().join("clock.so"));
    std::fs::write(&source, CLOCK).unwrap();
    // The compiler that links every Rust program on this machine.
    let mut compiling = Command::new("cc");
    compiling.args(["-shared", "-fPIC", "-o"]).arg(&library).arg(&source).arg("-ldl");
    assert!(compiling.status().unwrap().success());
    let mut pipeline = Pipeline::start(Shape { parse: 0, validate: 0, ..Shape::default() }).await.unwrap();
    let clock =
        |away: &str| [("LD_PRELOAD", library.display().to_string()), ("TEST_CLOCK_AWAY", away.to_owned())];
    for (number, service, away) in
        [(1, "parse", "600"), (2, "parse", "-600"), (1, "validate", "-600"), (2, "validate", "600")]
    {
        let another = pipeline.another_by(service, number, &clock(away)).await.unwrap();
        if service == "parse" { pipeline.parse.push(another) } else { pipeline.validate.push(another) }
    }
    for (service, away) in [("index", "600"), ("console", "-600"), ("ingest", "-600")] {
        let service = pipeline.service(service).unwrap();
        service.kill().unwrap();
        service.variables.extend(clock(away));
        service.start_again().unwrap();
    }
    pipeline.ready().await.unwrap();
    let (api, mut log) = (pipeline.api(), Log::of(&pipeline).await);
    send_until_taken(&api, "all.zip", &archive(&reports)).await;
    log.until("indexed", reports.len()).await;
    nothing_is_lost(&pipeline, range).await;
    // Their clocks did differ: the time that ingest recorded is ten minutes before that of the log.
    let record = api.report(&id(&reports[0].bytes)).await.unwrap();
    let recorded = record["submitted_at_ms"].as_i64().unwrap();
    let logged = log.observer.history(&id(&reports[0].bytes)).await.unwrap()[0].at_ms;
    assert!((500_000..700_000).contains(&(logged - recorded)), "{logged} {recorded}");
}
