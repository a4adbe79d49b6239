//! Three servers on the shipped `cluster.conf`: three copies, and one server may be away.

use std::fs;
use std::path::Path;
use std::process::Command;

use tests::api::Api;
use tests::generate::{Options, generate};
use tests::processes::{free_port, nats_server, until};
use tests::proof::send_until_taken;

use super::{Bus, SOON, Service};

const NAMES: [&str; 3] = ["gouji-1", "gouji-2", "gouji-3"];

#[tokio::test]
async fn three_servers_keep_three_copies_and_one_may_be_away() {
    let mut bus = Bus::prepare("127.0.0.1");
    let shipped = fs::read_to_string(bus.path("cluster.conf")).unwrap();
    let routes: Vec<u16> = NAMES.map(|_| free_port().unwrap()).to_vec();
    for (name, route) in NAMES.iter().zip(&routes) {
        let mut text = bus.placed(&shipped, name);
        for (of, port) in NAMES.iter().zip(&routes) {
            let there = format!("nats-route://{of}:6222");
            assert!(text.contains(&there));
            text = text.replace(&there, &format!("nats-route://127.0.0.1:{port}"));
        }
        text = text.replace("listen: 0.0.0.0:6222", &format!("listen: 127.0.0.1:{route}"));
        bus.add(&format!("{name}-placed"), &text);
    }
    for number in 0..NAMES.len() {
        bus.run(number).await;
    }
    bus.apply_topology(3);
    bus.servers[2].kill().unwrap();

    let mut services =
        ["ingest", "parse", "validate", "index", "console"].map(|name| Service::start(&bus, name));
    for service in &mut services {
        service.answers(true, "ready").await;
    }
    let api = Api::new(&services[0].address(), &services[4].address());
    let report = generate(20_261_122, 1, &Options::default());
    // While the two elect a leader, ingest answers 503.
    send_until_taken(&api, &report.file_name, &report.bytes).await;
    let indexed =
        async || Ok(api.status().await.is_ok_and(|status| status["counts"]["indexed"] == 1).then_some(()));
    until("the report to be indexed", SOON, indexed).await.unwrap();

    bus.run(2).await;
    let operator = bus.client("operator").await;
    until("three copies of the log", SOON, async || {
        let Ok(mut stream) = operator.jetstream.get_stream("GOUJI").await else { return Ok(None) };
        let Ok(info) = stream.info().await else { return Ok(None) };
        let Some(cluster) = &info.cluster else { return Ok(None) };
        Ok((cluster.replicas.len() == 2 && cluster.replicas.iter().all(|peer| peer.current)).then_some(()))
    })
    .await
    .unwrap();
}

#[test]
fn nats_server_takes_the_configuration_for_kubernetes() {
    let bus = Bus::prepare("127.0.0.1");
    // As the secrets and the map of the manifests lay them out.
    fs::create_dir(bus.path("users")).unwrap();
    for (from, to) in [
        ("identities.conf", "users/identities.conf"),
        ("permissions.conf", "users/permissions.conf"),
        ("tls/server.pem", "tls/tls.crt"),
        ("tls/server.key", "tls/tls.key"),
        ("tls/ca.pem", "tls/ca.crt"),
    ] {
        fs::copy(bus.path(from), bus.path(to)).unwrap();
    }
    let shipped = Path::new(env!("CARGO_MANIFEST_DIR")).join("../deploy/kubernetes/nats.conf");
    let text = fs::read_to_string(shipped).unwrap();
    let text = text.replace("/etc/gouji/nats", &bus.folder.path().display().to_string());
    fs::write(bus.path("nats.conf"), text).unwrap();
    let mut check = Command::new(nats_server().unwrap());
    let check =
        check.arg("-t").arg("-c").arg(bus.path("nats.conf")).env("POD_NAME", "nats-0").output().unwrap();
    assert!(check.status.success(), "{}", String::from_utf8_lossy(&check.stderr));
}
