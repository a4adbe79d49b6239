//! The smallest worker: it reads nothing and passes every submission on.

use proto::v1::{ReportParsed, ReportSubmitted};
use stage::{Handled, Service, Stage};

fn main() -> std::process::ExitCode {
    stage::run(Service::new("parse", async |stage: Stage| stage.work(parse).await))
}

async fn parse(_: Stage, submitted: ReportSubmitted) -> Handled<ReportParsed> {
    Ok(ReportParsed { submitted: Some(submitted), ..Default::default() }.into())
}
