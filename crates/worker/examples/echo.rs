//! The smallest worker: it reads nothing and publishes every submission as parsed.

use proto::v1::{ReportParsed, ReportSubmitted};
use worker::{Handled, Service, Worker};

fn main() -> std::process::ExitCode {
    worker::run(Service::new("parse", async |worker: Worker| worker.work(parse).await))
}

async fn parse(submitted: ReportSubmitted) -> Handled<ReportParsed> {
    Ok(ReportParsed { submitted: Some(submitted), ..Default::default() }.into())
}
