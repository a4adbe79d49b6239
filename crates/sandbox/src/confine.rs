//! Confines a child before it reads a byte: memory, files, network, privileges, system calls, and for each
//! request its CPU time.
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

    use landlock::{
        ABI, Access, AccessFs, AccessNet, LandlockStatus, Ruleset, RulesetAttr, RulesetError, RulesetStatus,
        Scope,
    };
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    use rustix::time::{ClockId, clock_gettime};

    use crate::{Confinement, seccomp};

    /// The usual stack of a main thread; the child may inherit another limit or none.
    const STACK_BYTES: u64 = 8 << 20;

    /// This process, confined.
    pub(crate) struct Confined {
        /// `/proc/self/status`, opened while files could still be opened.
        status: File,
        confinement: Confinement,
    }

    impl Confined {
        /// Gives up everything but the pipes, and all memory beyond `memory_bytes` more than the program has now.
        /// What this kernel cannot enforce is no error; [`Confined::confinement`] says what it enforces.
        pub(crate) fn enter(memory_bytes: u64) -> io::Result<Self> {
            let statm = fs::read_to_string("/proc/self/statm")?;
            let pages: u64 = statm.split(' ').next().and_then(|pages| pages.parse().ok()).unwrap_or_default();
            let status = File::open("/proc/self/status")?;
            rustix::thread::set_no_new_privs(true)?;
            let landlock_abi = restrict_access().map_err(io::Error::other)?;
            limit(Resource::Core, 0)?;
            limit(Resource::Fsize, 0)?;
            // No further processes of this user; root is not counted, and is left to seccomp.
            limit(Resource::Nproc, 0)?;
            limit(Resource::Stack, STACK_BYTES)?;
            // Open files stay usable; the process can open no other file and no socket.
            limit(Resource::Nofile, u64::from(status.as_raw_fd().unsigned_abs()) + 1)?;
            limit(Resource::As, pages * rustix::param::page_size() as u64 + memory_bytes)?;
            let seccomp = seccomp::install(status.as_raw_fd()).is_ok();
            let mut confined = Self { status, confinement: Confinement::default() };
            // The kernel's own word on it, and not only that no call failed.
            confined.confinement = Confinement {
                landlock_abi,
                seccomp: seccomp && confined.status_value("Seccomp:")? == "2",
                no_new_privs: confined.status_value("NoNewPrivs:")? == "1",
            };
            Ok(confined)
        }

        /// What the kernel enforces on this process.
        pub(crate) fn confinement(&self) -> Confinement {
            self.confinement
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
            let peak = self.status_value("VmHWM:")?;
            let kilobytes = peak.strip_suffix(" kB").and_then(|peak| peak.parse::<u64>().ok());
            Ok(kilobytes.unwrap_or_default() << 10)
        }

        /// A line of `/proc/self/status` without its name; empty where the kernel has no such line.
        fn status_value(&self, name: &str) -> io::Result<String> {
            let mut text = [0; 4096];
            let length = self.status.read_at(&mut text, 0)?;
            let text = String::from_utf8_lossy(text.get(..length).unwrap_or_default());
            let value = text.lines().find_map(|line| line.strip_prefix(name));
            Ok(value.unwrap_or_default().trim().to_owned())
        }
    }

    fn limit(resource: Resource, wanted: u64) -> io::Result<()> {
        let allowed = getrlimit(resource).maximum.map_or(wanted, |maximum| wanted.min(maximum));
        Ok(setrlimit(resource, Rlimit { current: Some(allowed), maximum: Some(allowed) })?)
    }

    /// Takes away access to all files, sockets and other processes; the version of Landlock that enforces it,
    /// 0 where the kernel has none.
    fn restrict_access() -> Result<u8, RulesetError> {
        let abi = ABI::V6;
        let status = Ruleset::default()
            .handle_access(AccessFs::from_all(abi))?
            .handle_access(AccessNet::from_all(abi))?
            .scope(Scope::from_all(abi))?
            .create()?
            .restrict_self()?;
        Ok(match (status.ruleset, status.landlock) {
            (RulesetStatus::NotEnforced, _) => 0,
            (_, LandlockStatus::Available { effective_abi, .. }) => effective_abi as u8,
            _ => 0,
        })
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

        pub(crate) fn confinement(&self) -> crate::Confinement {
            crate::Confinement::default()
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
