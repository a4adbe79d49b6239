//! A child whose code was taken over, and a child on a kernel that enforces less.

use std::fs::{self, Permissions};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitCode};

use sandbox::{Confinement, Pool, Program, SandboxError};
use seccompiler::{BpfProgram, SeccompAction, SeccompFilter};
use tempfile::TempDir;

use super::{LIMITS, VERB};

const SOURCE: &str = include_str!("hostile.c");
/// The status with which a process ends whose act worked, as the source has it.
const WORKED: i32 = 77;
/// The status for a number beyond the last act.
const UNKNOWN_ACT: i32 = 78;

/// Tries act after act of `hostile.c`, each in a child of its own.
pub(super) async fn every_act_of_a_hostile_library_fails() {
    let setup = Setup::new();
    let (mut acts, mut free) = (0, 0);
    while let Some(worked) = setup.works_without_a_sandbox(acts) {
        free += usize::from(worked);
        match setup.try_in_a_sandbox(acts).await {
            // The act failed, and the child went on.
            Ok(()) | Err(SandboxError::Forbidden) => (),
            // It went on until it missed the descriptor that the act had closed.
            Err(SandboxError::Failed(why)) if why.ends_with("Bad file descriptor (os error 9)") => (),
            Err(error) => panic!("act {acts} of hostile.c: {error}"),
        }
        acts += 1;
    }
    // Otherwise the acts prove nothing about the sandbox.
    assert!(acts >= 80 && 4 * free > 3 * acts, "{free} of {acts} acts work without a sandbox");
    println!("sandbox: {acts} hostile acts failed, of which {free} work outside of it");
}

struct Setup {
    folder: TempDir,
    library: PathBuf,
    peer: Child,
}

impl Setup {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let (source, library) = (folder.path().join("hostile.c"), folder.path().join("hostile.so"));
        fs::write(&source, SOURCE).unwrap();
        let mut compiler = Command::new("cc");
        compiler.args(["-shared", "-fPIC", "-O1", "-o"]).args([&library, &source]);
        let compiled = compiler.status().expect("a C compiler, `cc`, which linking Rust needs as well");
        assert!(compiled.success(), "compiling hostile.c");
        // Belongs to the same user and does nothing.
        let peer = Command::new("sleep").arg("3600").spawn().unwrap();
        Self { folder, library, peer }
    }

    /// The environment for one act, as assignments that a shell understands.
    fn variables(&self, act: usize, file: &Path) -> String {
        let (library, file, peer) = (self.library.display(), file.display(), self.peer.id());
        format!("LD_PRELOAD={library} HOSTILE_ACT={act} HOSTILE_FILE={file} HOSTILE_PEER={peer}")
    }

    /// Whether an act works in a process that reads its standard input; none where there is no such act.
    fn works_without_a_sandbox(&self, act: usize) -> Option<bool> {
        let file = self.folder.path().join("free");
        fs::write(&file, "figures").unwrap();
        let script = format!("{} cat", self.variables(act, &file));
        let mut shell = Command::new("sh");
        let ended = shell.args(["-c", &script]).stdin(fs::File::open(&self.library).unwrap());
        let ended = ended.output().unwrap().status;
        fs::remove_file(file.with_extension("beside")).ok();
        (ended.code() != Some(UNKNOWN_ACT)).then_some(ended.code() == Some(WORKED))
    }

    /// Tries an act in a child of a pool, and holds the file that it may try to change against what it was.
    async fn try_in_a_sandbox(&self, act: usize) -> Result<(), SandboxError> {
        let file = self.folder.path().join(format!("act-{act}"));
        fs::write(&file, "figures").unwrap();
        fs::set_permissions(&file, Permissions::from_mode(0o640)).unwrap();
        let state = |path: &Path| {
            let metadata = fs::metadata(path).unwrap();
            (metadata.mode(), metadata.uid(), metadata.ctime(), metadata.ctime_nsec(), metadata.nlink())
        };
        let before = state(&file);
        let program = self.folder.path().join(format!("child-{act}.sh"));
        let this = std::env::current_exe().unwrap();
        let script =
            format!("#!/bin/sh\nexec env {} {} \"$@\"\n", self.variables(act, &file), this.display());
        fs::write(&program, script).unwrap();
        fs::set_permissions(&program, Permissions::from_mode(0o700)).unwrap();
        let pool = Pool::new(Program::new(program, VERB), LIMITS, 1);
        let answered = pool.request(b"echo", b"").await;
        assert_eq!(before, state(&file), "act {act} of hostile.c changed a file");
        assert_eq!(fs::read_to_string(&file).unwrap(), "figures", "act {act} of hostile.c");
        assert!(!Path::new(&format!("{}.beside", file.display())).exists(), "act {act} made a file");
        let response = answered?;
        assert!(response.confinement.is_complete(), "{}", response.confinement);
        Ok(())
    }
}

impl Drop for Setup {
    fn drop(&mut self) {
        self.peer.kill().ok();
        self.peer.wait().ok();
    }
}

/// The first argument with which this program takes a part of the kernel away from a child: the name of the
/// part follows.
pub(super) const WITHOUT: &str = "without-";

/// Runs this program as a child on a kernel that lacks `missing`.
pub(super) fn run_without(missing: &str, arguments: &[String]) -> ExitCode {
    let calls: &[libc::c_long] = match missing {
        "landlock" => &[libc::SYS_landlock_create_ruleset],
        "seccomp" => &[libc::SYS_seccomp],
        other => panic!("{other}?"),
    };
    let rules = calls.iter().map(|call| (*call, Vec::new())).collect();
    let unknown = SeccompAction::Errno(libc::ENOSYS.unsigned_abs());
    let architecture = std::env::consts::ARCH.try_into().unwrap();
    let filter = SeccompFilter::new(rules, SeccompAction::Allow, unknown, architecture).unwrap();
    let program: BpfProgram = filter.try_into().unwrap();
    seccompiler::apply_filter(&program).unwrap();
    let error = Command::new("/proc/self/exe").arg(VERB).args(arguments).exec();
    panic!("starting the child: {error}");
}

pub(super) async fn a_child_reports_what_its_kernel_lacks() {
    let whole = Pool::new(Program::this(VERB).unwrap(), LIMITS, 1);
    let Confinement { landlock_abi, seccomp, no_new_privs } =
        whole.request(b"echo", b"").await.unwrap().confinement;
    assert!(landlock_abi > 0 && seccomp && no_new_privs);
    for missing in ["landlock", "seccomp"] {
        let program = Program::this(&format!("{WITHOUT}{missing}")).unwrap();
        let response = Pool::new(program, LIMITS, 1).request(b"echo", b"").await.unwrap();
        let found: Vec<_> = response.confinement.missing().collect();
        assert_eq!(found, [missing], "{}", response.confinement);
    }
}
