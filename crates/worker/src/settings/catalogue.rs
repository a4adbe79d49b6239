//! Every setting, with its default and what it means.

/// A setting that an operator may change.
#[derive(Debug, Clone, Copy)]
pub struct Setting {
    /// Its key in the file, `section.name`.
    pub key: &'static str,
    /// The environment variable, which takes precedence over the file.
    pub variable: &'static str,
    /// The default, written as in the file; empty where there is none.
    pub default: &'static str,
    /// What it means and why this default; one line each.
    pub about: &'static [&'static str],
}

const fn setting(
    key: &'static str,
    variable: &'static str,
    default: &'static str,
    about: &'static [&'static str],
) -> Setting {
    Setting { key, variable, default, about }
}

/// Every setting of every service, in the order of the file.
pub const SETTINGS: &[Setting] = &[
    setting(
        "bus.url",
        "GOUJI_NATS_URL",
        "\"nats://127.0.0.1:4222\"",
        &[
            "One server, or several with commas between them. User and password may precede an @; bus.nkey is",
            "safer, because this file does not contain the secret then.",
        ],
    ),
    setting(
        "bus.nkey",
        "GOUJI_NATS_NKEY",
        "",
        &[
            "The file with the NKey seed of this process's NATS user; `gouji bus init` creates one for each service.",
        ],
    ),
    setting(
        "bus.credentials",
        "GOUJI_NATS_CREDENTIALS",
        "",
        &["A credentials file (.creds) instead, where the servers authenticate users by JWT."],
    ),
    setting(
        "bus.ca",
        "GOUJI_NATS_CA",
        "",
        &[
            "The certificate authority of the servers, a PEM file. If it is set, TLS is required. If not, the servers",
            "decide whether TLS is used, and the system's authorities verify them.",
        ],
    ),
    setting(
        "bus.certificate",
        "GOUJI_NATS_CERTIFICATE",
        "",
        &["The client certificate of this process, a PEM file, where the servers require one."],
    ),
    setting("bus.key", "GOUJI_NATS_KEY", "", &["The private key of that certificate, a PEM file."]),
    setting(
        "bus.replicas",
        "GOUJI_NATS_REPLICAS",
        "1",
        &[
            "Replicas of the log and of the buckets, 1 to 5, when `gouji topology apply` creates them.",
            "One, because three need three machines.",
        ],
    ),
    setting(
        "bus.installation",
        "GOUJI_INSTALLATION",
        "",
        &[
            "The name of this installation, in the CloudEvents `source` of its log and of what outlets send: letters, digits, -",
            "and dots. Two installations on one bus must differ. If it is not set, the name of the host.",
        ],
    ),
    setting(
        "originals.at",
        "GOUJI_ORIGINALS",
        "\"gouji-originals\"",
        &[
            "Where originals and texts are stored: a folder on a disk that every process sees. Where hosts share no",
            "disk, \"s3://bucket/prefix\" in an S3 service, or \"bucket:\" for an object store on the bus.",
        ],
    ),
    setting(
        "originals.endpoint",
        "GOUJI_ORIGINALS_ENDPOINT",
        "",
        &["Address of the S3 service, https://host:port; if it is not set, Amazon's in the region."],
    ),
    setting(
        "originals.region",
        "GOUJI_ORIGINALS_REGION",
        "\"us-east-1\"",
        &["Region that requests are signed for; most self-hosted services accept any."],
    ),
    setting(
        "originals.access_key",
        "GOUJI_ORIGINALS_ACCESS_KEY",
        "",
        &[
            "File with the access key of the S3 service; if it is not set, the credentials of the machine or pod.",
        ],
    ),
    setting("originals.secret_key", "GOUJI_ORIGINALS_SECRET_KEY", "", &["File with the secret key."]),
    setting(
        "originals.ca",
        "GOUJI_ORIGINALS_CA",
        "",
        &["PEM file of certificates to trust in addition to those of the system."],
    ),
    setting(
        "originals.path_style",
        "GOUJI_ORIGINALS_PATH_STYLE",
        "true",
        &["Whether the bucket is part of the path of an address (true) or of its host name (false)."],
    ),
    setting(
        "originals.allow_http",
        "GOUJI_ORIGINALS_ALLOW_HTTP",
        "false",
        &["Whether an endpoint without TLS is allowed; only within one machine or a trusted network."],
    ),
    setting(
        "http.listen",
        "GOUJI_LISTEN",
        "",
        &[
            "Address of the HTTP server: /healthz, /readyz, /metrics, and the API of ingest and console.",
            "None by default, because several processes on one host would need the same port.",
        ],
    ),
    setting(
        "http.monitor_listen",
        "GOUJI_MONITOR_LISTEN",
        "",
        &[
            "Address of a second HTTP server with /healthz, /readyz and /metrics only, for supervisors and Prometheus:",
            "it asks for no key, and a flood on the other address does not reach it. Only monitoring should reach it.",
        ],
    ),
    setting(
        "http.keys",
        "GOUJI_KEYS",
        "",
        &[
            "The file of API keys for ingest and console; `gouji key new` creates a key.",
            "Without it no key is required, and the server listens on loopback only.",
        ],
    ),
    setting(
        "http.open",
        "GOUJI_OPEN",
        "false",
        &[
            "Whether a server without API keys may listen on other addresses than loopback: only behind a proxy that",
            "authenticates users, and on an address that only the proxy reaches.",
        ],
    ),
    setting(
        "http.address",
        "GOUJI_ADDRESS",
        "",
        &[
            "The address under which browsers reach the pages, e.g. \"https://gouji.example.gov.cn\". With https, the",
            "cookie of a session is never sent without TLS. Links in the terminal and single sign-on use it.",
        ],
    ),
    setting(
        "http.rate",
        "GOUJI_RATE",
        "50",
        &[
            "Requests per second of one key, and of one address without a valid key, if keys are required; a burst",
            "may be ten times as large. 50, because a page takes five and `gouji submit` twenty.",
        ],
    ),
    setting(
        "accounts.enabled",
        "GOUJI_ACCOUNTS",
        "false",
        &[
            "Whether people sign in on a page with a name and a password. While there is no account, console prints a",
            "link that makes the first administrator. Programs use keys as before.",
        ],
    ),
    setting(
        "accounts.idle_minutes",
        "GOUJI_SESSION_IDLE_MINUTES",
        "60",
        &[
            "A session ends so many minutes after its last request, 1 to 720, and 12 hours after it began in any case.",
            "60, because reading one report may take longer than half an hour.",
        ],
    ),
    setting(
        "oidc.issuer",
        "GOUJI_OIDC_ISSUER",
        "",
        &[
            "The identity provider (OpenID Connect) that signs people in, e.g. \"https://id.example.gov.cn\"; needs",
            "accounts.enabled and http.address. Register <http.address>/login/unified/callback there.",
        ],
    ),
    setting(
        "oidc.client_id",
        "GOUJI_OIDC_CLIENT_ID",
        "",
        &["The id under which it knows this installation."],
    ),
    setting(
        "oidc.client_secret",
        "GOUJI_OIDC_CLIENT_SECRET",
        "",
        &["The file with the secret of this installation; none for a public client."],
    ),
    setting(
        "oidc.ca",
        "GOUJI_OIDC_CA",
        "",
        &["PEM file of certificates to trust for it in addition to those of the system."],
    ),
    setting(
        "oidc.name_claim",
        "GOUJI_OIDC_NAME_CLAIM",
        "\"preferred_username\"",
        &["The claim that is the name of the account."],
    ),
    setting(
        "oidc.role_claim",
        "GOUJI_OIDC_ROLE_CLAIM",
        "",
        &[
            "The claim that gives the role. Without it an administrator makes each account for unified sign-in, and",
            "nobody else gets in.",
        ],
    ),
    setting(
        "oidc.roles",
        "GOUJI_OIDC_ROLES",
        "",
        &[
            "The role of each value of that claim: \"value=role\" or \"value=role:region+region\", with commas between",
            "them, e.g. \"zwgk-xian=review:6101, zwgk=lead\". The first that the claim has counts.",
        ],
    ),
    setting(
        "oidc.region_claim",
        "GOUJI_OIDC_REGION_CLAIM",
        "",
        &["The claim that gives the regions of the scope, where oidc.roles names none."],
    ),
    setting(
        "oidc.agency_claim",
        "GOUJI_OIDC_AGENCY_CLAIM",
        "",
        &["The claim that gives the agencies of the scope of a sender of reports."],
    ),
    setting(
        "work.permits",
        "GOUJI_PERMITS",
        "32",
        &[
            "Messages in flight in one process, 1 to 1024: a message computes for a millisecond and waits for",
            "disks for tens of milliseconds. The CPU pool runs one computation per core in any case.",
        ],
    ),
    setting(
        "work.drain_seconds",
        "GOUJI_DRAIN_SECONDS",
        "25",
        &[
            "How long messages in flight may take after SIGTERM, 1 to 600. 25, because an orchestrator kills after 30.",
        ],
    ),
    setting(
        "parse.sandbox",
        "GOUJI_SANDBOX",
        "\"required\"",
        &[
            "\"required\": parse starts only where the kernel confines the readers of documents completely, with",
            "Landlock and a seccomp filter. \"weak\": it starts anyway, and warns of what is missing.",
        ],
    ),
    setting(
        "parse.scans",
        "GOUJI_SCANS",
        "\"refuse\"",
        &[
            "\"read\": scans are recognised, which takes seconds a page; a figure that nothing else confirms is shown and",
            "not used. \"refuse\": they are refused.",
        ],
    ),
    setting(
        "parse.scan_model",
        "GOUJI_SCAN_MODEL",
        "",
        &["The folder with the recogniser that `gouji scans install` installs; by default that of the user."],
    ),
    setting(
        "ingest.inbox",
        "GOUJI_INBOX",
        "",
        &[
            "The exchange folder. A folder in it has the name of an API key, whose scope holds for its files; a file or a",
            "batch (a folder or ZIP with a manifest) that is complete moves to done/ or refused/, with receipts.",
        ],
    ),
    setting(
        "ingest.inbox_quiet_seconds",
        "GOUJI_INBOX_QUIET_SECONDS",
        "90",
        &[
            "How long a file of the exchange folder must not change before it is accepted, 0 to 86400; a file with an",
            "end mark (a.docx.ok) is accepted at once. 90, because a slow line pauses for up to a minute.",
        ],
    ),
    setting(
        "ingest.inbox_receipts",
        "GOUJI_INBOX_RECEIPTS",
        "",
        &[
            "The folder of all receipts, with a folder for each sender, where they leave by another way than files come",
            "in, as across a gap. If it is not set, they are in receipts/ in the folder of each sender.",
        ],
    ),
    setting(
        "ingest.upload_mb",
        "GOUJI_UPLOAD_MB",
        "4096",
        &["Largest upload in millions of bytes, 1 to 65536; the archive of a province has 4,000."],
    ),
    setting(
        "ingest.uploads",
        "GOUJI_UPLOADS",
        "32",
        &["Uploads received at once, 1 to 1024; further ones get 503. Each takes up to 3 MB of memory."],
    ),
    setting(
        "ingest.high_water",
        "GOUJI_HIGH_WATER",
        "20000",
        &[
            "The number of reports between ingest and index above which ingest accepts no more until it falls.",
        ],
    ),
    setting(
        "ingest.reserve_mb",
        "GOUJI_RESERVE_MB",
        "1000",
        &[
            "Free space in millions of bytes on the disks of originals and of incomplete uploads, below which ingest",
            "accepts no more, so that accepted reports can still be finished.",
        ],
    ),
    setting(
        "fetch.every_hours",
        "GOUJI_FETCH_EVERY_HOURS",
        "0",
        &[
            "How often each page that publishes a report is visited, 1 to 8760 hours; 0 for only when somebody asks",
            "with `gouji fetch`. 168 notices within a week what was changed or taken away.",
        ],
    ),
    setting(
        "fetch.delay_ms",
        "GOUJI_FETCH_DELAY_MS",
        "3000",
        &[
            "The pause between two requests to one host in milliseconds, 0 to 600000; a site may ask for a longer one",
            "in its robots.txt. 3000, because small sites fail under more.",
        ],
    ),
    setting(
        "fetch.gone_hours",
        "GOUJI_FETCH_GONE_HOURS",
        "24",
        &[
            "A report counts as taken away after two visits that missed it, so many hours apart, 0 to 720. 24, because",
            "sites are down for a night.",
        ],
    ),
    setting(
        "fetch.contact",
        "GOUJI_FETCH_CONTACT",
        "",
        &[
            "Whom the operators of a site may ask about the visits: a name with a telephone number or mail address.",
        ],
    ),
    setting(
        "fetch.networks",
        "GOUJI_FETCH_NETWORKS",
        "",
        &[
            "Inner networks whose sites may be visited, e.g. \"10.1.0.0/16,172.16.3.4\". None by default: otherwise",
            "anybody who may name an address could read what only this machine reaches.",
        ],
    ),
    setting(
        "check.open",
        "GOUJI_CHECK_OPEN",
        "false",
        &[
            "Whether anybody may check a file before it is sent (/check and POST /api/v1/check), also where everything",
            "else needs a key. Nothing of such a file is stored.",
        ],
    ),
    setting(
        "check.at_once",
        "GOUJI_CHECKS",
        "4",
        &[
            "Files that the console checks at once, 1 to 64; further ones wait a few seconds and then get 503. Each may",
            "take 100 MB of memory, and its reader as much as one of parse.",
        ],
    ),
    setting(
        "check.rate",
        "GOUJI_CHECK_RATE",
        "30",
        &[
            "Checks per minute of one address, 1 to 100000; further ones get 429. Behind a proxy all users have its",
            "address: limit the rate there, as deploy/nginx does, and set this high.",
        ],
    ),
    setting(
        "index.folder",
        "GOUJI_INDEX",
        "\"gouji-index\"",
        &["The folder of the index, on a local disk of index and console."],
    ),
    setting(
        "rules.policy",
        "GOUJI_RULE_POLICY",
        "",
        &[
            "The rule policy: severities, rules switched off, waivers.",
            "deploy/rule-policy.toml is an example.",
        ],
    ),
    setting(
        "office.name",
        "GOUJI_OFFICE_NAME",
        "",
        &["The office that sends letters and notices, as it signs them. A page may say otherwise."],
    ),
    setting(
        "office.number",
        "GOUJI_OFFICE_NUMBER",
        "",
        &[
            "The number of its documents (发文字号), with {n} for the running number: \"某政公开函〔2026〕{n}号\".",
        ],
    ),
    setting("office.signer", "GOUJI_OFFICE_SIGNER", "", &["Who signs its documents off (签发人)."]),
    setting("office.contact", "GOUJI_OFFICE_CONTACT", "", &["The person to ask."]),
    setting("office.telephone", "GOUJI_OFFICE_TELEPHONE", "", &["The telephone number of that person."]),
    setting(
        "office.deadline_days",
        "GOUJI_OFFICE_DEADLINE_DAYS",
        "15",
        &["How many days an agency has to answer a letter, 1 to 365. 15 are ten working days and a holiday."],
    ),
    setting(
        "office.weights",
        "GOUJI_OFFICE_WEIGHTS",
        "\"late=10,error=5,warning=1,corrected=3\"",
        &[
            "Of a hundred points in the ranking of a notice: what a late report, each error and each warning costs,",
            "and what a correction gives back. Weights of the rule policy take precedence.",
        ],
    ),
    setting(
        "log.format",
        "GOUJI_LOG",
        "",
        &["\"human\" or \"json\"; if it is not set, text on a terminal and JSON elsewhere."],
    ),
    setting("log.filter", "RUST_LOG", "\"info\"", &["What is logged, in the syntax of tracing."]),
];
