//! The console on a socket: the live counts as a browser gets them. With `GOUJI_PREVIEW=127.0.0.1:8080`
//! it stays open for a browser, with the samples and the files of the folder `GOUJI_PREVIEW_FILES`.

use std::future::IntoFuture;
use std::time::Duration;

use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};

use crate::harness::TestConsole;

#[tokio::test]
async fn counts_arrive_as_they_change() {
    let preview = std::env::var("GOUJI_PREVIEW").ok();
    let mut console = TestConsole::with_samples().await;
    let listener = TcpListener::bind(preview.as_deref().unwrap_or("127.0.0.1:0")).await.unwrap();
    let address = listener.local_addr().unwrap();
    let serving = tokio::spawn(axum::serve(listener, console.router.clone()).into_future());

    let mut events = TcpStream::connect(address).await.unwrap();
    events.write_all(b"GET /api/v1/events HTTP/1.1\r\nHost: localhost\r\n\r\n").await.unwrap();
    let mut lines = BufReader::new(events).lines();
    let mut next = async || {
        let found = async {
            loop {
                let line = lines.next_line().await.unwrap().unwrap();
                let Some(data) = line.strip_prefix("data:") else { continue };
                let status: serde_json::Value = serde_json::from_str(data).unwrap();
                return status["counts"]["submitted"].as_u64().unwrap();
            }
        };
        tokio::time::timeout(Duration::from_secs(20), found).await.expect("an event")
    };
    let before = next().await;
    console.refuse("另一份.pdf", b"%PDF-1.7 %%EOF", "暂不支持扫描件，请提交可编辑的文本。").await;
    while next().await <= before {}

    if preview.is_some() {
        console.submit_folder(std::env::var("GOUJI_PREVIEW_FILES").unwrap_or_default().as_ref()).await;
        console.commit().await;
        // Lists follow what is done in the browser.
        let following = async {
            loop {
                console.index_reviews().await;
                tokio::time::sleep(Duration::from_secs(1)).await;
            }
        };
        tokio::select! {
            served = serving => served.unwrap().unwrap(),
            () = following => {}
        }
    }
}
