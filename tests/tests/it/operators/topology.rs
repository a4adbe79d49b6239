//! `gouji topology`.

use bus::{Bus, BusConfig};
use tests::processes::{NatsServer, SyncInterval};

use super::{Said, acts, gouji};

#[tokio::test]
async fn what_is_planned_is_applied_and_then_there_is_nothing_to_do() {
    let folder = tempfile::tempdir().unwrap();
    let nats = NatsServer::start(folder.path(), SyncInterval::Default).await.unwrap();
    let run = |arguments: &[&str]| gouji(arguments, &[("GOUJI_NATS_URL", nats.url())]);
    let status = run(&["status", "--server", "http://127.0.0.1:9"]);
    assert_eq!(status.code, Some(1));
    let Said { code, out, .. } = run(&["topology", "plan"]);
    assert_eq!(code, Some(2), "{out}");
    assert!(out.contains("create stream GOUJI") && out.contains("create consumer parse"), "{out}");
    let Said { code, out, .. } = run(&["topology", "apply"]);
    assert_eq!(code, Some(0), "{out}");
    let config = BusConfig { url: Some(nats.url()), ..BusConfig::default() };
    assert_eq!(
        acts(&Bus::operator(&config).await.unwrap()).await,
        [("somebody".into(), "apply-topology".into())]
    );
    for arguments in [["topology", "plan"], ["topology", "apply"]] {
        let Said { code, out, .. } = run(&arguments);
        assert_eq!((code, out.trim()), (Some(0), "everything is there as it must be"));
    }
    let Said { code, out, .. } = run(&["topology", "plan", "--replicas", "3"]);
    assert!(code == Some(2) && out.contains("num_replicas: 1 → 3"), "{out}");
    let Said { code, err, .. } = run(&["topology", "apply", "--replicas", "3"]);
    assert!(code == Some(1) && err.contains("stream GOUJI") && err.lines().count() == 1, "{err}");
}

#[test]
fn a_missing_bus_is_named_with_its_address() {
    let Said { code, err, .. } = gouji(&["topology", "plan", "--nats", "nats://127.0.0.1:9"], &[]);
    assert!(code == Some(1) && err.contains("127.0.0.1:9"), "{err}");
}
