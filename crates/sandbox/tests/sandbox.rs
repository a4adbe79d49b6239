//! Real children that misbehave. The test is parent and child in one program, so it has its own `main`.

#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "a test with its own main")]

#[cfg(target_os = "linux")]
#[path = "sandbox/hostile.rs"]
mod hostile;

use std::env;
use std::fs::{self, File};
use std::net::TcpStream;
use std::process::{Command, ExitCode};
use std::time::{Duration, Instant, SystemTime};

use rustix::process::{Pid, Signal, getpid, kill_process, test_kill_process};
use rustix::time::{ClockId, clock_gettime};
use sandbox::{Limits, Pool, Program, Response, SandboxError};

const VERB: &str = "misbehave";

fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    if arguments.first().is_some_and(|verb| verb == VERB) {
        return sandbox::serve(&arguments[1..], |head, body| {
            let said = misbehave(std::str::from_utf8(head).unwrap(), &body);
            (said.into_bytes(), body)
        });
    }
    #[cfg(target_os = "linux")]
    if let Some(missing) = arguments.first().and_then(|verb| verb.strip_prefix(hostile::WITHOUT)) {
        return hostile::run_without(missing, &arguments[1..]);
    }
    let tests = async {
        errors_name_what_broke_the_child().await;
        attempts_are_listed().await;
        requests_in_flight_are_untouched().await;
        a_killed_child_is_replaced_once().await;
        children_are_reused_and_replaced().await;
        a_child_has_only_its_pipes().await;
        a_response_says_what_it_cost().await;
        large_requests_and_responses_pass().await;
        what_ran_out_of_time_is_judged_by_its_cpu().await;
        children_in_the_background_are_nice().await;
        #[cfg(target_os = "linux")]
        {
            hostile::every_act_of_a_hostile_library_fails().await;
            hostile::a_child_reports_what_its_kernel_lacks().await;
        }
        println!("sandbox: all tests passed");
    };
    tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap().block_on(tests);
    ExitCode::SUCCESS
}

/// What the child does with a request.
fn misbehave(question: &str, body: &[u8]) -> String {
    match question {
        "echo" => "echo".to_owned(),
        "pid" => getpid().as_raw_nonzero().to_string(),
        "compute" => spin(Duration::from_millis(200)),
        "compute for ever" => spin(Duration::MAX),
        "sleep for ever" => loop {
            std::thread::park();
        },
        "compute, then sleep for ever" => {
            let cpu = || Duration::try_from(clock_gettime(ClockId::ProcessCPUTime)).unwrap();
            while cpu() < Duration::from_millis(700) {
                std::hint::black_box(cpu());
            }
            loop {
                std::thread::park();
            }
        }
        "take 32 MB" => vec![1_u8; 32 << 20].iter().map(|byte| u64::from(*byte)).sum::<u64>().to_string(),
        "take more and more" => {
            let mut pages = Vec::new();
            loop {
                pages.push(vec![1_u8; 1 << 20]);
                std::hint::black_box(&pages);
            }
        }
        "recurse for ever" => depth(body, 0).to_string(),
        "panic" => panic!("{} must not leave the child", String::from_utf8_lossy(body)),
        "abort" => std::process::abort(),
        "exit" => std::process::exit(0),
        "print nonsense" => {
            // As long as the header of a response, with impossible lengths.
            println!("{}", "\u{7f}".repeat(64));
            spin(Duration::from_secs(100))
        }
        "kill yourself" => {
            kill_process(getpid(), Signal::KILL).unwrap();
            String::new()
        }
        other => {
            let look = LOOKS.iter().find(|(name, _)| *name == other).unwrap_or_else(|| panic!("{other}?"));
            look.1().to_string()
        }
    }
}

fn spin(time: Duration) -> String {
    let begun = Instant::now();
    while begun.elapsed() < time {
        std::hint::black_box(begun);
    }
    String::new()
}

#[expect(unconditional_recursion, reason = "the test overflows the stack")]
fn depth(body: &[u8], so_far: usize) -> usize {
    let room = std::hint::black_box([so_far; 64]);
    depth(body, so_far + 1) + room[body.len() % 64]
}

/// Something to try, and whether it can be done.
type Look = (&'static str, fn() -> bool);

/// What a reader has no business to do; whether it could.
const LOOKS: [Look; 7] = [
    ("read a file", || File::open("/etc/passwd").is_ok()),
    ("write a file", || File::create("/tmp/gouji-sandbox-test").is_ok()),
    ("list a folder", || fs::read_dir("/").is_ok()),
    ("connect", || TcpStream::connect(("127.0.0.1", 9)).is_ok()),
    ("start a program", || Command::new("/bin/true").status().is_ok()),
    ("see the environment", || env::vars_os().next().is_some()),
    ("be elsewhere", || env::current_dir().is_ok_and(|folder| folder != *"/")),
];

const LIMITS: Limits = Limits {
    memory_bytes: 64 << 20,
    cpu_seconds: 1,
    wall: Duration::from_secs(60),
    requests: 5,
    reuse_bytes: 24 << 20,
    background: false,
};

fn pool(children: usize) -> Pool {
    Pool::new(Program::this(VERB).unwrap(), LIMITS, children)
}

async fn ask(pool: &Pool, question: &str) -> Result<String, SandboxError> {
    let Response { head, .. } = pool.request(question.as_bytes(), b"secret").await?;
    Ok(String::from_utf8(head).unwrap())
}

async fn errors_name_what_broke_the_child() {
    let pool = pool(1);
    let check = async |question, expected: &str| {
        let error = ask(&pool, question).await.unwrap_err().to_string();
        assert!(error.starts_with(expected), "{question}: {error}");
        assert!(!error.contains("secret"), "{question}: {error}");
        assert_eq!(ask(&pool, "echo").await.unwrap(), "echo", "after {question}");
    };
    check("compute for ever", "reading took more than the limit cpu_seconds = 1").await;
    check("take more and more", "reading wanted more than the limit memory_bytes = 67108864").await;
    check("recurse for ever", "the reader died: stack overflow").await;
    check("panic", "the reader died: panicked at crates/sandbox/tests/sandbox.rs:").await;
    check("abort", "the reader died: signal: 6 (SIGABRT)").await;
    check("print nonsense", "the reader died: its answer was nonsense").await;
    check("exit", "a child ended with exit status: 0").await;
    check("kill yourself", "the reader made a forbidden system call").await;
    let impatient =
        Pool::new(Program::this(VERB).unwrap(), Limits { wall: Duration::from_secs(1), ..LIMITS }, 1);
    let slept = ask(&impatient, "sleep for ever").await.unwrap_err();
    let expected = "reading did not end within the limit wall_seconds = 1 and computed only ";
    assert!(slept.to_string().starts_with(expected), "{slept}");
    let nobody = Pool::new(Program::new("/no/such/program", VERB), LIMITS, 1);
    let error = ask(&nobody, "echo").await.unwrap_err();
    assert!(matches!(&error, SandboxError::Failed(why) if why.starts_with("starting /no/such/program: ")));
}

async fn attempts_are_listed() {
    let pool = pool(1);
    let begun = SystemTime::now();
    let mut attempts = Vec::new();
    let answer = pool.request_traced(b"pid", b"", &mut attempts).await.unwrap();
    assert_eq!(String::from_utf8(answer.head).unwrap(), attempts[0].pid.to_string());
    assert!(
        attempts[0].error.is_none()
            && begun <= attempts[0].started_at
            && attempts[0].started_at <= attempts[0].ended_at
    );
    pool.request_traced(b"compute for ever", b"", &mut attempts).await.unwrap_err();
    let (pid, failed) = (attempts[1].pid, attempts[1].error.clone().unwrap());
    assert_eq!(
        (pid, failed.limit()),
        (attempts[0].pid, Some(("cpu_seconds", 1))),
        "the child that was reused"
    );
    pool.request_traced(b"exit", b"", &mut attempts).await.unwrap_err();
    let after: Vec<_> = attempts[2..].iter().map(|one| one.error.as_ref().map(SandboxError::class)).collect();
    assert_eq!(after, [Some("failed"), Some("failed")], "replaced once");
    assert_ne!(attempts[2].pid, attempts[3].pid);
}

async fn requests_in_flight_are_untouched() {
    let pool = pool(2);
    let well = async {
        for _ in 0..200 {
            assert_eq!(ask(&pool, "echo").await.unwrap(), "echo");
        }
    };
    let badly = async {
        for question in ["abort", "panic", "recurse for ever", "take more and more", "compute for ever"] {
            ask(&pool, question).await.unwrap_err();
        }
    };
    tokio::join!(well, badly);
}

async fn a_killed_child_is_replaced_once() {
    let pool = pool(1);
    for signal in [Signal::KILL, Signal::TERM] {
        let pid = ask(&pool, "pid").await.unwrap();
        kill_process(process(&pid), signal).unwrap();
        assert_ne!(ask(&pool, "pid").await.unwrap(), pid);
    }
}

async fn children_are_reused_and_replaced() {
    let pool = pool(1);
    let first = ask(&pool, "pid").await.unwrap();
    for _ in 1..LIMITS.requests {
        assert_eq!(ask(&pool, "pid").await.unwrap(), first);
    }
    let second = ask(&pool, "pid").await.unwrap();
    assert_ne!(second, first, "after {} questions", LIMITS.requests);
    assert_eq!(ask(&pool, "take 32 MB").await.unwrap(), (32 << 20).to_string());
    let third = ask(&pool, "pid").await.unwrap();
    assert_ne!(third, second, "after it took much memory");
    drop(pool);
    while test_kill_process(process(&third)).is_ok() {
        tokio::task::yield_now().await;
    }
}

async fn a_child_has_only_its_pipes() {
    for (name, _) in LOOKS {
        match ask(&pool(1), name).await {
            Ok(could) => assert_eq!(could, "false", "a child can {name}"),
            Err(error) => assert_eq!(error, SandboxError::Forbidden, "{name}"),
        }
    }
}

async fn a_response_says_what_it_cost() {
    let pool = pool(1);
    let idle = pool.request(b"echo", b"").await.unwrap();
    let busy = pool.request(b"compute", b"").await.unwrap();
    let large = pool.request(b"take 32 MB", b"").await.unwrap();
    assert!(idle.cpu < Duration::from_millis(100), "{:?}", idle.cpu);
    assert!(busy.cpu > idle.cpu && busy.cpu < Duration::from_secs(1), "{:?}", busy.cpu);
    assert!(idle.peak_bytes < 24 << 20, "{}", idle.peak_bytes);
    assert!((32 << 20..96 << 20).contains(&large.peak_bytes), "{}", large.peak_bytes);
}

async fn what_ran_out_of_time_is_judged_by_its_cpu() {
    let limits = Limits { wall: Duration::from_secs(2), cpu_seconds: 2, ..LIMITS };
    let pool = Pool::new(Program::this(VERB).unwrap(), limits.clone(), 1);
    assert_eq!(ask(&pool, "sleep for ever").await.unwrap_err().class(), "starved");
    // A child that was busy before is judged by this request alone.
    for _ in 0..4 {
        ask(&pool, "compute").await.unwrap();
    }
    assert_eq!(ask(&pool, "sleep for ever").await.unwrap_err().class(), "starved");
    let patient = Pool::new(Program::this(VERB).unwrap(), Limits { wall: LIMITS.wall, ..limits }, 1);
    assert_eq!(ask(&patient, "compute for ever").await.unwrap_err().class(), "cpu");
    // As much CPU time as is needed to be at fault, and then no end.
    let limits = Limits { wall: Duration::from_secs(8), ..LIMITS };
    let pool = Pool::new(Program::this(VERB).unwrap(), limits, 1);
    let error = ask(&pool, "compute, then sleep for ever").await.unwrap_err();
    assert!(matches!(error, SandboxError::Wall { seconds: 8, cpu_ms: 500.. }), "{error}");
}

async fn children_in_the_background_are_nice() {
    let niceness = |process: &str| {
        let stat = fs::read_to_string(format!("/proc/{process}/stat")).unwrap();
        let (_, values) = stat.rsplit_once(") ").unwrap();
        values.split(' ').nth(16).unwrap().to_owned()
    };
    for (background, expected) in [(false, niceness("self")), (true, "19".to_owned())] {
        let pool = Pool::new(Program::this(VERB).unwrap(), Limits { background, ..LIMITS }, 1);
        let pid = ask(&pool, "pid").await.unwrap();
        assert_eq!(niceness(&pid), expected);
    }
}

async fn large_requests_and_responses_pass() {
    let body: Vec<u8> = (0..20 << 20).map(|index: u32| (index % 251) as u8).collect();
    let answer = pool(1).request(b"echo", &body).await.unwrap();
    assert!(answer.head == b"echo" && answer.body == body);
}

fn process(pid: &str) -> Pid {
    Pid::from_raw(pid.parse().unwrap()).unwrap()
}
