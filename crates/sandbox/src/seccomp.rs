//! The system calls that a child may still make once it has confined itself.
//!
//! Two filters stack, and the kernel takes the stricter answer of the two. The first kills the child at
//! every call that is not listed here. The second answers `EPERM` to the few calls with which libraries
//! look around before they go on without: killing there would refuse good reports.

use std::collections::BTreeMap;
use std::os::fd::RawFd;

use libc::{MAP_ANONYMOUS, PROT_EXEC, RLIMIT_CPU, STDERR_FILENO, STDIN_FILENO, STDOUT_FILENO, c_long};
use seccompiler::{
    BackendError, BpfProgram, Error, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition,
    SeccompFilter, SeccompRule, TargetArch,
};

/// Calls that work whatever their arguments: memory, locks between threads, signals of the own process,
/// clocks, random numbers, and the end. A panic and an abort need nothing else.
const ALLOWED: &[c_long] = &[
    libc::SYS_brk,
    libc::SYS_clock_gettime,
    libc::SYS_close,
    libc::SYS_exit,
    libc::SYS_exit_group,
    libc::SYS_futex,
    libc::SYS_getpid,
    libc::SYS_getrandom,
    libc::SYS_gettid,
    libc::SYS_madvise,
    libc::SYS_mremap,
    libc::SYS_munmap,
    libc::SYS_restart_syscall,
    libc::SYS_rt_sigaction,
    libc::SYS_rt_sigprocmask,
    libc::SYS_rt_sigreturn,
    libc::SYS_sched_yield,
    libc::SYS_sigaltstack,
];

/// Calls that fail with `EPERM`: looking for a file, a terminal, or the number of cores or pages.
const DENIED: &[c_long] = &[
    libc::SYS_faccessat,
    libc::SYS_faccessat2,
    libc::SYS_fcntl,
    libc::SYS_fstat,
    libc::SYS_getcwd,
    libc::SYS_ioctl,
    libc::SYS_lseek,
    libc::SYS_newfstatat,
    libc::SYS_openat,
    libc::SYS_readlinkat,
    libc::SYS_sched_getaffinity,
    libc::SYS_statx,
    libc::SYS_sysinfo,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_access,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_lstat,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_open,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_readlink,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_stat,
];

/// Installs both filters, for good; `status` is the one file that stays readable.
///
/// # Errors
/// If the kernel has no seccomp, or this processor is none that the filters are written for.
pub(crate) fn install(status: RawFd) -> Result<(), Error> {
    let architecture: TargetArch = std::env::consts::ARCH.try_into()?;
    let denied = DENIED.iter().map(|call| (*call, Vec::new())).collect();
    let eperm = SeccompAction::Errno(libc::EPERM.unsigned_abs());
    apply(denied, SeccompAction::Allow, eperm, architecture)?;
    apply(allowed(status)?, SeccompAction::KillProcess, SeccompAction::Allow, architecture)
}

type Rules = BTreeMap<c_long, Vec<SeccompRule>>;

fn apply(
    rules: Rules,
    otherwise: SeccompAction,
    listed: SeccompAction,
    architecture: TargetArch,
) -> Result<(), Error> {
    let program: BpfProgram = SeccompFilter::new(rules, otherwise, listed, architecture)?.try_into()?;
    seccompiler::apply_filter_all_threads(&program)
}

fn allowed(status: RawFd) -> Result<Rules, BackendError> {
    let mut rules: Rules = ALLOWED.iter().chain(DENIED).map(|call| (*call, Vec::new())).collect();
    let fd = |call, fds: &[RawFd]| {
        let one = |fd: &RawFd| SeccompRule::new(vec![equals(0, u64::from(fd.unsigned_abs()))?]);
        Ok::<_, BackendError>((call, fds.iter().map(one).collect::<Result<_, _>>()?))
    };
    let without_execution = masked(2, PROT_EXEC, 0)?;
    let anonymous = masked(3, MAP_ANONYMOUS, MAP_ANONYMOUS)?;
    let this_process = equals(0, u64::from(std::process::id()))?;
    rules.extend([
        fd(libc::SYS_read, &[STDIN_FILENO])?,
        fd(libc::SYS_write, &[STDOUT_FILENO, STDERR_FILENO])?,
        // The C library writes what it found before it aborts.
        fd(libc::SYS_writev, &[STDERR_FILENO])?,
        fd(libc::SYS_pread64, &[status])?,
        (libc::SYS_mmap, vec![SeccompRule::new(vec![without_execution.clone(), anonymous])?]),
        (libc::SYS_mprotect, vec![SeccompRule::new(vec![without_execution])?]),
        // Process 0 is the calling one.
        (
            libc::SYS_prlimit64,
            vec![SeccompRule::new(vec![equals(0, 0)?, equals(1, u64::from(RLIMIT_CPU))?])?],
        ),
        // An abort signals the own process.
        (libc::SYS_tgkill, vec![SeccompRule::new(vec![this_process])?]),
    ]);
    Ok(rules)
}

/// Holds where the lower half of an argument has this value; the kernel ignores the upper half of these.
fn equals(argument: u8, value: u64) -> Result<SeccompCondition, BackendError> {
    SeccompCondition::new(argument, SeccompCmpArgLen::Dword, SeccompCmpOp::Eq, value)
}

/// Holds where these bits of an argument have this value.
fn masked(argument: u8, bits: i32, value: i32) -> Result<SeccompCondition, BackendError> {
    let [bits, value] = [bits, value].map(|number| u64::from(number.unsigned_abs()));
    SeccompCondition::new(argument, SeccompCmpArgLen::Qword, SeccompCmpOp::MaskedEq(bits), value)
}
