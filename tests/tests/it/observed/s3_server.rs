//! An S3 service on a free loopback port: `s3s` speaks the protocol and checks signatures, `s3s-fs` keeps
//! objects as files. It answers over real sockets; what it cannot show is how one maker's service differs.

use std::fs;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU16, AtomicUsize, Ordering};

use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto::Builder;
use s3s::auth::SimpleAuth;
use s3s::service::S3ServiceBuilder;
use s3s_fs::FileSystem;
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::task::JoinSet;

const BUCKET: &str = "reports";
const ACCESS_KEY: &str = "AKGOUJI";
pub(crate) const SECRET_KEY: &str = "nobody-may-read-this-in-a-log";

/// Gone with all its connections when it is dropped.
pub(crate) struct S3Server {
    folder: TempDir,
    address: SocketAddr,
    mood: Arc<Mood>,
    serving: JoinSet<()>,
}

/// What it answers instead of serving.
#[derive(Default)]
struct Mood {
    status: AtomicU16,
    requests: AtomicUsize,
}

impl S3Server {
    pub(crate) async fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir_all(folder.path().join("store").join(BUCKET)).unwrap();
        fs::write(folder.path().join("access"), format!("{ACCESS_KEY}\n")).unwrap();
        fs::write(folder.path().join("secret"), format!("{SECRET_KEY}\n")).unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let mut server = Self { folder, address, mood: Arc::default(), serving: JoinSet::new() };
        server.serve(listener);
        server
    }

    /// Takes it away, and every connection with it.
    pub(crate) async fn leave(&mut self) {
        self.serving.shutdown().await;
    }

    /// Lets it come back with what it had.
    pub(crate) async fn come_back(&mut self) {
        self.serve(TcpListener::bind(self.address).await.unwrap());
    }

    /// Makes it answer everything with this status; 0 makes it serve again.
    pub(crate) fn answer_with(&self, status: u16) {
        self.mood.status.store(status, Ordering::SeqCst);
    }

    /// How often it was asked.
    pub(crate) fn requests(&self) -> usize {
        self.mood.requests.load(Ordering::SeqCst)
    }

    /// The settings under which a process keeps its originals here.
    pub(crate) fn settings(&self, prefix: &str) -> [(&'static str, String); 5] {
        let file = |name: &str| self.folder.path().join(name).display().to_string();
        [
            ("GOUJI_ORIGINALS", format!("s3://{BUCKET}/{prefix}")),
            ("GOUJI_ORIGINALS_ENDPOINT", format!("http://{}", self.address)),
            ("GOUJI_ORIGINALS_ALLOW_HTTP", "true".into()),
            ("GOUJI_ORIGINALS_ACCESS_KEY", file("access")),
            ("GOUJI_ORIGINALS_SECRET_KEY", file("secret")),
        ]
    }

    /// Where it keeps an object.
    pub(crate) fn file_of(&self, key: &str) -> PathBuf {
        self.folder.path().join("store").join(BUCKET).join(key)
    }

    fn serve(&mut self, listener: TcpListener) {
        let files = FileSystem::new(self.folder.path().join("store")).unwrap();
        let mut builder = S3ServiceBuilder::new(files);
        builder.set_auth(SimpleAuth::from_single(ACCESS_KEY, SECRET_KEY));
        let (service, mood) = (builder.build(), self.mood.clone());
        self.serving.spawn(async move {
            let mut connections = JoinSet::new();
            loop {
                let (socket, _) = listener.accept().await.unwrap();
                let (service, mood) = (service.clone(), mood.clone());
                let answer = service_fn(move |request: Request<Incoming>| {
                    let (service, mood) = (service.clone(), mood.clone());
                    async move {
                        mood.requests.fetch_add(1, Ordering::SeqCst);
                        match mood.status.load(Ordering::SeqCst) {
                            0 => service.call(request.map(s3s::Body::from)).await,
                            status => {
                                Ok(Response::builder().status(status).body(s3s::Body::empty()).unwrap())
                            }
                        }
                    }
                });
                connections.spawn(async move {
                    let builder = Builder::new(TokioExecutor::new());
                    // A client that goes is no fault of the server.
                    builder.serve_connection(TokioIo::new(socket), answer).await.ok();
                });
            }
        });
    }
}
