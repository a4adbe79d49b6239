//! Clients that take connections and send nothing.

use std::io::Write as _;
use std::net::{SocketAddr, TcpStream};

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use tests::api::http;
use tests::pipeline::{Pipeline, Shape};
use tests::processes::free_port;

/// More than a listener has.
const CLIENTS: usize = 4_200;

#[tokio::test]
async fn idle_connections_keep_nobody_out() {
    // Of this process and of those that it starts.
    let Rlimit { maximum, .. } = getrlimit(Resource::Nofile);
    assert!(
        maximum.is_none_or(|most| most >= 10_000),
        "this test needs 10,000 open files: `ulimit -Hn 10000`"
    );
    setrlimit(Resource::Nofile, Rlimit { current: maximum, maximum }).unwrap();
    let monitor = format!("127.0.0.1:{}", free_port().unwrap());
    let settings = [("GOUJI_SANDBOX", "required".to_owned())];
    let pipeline = Pipeline::start_with(Shape::default(), &settings).await.unwrap();
    let ingest =
        pipeline.another_by("ingest", 1, &[("GOUJI_MONITOR_LISTEN", monitor.clone())]).await.unwrap();
    let address: SocketAddr = ingest.address().strip_prefix("http://").unwrap().parse().unwrap();
    let answers = async |address: &str, path: &str| {
        // A client of its own, and so a connection of its own.
        let answer = http().build().unwrap().get(format!("{address}{path}")).send().await;
        assert!(answer.unwrap().status().is_success(), "{address}{path}");
    };
    for head in ["", "GET /healthz HTTP/1.1\r\nHos"] {
        let connect = tokio::task::spawn_blocking(move || {
            let open = |_| {
                let mut client = TcpStream::connect(address).unwrap();
                // One that was evicted already cannot be written to.
                client.write_all(head.as_bytes()).ok();
                client
            };
            (0..CLIENTS).map(open).collect::<Vec<TcpStream>>()
        });
        let clients = connect.await.unwrap();
        for _ in 0..20 {
            answers(&ingest.address(), "/healthz").await;
        }
        drop(clients);
    }
    for path in ["/healthz", "/readyz", "/metrics"] {
        answers(&format!("http://{monitor}"), path).await;
    }
    let other =
        http().build().unwrap().get(format!("http://{monitor}/api/v1/submissions/x")).send().await.unwrap();
    assert_eq!(other.status(), 404, "only monitoring is there");
}
