//! What the kernel enforces on a child, as the child reports it.

use std::fmt;

/// What the kernel enforces on a child beside its limits. The default is nothing.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Confinement {
    /// The version of Landlock that denies files, TCP and signals; 0 where the kernel has none.
    pub landlock_abi: u8,
    /// Whether a seccomp filter ends the child at every system call that it does not need.
    pub seccomp: bool,
    /// Whether the child and its descendants can gain no privileges.
    pub no_new_privs: bool,
}

impl Confinement {
    /// Everything that a child gives up is enforced. Which version of Landlock the kernel has makes no
    /// difference: what the later ones add, the seccomp filter denies as well.
    pub fn is_complete(self) -> bool {
        self.missing().next().is_none()
    }

    /// What is not enforced, by the name that the kernel's documentation uses.
    pub fn missing(self) -> impl Iterator<Item = &'static str> {
        self.parts().into_iter().filter(|(_, enforced)| !enforced).map(|(name, _)| name)
    }

    /// Every part with whether it is enforced.
    pub fn parts(self) -> [(&'static str, bool); 3] {
        [("landlock", self.landlock_abi > 0), ("seccomp", self.seccomp), ("no_new_privs", self.no_new_privs)]
    }

    pub(crate) fn to_bits(self) -> u64 {
        u64::from(self.landlock_abi) | u64::from(self.seccomp) << 8 | u64::from(self.no_new_privs) << 9
    }

    pub(crate) fn from_bits(bits: u64) -> Self {
        let [landlock_abi, flags, ..] = bits.to_le_bytes();
        Self { landlock_abi, seccomp: flags & 1 != 0, no_new_privs: flags & 2 != 0 }
    }
}

impl fmt::Display for Confinement {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let either = |enforced, name| if enforced { format!("{name} on") } else { format!("no {name}") };
        let landlock = match self.landlock_abi {
            0 => "no Landlock".to_owned(),
            abi => format!("Landlock ABI {abi}"),
        };
        let (seccomp, privileges) =
            (either(self.seccomp, "seccomp"), either(self.no_new_privs, "no_new_privs"));
        write!(formatter, "{landlock}, {seccomp}, {privileges}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_confinement_passes_through_the_pipe() {
        for (landlock_abi, seccomp, no_new_privs) in
            [(0, false, false), (6, true, true), (1, true, false), (255, false, true)]
        {
            let confinement = Confinement { landlock_abi, seccomp, no_new_privs };
            assert_eq!(Confinement::from_bits(confinement.to_bits()), confinement);
        }
    }

    #[test]
    fn what_is_missing_is_named() {
        let check = |confinement: Confinement, missing: &[&str], text: &str| {
            assert_eq!(confinement.missing().collect::<Vec<_>>(), missing);
            assert_eq!(confinement.is_complete(), missing.is_empty());
            assert_eq!(confinement.to_string(), text);
        };
        let complete = Confinement { landlock_abi: 1, seccomp: true, no_new_privs: true };
        check(complete, &[], "Landlock ABI 1, seccomp on, no_new_privs on");
        let without = Confinement { landlock_abi: 0, ..complete };
        check(without, &["landlock"], "no Landlock, seccomp on, no_new_privs on");
        let nothing = "no Landlock, no seccomp, no no_new_privs";
        check(Confinement::default(), &["landlock", "seccomp", "no_new_privs"], nothing);
    }
}
