//! The control socket: what the running daemon tells, line by line, to its own user and to root (docs/control.md).
//!
//! | module | what |
//! |---|---|
//! | `ask` | what is asked, and what is refused |
//! | `table` | every ask: its name, what it needs, its answer |
//! | `order` | what changes the daemon, on its way to the main thread and back |
//! | `by` | who asks |
//! | `status` | what is told, as both ends know it |
//! | `board` | what the daemon's threads last published |
//! | `client` | one connection, never waited for |
//! | `server` | the thread that holds them |
//! | `caller` | the other end, for commands |
//!
//! Nothing here is ever in the way of a packet: threads publish to the board, while somebody asks, and go on.

mod ask;
mod board;
mod by;
mod caller;
mod client;
mod order;
mod server;
mod status;
mod table;
#[cfg(test)]
mod tests;

pub(crate) use ask::{Refusal, Request};
pub(crate) use board::Board;
pub(crate) use by::By;
pub(crate) use caller::{Absent, Caller};
pub(crate) use order::{Door, Order, Ordered, Outcome, Pause, SECONDS};
pub(crate) use server::Server;
pub(crate) use status::{FeedStatus, IncidentStatus, ListStatus, Paused, QueueStatus, SinkStatus, Status};
#[cfg(feature = "top")]
pub(crate) use status::{Happened, Host, Top};

/// The version of the protocol.
const VERSION: u64 = 1;

/// The socket in the runtime directory.
const SOCKET: &str = "control";

/// Octets of a line that is asked.
const LINE_BYTES: usize = 64 * 1024;

/// Octets of a line that is answered: an incident that holds all it can takes about 20 kB.
const ANSWER_BYTES: u64 = 4 << 20;
