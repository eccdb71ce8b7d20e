//! Standard output: whole lines, and a quiet end when its reader has gone.

use std::fmt;
use std::io::{self, ErrorKind, Write};

use clap::ValueEnum;

/// How the answer of a command is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// JSON for programs
    Json,
    /// For people
    Table,
}

/// Standard output takes no more: there is no sense in going on.
#[derive(Debug)]
pub(crate) enum Unwritable {
    /// Its reader has gone (`| head -1`): nothing more is wanted, and nothing is wrong.
    Closed,
    /// Anything else, such as a full disk.
    Failed(io::Error),
}

impl fmt::Display for Unwritable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Closed => f.write_str("the reader of standard output has gone"),
            Self::Failed(error) => write!(f, "cannot write to standard output: {error}"),
        }
    }
}

impl std::error::Error for Unwritable {}

/// Writes the text, which ends in a line feed.
///
/// # Errors
/// Standard output takes no more.
pub(crate) fn write(text: &str) -> Result<(), Unwritable> {
    let mut out = io::stdout().lock();
    out.write_all(text.as_bytes()).and_then(|()| out.flush()).map_err(|error| match error.kind() {
        ErrorKind::BrokenPipe => Unwritable::Closed,
        _ => Unwritable::Failed(error),
    })
}
