//! What each identity may do is what it needs: the pipeline works, and everything else is refused by name.

use bytes::Bytes;
use serde_json::Value;
use tests::api::{Api, zip};
use tests::generate::{Options, generate};
use tests::processes::until;

use super::{Bus, Client, SOON, Service};

const FACTS: [&str; 10] = [
    "submitted",
    "parsed",
    "validated",
    "indexed",
    "refused",
    "reviewed",
    "roster",
    "policy",
    "audited",
    "undelivered",
];
const PLACES: [&str; 6] = ["parse", "parse-bulk", "validate", "index", "tally-submitted", "observer"];

/// Somebody on the bus: the facts it publishes, the places on the log it takes from, and those it looks at.
struct Identity {
    name: &'static str,
    publishes: &'static [&'static str],
    takes: &'static [&'static str],
    looks_at: &'static [&'static str],
}

const IDENTITIES: [Identity; 6] = [
    Identity {
        name: "ingest",
        publishes: &["submitted", "roster", "audited"],
        takes: &[],
        looks_at: &PLACES,
    },
    Identity {
        name: "parse",
        publishes: &["parsed", "refused"],
        takes: &["parse", "parse-bulk"],
        looks_at: &["parse", "parse-bulk", "validate", "index"],
    },
    Identity {
        name: "validate",
        publishes: &["validated", "refused"],
        takes: &["validate"],
        looks_at: &["validate"],
    },
    Identity { name: "index", publishes: &["indexed", "refused"], takes: &["index"], looks_at: &PLACES },
    Identity {
        name: "console",
        publishes: &["reviewed", "audited", "roster", "policy"],
        takes: &[],
        looks_at: &PLACES,
    },
    Identity { name: "deliver", publishes: &["undelivered"], takes: &[], looks_at: &["index"] },
];

/// What only the operator may do.
const OF_THE_OPERATOR: [&str; 20] = [
    "$JS.API.STREAM.CREATE.OTHER",
    "$JS.API.STREAM.UPDATE.GOUJI",
    "$JS.API.STREAM.DELETE.GOUJI",
    "$JS.API.STREAM.PURGE.GOUJI",
    "$JS.API.STREAM.PURGE.OBJ_gouji-originals",
    "$JS.API.STREAM.MSG.DELETE.GOUJI",
    "$JS.API.STREAM.SNAPSHOT.GOUJI",
    "$JS.API.STREAM.RESTORE.GOUJI",
    "$JS.API.CONSUMER.CREATE.GOUJI",
    "$JS.API.CONSUMER.CREATE.GOUJI.parse",
    "$JS.API.CONSUMER.CREATE.GOUJI.parse.gouji.v1.submitted.>",
    "$JS.API.CONSUMER.CREATE.GOUJI.tally-parsed.gouji.v1.parsed.>",
    "$JS.API.CONSUMER.CREATE.GOUJI.feed-x.gouji.v1.refused.>",
    "REGION.3704.API.STREAM.DELETE.EXPORT",
    "LOG.API.CONSUMER.CREATE.EXPORT",
    "LOG.API.CONSUMER.CREATE.EXPORT.x.gouji.bus.v1.>",
    "$JS.API.CONSUMER.DURABLE.CREATE.GOUJI.parse",
    "$JS.API.CONSUMER.DELETE.GOUJI.parse",
    "$JS.API.CONSUMER.PAUSE.GOUJI.parse",
    "$JS.API.CONSUMER.RESET.GOUJI.parse",
];

impl Client {
    /// What the server complains of after this was published; none where it says nothing.
    async fn complaint_about(&mut self, subject: &str) -> Option<String> {
        self.nats.publish(subject.to_owned(), Bytes::new()).await.unwrap();
        self.complaint().await
    }

    /// Something that nobody may follows, and its refusal comes after whatever was to come.
    async fn complaint(&mut self) -> Option<String> {
        const NEVER: &str = "nobody.may";
        self.nats.publish(NEVER, Bytes::new()).await.unwrap();
        let first = self.next_complaint().await;
        if first.contains(NEVER) {
            return None;
        }
        assert!(self.next_complaint().await.contains(NEVER));
        Some(first)
    }

    async fn next_complaint(&mut self) -> String {
        tokio::time::timeout(SOON, self.complaints.recv()).await.unwrap().unwrap()
    }

    async fn is_refused(&mut self, name: &str, subject: &str) {
        let complaint = self.complaint_about(subject).await;
        let denial = complaint.as_deref().unwrap_or_default();
        assert!(
            denial.contains("Permissions Violation") && denial.contains(subject),
            "{name} {subject}: {denial:?}"
        );
    }
}

#[tokio::test]
async fn each_identity_is_refused_what_is_not_its_own() {
    // No log is there, so what is let through does nothing.
    let bus = Bus::start(|text| text).await;
    for Identity { name, publishes, takes, looks_at } in IDENTITIES {
        let mut client = bus.client(name).await;
        let mut expect = async |subject: &str, allowed: bool| {
            if allowed {
                assert_eq!(client.complaint_about(subject).await, None, "{name} {subject}");
            } else {
                client.is_refused(name, subject).await;
            }
        };
        for fact in FACTS {
            expect(&format!("gouji.v1.{fact}.x-g0.2024.37.04.00"), publishes.contains(&fact)).await;
        }
        for place in PLACES {
            expect(&format!("$JS.API.CONSUMER.MSG.NEXT.GOUJI.{place}"), takes.contains(&place)).await;
            expect(&format!("$JS.ACK.GOUJI.{place}.1.1.1.1.0"), takes.contains(&place)).await;
            expect(&format!("$JS.ACK._.hash.GOUJI.{place}.1.1.1.1.0"), takes.contains(&place)).await;
            expect(&format!("$JS.API.CONSUMER.INFO.GOUJI.{place}"), looks_at.contains(&place)).await;
        }
        for subject in OF_THE_OPERATOR {
            expect(subject, false).await;
        }
        expect("$KV.gouji-leases.index", name == "index").await;
        let who_leads = "$JS.API.DIRECT.GET.KV_gouji-leases.$KV.gouji-leases.index";
        expect(who_leads, ["index", "console"].contains(&name)).await;
        expect("$KV.gouji-leases.outlet.x", ["index", "deliver"].contains(&name)).await;
        expect("$KV.gouji-leases.fetch", ["index", "ingest"].contains(&name)).await;
        expect("$KV.gouji-published.x", name == "ingest").await;
        let pages = "$JS.API.DIRECT.GET.KV_gouji-published.$KV.gouji-published.x";
        expect(pages, ["ingest", "console"].contains(&name)).await;
        expect("$KV.gouji-outlets.x", name == "deliver").await;
        expect("$JS.API.DIRECT.GET.KV_gouji-outlets.$KV.gouji-outlets.x", name == "deliver").await;
        for bucket in ["gouji-accounts", "gouji-sessions"] {
            expect(&format!("$KV.{bucket}.x"), name == "console").await;
            let read = format!("$JS.API.DIRECT.GET.KV_{bucket}.$KV.{bucket}.x");
            expect(&read, ["ingest", "console"].contains(&name)).await;
            expect(&format!("$JS.API.DIRECT.GET.KV_{bucket}"), name == "console").await;
        }
        expect("gouji.bus.v1.stands.37.04.03.x", name == "deliver").await;
        expect("$JS.API.DIRECT.GET.EXPORT", name == "deliver").await;
        expect("$O.gouji-originals.C.x", ["ingest", "parse"].contains(&name)).await;
        for filter in [">", "gouji.v1.>", "$JS.>", "_INBOX.>", "_INBOX_operator.>", "gouji.v1.*.*.*.37.05.>"]
        {
            let _subscription = client.nats.subscribe(filter).await.unwrap();
            let complaint = client.complaint().await.unwrap_or_default();
            assert!(
                complaint.contains("Subscription") && complaint.contains(filter),
                "{name} {filter}: {complaint}"
            );
        }
        let _subscription = client.nats.subscribe(format!("_INBOX_{name}.x")).await.unwrap();
        assert_eq!(client.complaint().await, None, "{name} hears its own answers");
    }
}

#[tokio::test]
async fn the_pipeline_works_with_it() {
    let bus = Bus::start(|text| text).await;
    bus.apply_topology(1);
    let start = |name| Service::start(&bus, name);
    let mut services = ["ingest", "parse", "validate", "index", "console"].map(start);
    for service in &mut services {
        service.answers(true, "ready").await;
    }
    let (settings, out) = (bus.path("outlets.toml"), bus.path("out"));
    std::fs::create_dir(&out).unwrap();
    let outlet = format!(
        "[[outlet]]\nname = \"a\"\nto = \"folder\"\n[outlet.folder]\npath = {out:?}\nevery = \"0s\"\n"
    );
    std::fs::write(&settings, outlet).unwrap();
    let arguments = ["a", "--config", settings.to_str().unwrap()];
    let mut deliver = Service::start_by(&bus, "deliver", &arguments, bus.variables("deliver"));
    let api = Api::new(&services[0].address(), &services[4].address());
    let reports: Vec<_> = (0..20).map(|index| generate(20_261_122, index, &Options::default())).collect();
    let files = reports.iter().map(|report| (report.file_name.as_str(), report.bytes.as_slice()));
    let archive = zip(files.chain([("broken.pdf", b"%PDF-1.4 broken".as_slice())])).unwrap();
    let receipt = api.submit("all.zip", archive).await.unwrap();
    api.import_roster("机关名称\n某市人民政府\n").await.unwrap();
    let mut counts = Value::Null;
    until("the counts", SOON, async || {
        counts = api.status().await?["counts"].take();
        Ok((counts["indexed"] == 20 && counts["refused"] == 1).then_some(()))
    })
    .await
    .unwrap_or_else(|error| panic!("{error:#}: {counts}"));
    assert!(api.status().await.unwrap()["index_leader"]["until_ms"].is_i64());
    let id = receipt["reports"][0]["id"].as_str().unwrap();
    api.withdraw(id, "张三", "试").await.unwrap();
    api.submission(receipt["submission"].as_str().unwrap()).await.unwrap();
    let batches = || std::fs::read_dir(&out).unwrap().filter_map(Result::ok);
    let is_whole = |entry: std::fs::DirEntry| entry.path().join("manifest.json").is_file();
    until("a batch", SOON, async || Ok(batches().any(is_whole).then_some(()))).await.unwrap();
    deliver.answers(true, "ready").await;
    for service in services.iter_mut().chain([&mut deliver]) {
        service.answers(true, "ready").await;
        let said = service.process.said();
        assert!(!said.contains("Permissions Violation"), "{}", said);
    }
}

/// A stage that may not do what it needs says so, by the subject.
#[tokio::test]
async fn a_stage_names_what_it_is_denied() {
    let bus = Bus::start(|text| text).await;
    bus.apply_topology(1);
    // With a seed of somebody else.
    let mut variables = bus.variables("parse");
    variables.insert("GOUJI_NATS_NKEY", bus.seed("validate").display().to_string());
    let mut parse = Service::start_with(&bus, "parse", variables);
    parse.answers(false, "Permissions Violation").await;
    let said = parse.process.said();
    assert!(said.contains("the bus denies what this stage needs"), "{said}");
}
