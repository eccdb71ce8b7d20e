//! What others have to give and cannot be had here: the one failure that may be passed over.

/// What cannot be had, and why.
#[derive(Debug)]
pub(crate) struct Unavailable {
    what: &'static str,
    why: String,
}

impl Unavailable {
    /// Debian's kernel for a virtual machine.
    pub(crate) fn kernel(why: impl std::fmt::Display) -> Self {
        Self { what: "the kernel cannot be had from Debian", why: format!("{why:#}") }
    }

    /// Debian's files for a machine of its own.
    pub(crate) fn debian(why: impl std::fmt::Display) -> Self {
        Self { what: "a fresh Debian cannot be had", why: format!("{why:#}") }
    }
}

impl std::fmt::Display for Unavailable {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "{}: {}", self.what, self.why)
    }
}

impl std::error::Error for Unavailable {}
