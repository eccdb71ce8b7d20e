//! A host, a gateway and an internet in three network namespaces, with real services from Debian packages,
//! a pool emulator and a login client of our own, and load tools. Root is needed; see `README.md` for a picture.
//!
//! Nothing here mines: no hash is ever computed, shares are made-up text, and no packet leaves the namespaces.
//!
//! | module | holds |
//! |---|---|
//! | [`ready`], [`why_not`], [`TOOLS`] | whether the lab can run on this machine, and the packages it needs |
//! | [`Lab`], [`Host`], [`addresses`] | the namespaces, their wiring and their addresses |
//! | [`Namespace`], [`Program`] | running commands, code and long-lived programs inside one |
//! | [`service`] | name server (knot), web server (nginx), gateway's resolver (dnsmasq) |
//! | [`pool`], [`login`] | both ends of a mining session |
//! | [`load`] | bulk throughput, connections and DNS questions per second |
//! | [`Port`] | a port of this machine that a test has to itself |
//! | [`Minewall`], [`kernel`] | the program under test, and the kernel state it must leave as it was |

pub mod addresses;
pub mod kernel;
pub mod load;
pub mod login;
pub mod pool;
pub mod service;

mod dialect;
mod dns;
mod lab;
mod minewall;
mod namespace;
mod port;
mod program;
mod tools;
mod wait;

pub use dialect::Dialect;
pub use lab::{Host, Lab};
pub use minewall::Minewall;
pub use namespace::Namespace;
pub use port::Port;
pub use program::{Program, finish_within};
pub use tools::{TOOLS, Tool, is_root, missing_packages, ready, skipped, why_not};
pub use wait::{fewer, patient, until};
