//! A worker while the log is missing, and after it was created again.

use std::time::Duration;

use async_nats::jetstream;
use bus::topology::{Changes, apply};
use proto::v1::ReportParsed;
use worker::{Service, Shutdown, Worker};

use crate::server::Server;
use crate::{PATIENCE, config, open, parse, submitted, wait_for};

#[tokio::test]
async fn a_log_that_was_deleted_and_made_again_is_bound_again() {
    let server = Server::start();
    let worker = open(&server, "parse").await;
    tokio::spawn({
        let worker = worker.clone();
        async move { worker.work(parse).await }
    });
    worker.bus().publish(&submitted(1)).await.unwrap();
    wait_for::<ReportParsed>(&worker, 1).await;
    let jetstream = jetstream::new(async_nats::connect(server.url()).await.unwrap());
    jetstream.delete_stream("GOUJI").await.unwrap();
    apply(&config(&server, &[]).bus, Changes::Safe).await.unwrap();
    worker.bus().publish(&submitted(2)).await.unwrap();
    wait_for::<ReportParsed>(&worker, 2).await;
}

#[tokio::test]
async fn a_stage_that_waits_can_be_stopped_and_says_that_it_waits() {
    let server = Server::start();
    let address = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string();
    let config = config(&server, &[("GOUJI_LISTEN", &address)]);
    let shutdown = Shutdown::new();
    let running = tokio::spawn({
        let shutdown = shutdown.clone();
        let service = Service::new("parse", async |worker: Worker| worker.work(parse).await);
        async move { worker::run_together(&config, &shutdown, vec![service]).await }
    });
    let asked = async |path: &str| {
        use tokio::io::{AsyncReadExt, AsyncWriteExt};
        loop {
            let Ok(mut connection) = tokio::net::TcpStream::connect(&address).await else {
                tokio::time::sleep(Duration::from_millis(20)).await;
                continue;
            };
            let request = format!("GET {path} HTTP/1.1\r\nHost: here\r\nConnection: close\r\n\r\n");
            connection.write_all(request.as_bytes()).await.unwrap();
            let mut answer = String::new();
            connection.read_to_string(&mut answer).await.unwrap();
            return answer;
        }
    };
    // Until it is connected it says that it is not.
    let waits = async {
        loop {
            let ready = asked("/readyz").await;
            assert!(ready.starts_with("HTTP/1.1 503"), "{ready}");
            if ready.contains("gouji topology apply") {
                return;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(PATIENCE, waits).await.unwrap();
    assert!(asked("/healthz").await.starts_with("HTTP/1.1 200"));
    shutdown.trigger();
    tokio::time::timeout(PATIENCE, running).await.unwrap().unwrap().unwrap();
}
