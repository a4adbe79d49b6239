//! Confines a child before it reads a byte: memory, files, network, privileges, and for each request its
//! CPU time.
//!
//! On systems other than Linux this does nothing, and only the wall time of the parent limits a child.

#[cfg(target_os = "linux")]
pub(crate) use linux::Confined;
#[cfg(not(target_os = "linux"))]
pub(crate) use unconfined::Confined;

#[cfg(target_os = "linux")]
mod linux {
    use std::fs::{self, File};
    use std::io;
    use std::os::fd::AsRawFd;
    use std::os::unix::fs::FileExt;
    use std::time::Duration;

    use landlock::{ABI, Access, AccessFs, AccessNet, Ruleset, RulesetAttr, RulesetError, Scope};
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    use rustix::time::{ClockId, clock_gettime};

    /// The usual stack of a main thread; the child may inherit another limit or none.
    const STACK_BYTES: u64 = 8 << 20;

    /// This process, confined.
    pub(crate) struct Confined {
        /// `/proc/self/status`, opened while files could still be opened.
        status: File,
    }

    impl Confined {
        /// Gives up everything but the pipes, and all memory beyond `memory_bytes` more than the program has now.
        pub(crate) fn enter(memory_bytes: u64) -> io::Result<Self> {
            let statm = fs::read_to_string("/proc/self/statm")?;
            let pages: u64 = statm.split(' ').next().and_then(|pages| pages.parse().ok()).unwrap_or_default();
            let status = File::open("/proc/self/status")?;
            rustix::thread::set_no_new_privs(true)?;
            restrict_access().map_err(io::Error::other)?;
            limit(Resource::Core, 0)?;
            limit(Resource::Fsize, 0)?;
            limit(Resource::Stack, STACK_BYTES)?;
            // Open files stay usable; the process can open no other file and no socket.
            limit(Resource::Nofile, u64::from(status.as_raw_fd().unsigned_abs()) + 1)?;
            limit(Resource::As, pages * rustix::param::page_size() as u64 + memory_bytes)?;
            Ok(Self { status })
        }

        /// CPU time that this process has used so far.
        pub(crate) fn cpu(&self) -> Duration {
            let time = clock_gettime(ClockId::ProcessCPUTime);
            let (seconds, nanoseconds) = (time.tv_sec.unsigned_abs(), time.tv_nsec.unsigned_abs());
            Duration::from_secs(seconds) + Duration::from_nanos(nanoseconds)
        }

        /// Lets the kernel end this process after so many more seconds of CPU time.
        pub(crate) fn allow_cpu(&self, so_far: Duration, seconds: u64) -> io::Result<()> {
            // CPU time adds up over requests, so only the soft limit moves: the next request raises it again.
            let end = so_far.as_secs() + 1 + seconds;
            let Rlimit { maximum, .. } = getrlimit(Resource::Cpu);
            let current = maximum.map_or(end, |maximum| end.min(maximum));
            Ok(setrlimit(Resource::Cpu, Rlimit { current: Some(current), maximum })?)
        }

        /// Peak memory of this process.
        pub(crate) fn peak_bytes(&self) -> io::Result<u64> {
            let mut text = [0; 4096];
            let length = self.status.read_at(&mut text, 0)?;
            let text = String::from_utf8_lossy(&text[..length]);
            let peak = text.lines().find_map(|line| line.strip_prefix("VmHWM:"));
            let kilobytes = peak.and_then(|peak| peak.trim().strip_suffix(" kB")?.parse::<u64>().ok());
            Ok(kilobytes.unwrap_or_default() << 10)
        }
    }

    fn limit(resource: Resource, wanted: u64) -> io::Result<()> {
        let allowed = getrlimit(resource).maximum.map_or(wanted, |maximum| wanted.min(maximum));
        Ok(setrlimit(resource, Rlimit { current: Some(allowed), maximum: Some(allowed) })?)
    }

    /// Takes away access to all files, sockets and other processes, if the kernel has Landlock.
    fn restrict_access() -> Result<(), RulesetError> {
        let abi = ABI::V6;
        Ruleset::default()
            .handle_access(AccessFs::from_all(abi))?
            .handle_access(AccessNet::from_all(abi))?
            .scope(Scope::from_all(abi))?
            .create()?
            .restrict_self()
            .map(drop)
    }
}

#[cfg(not(target_os = "linux"))]
mod unconfined {
    use std::io;
    use std::time::Duration;

    /// This process, without limits.
    pub(crate) struct Confined;

    impl Confined {
        pub(crate) fn enter(_memory_bytes: u64) -> io::Result<Self> {
            Ok(Self)
        }

        pub(crate) fn cpu(&self) -> Duration {
            Duration::ZERO
        }

        pub(crate) fn allow_cpu(&self, _so_far: Duration, _seconds: u64) -> io::Result<()> {
            Ok(())
        }

        pub(crate) fn peak_bytes(&self) -> io::Result<u64> {
            Ok(0)
        }
    }
}
