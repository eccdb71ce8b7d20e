//! The gateway's own resolver: dnsmasq.

use std::fs;

use anyhow::{Context as _, Result};

use super::{START, accepts, resolves};
use crate::addresses::Family;
use crate::lab::Lab;
use crate::program::Program;

/// A running dnsmasq on the gateway's inside addresses, asking the internet's name server. Hosts use it by default.
#[derive(Debug)]
pub struct Resolver {
    program: Program,
}

impl Resolver {
    /// Starts dnsmasq and waits until it answers. Needs a running [`super::NameServer`].
    ///
    /// # Errors
    /// When it does not answer in time, with what it said.
    pub fn start(lab: &Lab) -> Result<Self> {
        let directory = lab.directory().join("dnsmasq");
        fs::create_dir_all(&directory).with_context(|| format!("creating {}", directory.display()))?;
        let mut configuration =
            "user=root\nno-resolv\nno-hosts\nbind-interfaces\nlog-queries\nlog-facility=-\npid-file=\n".to_owned();
        for family in Family::BOTH {
            configuration += &format!("listen-address={}\n", family.gateway_inside());
            configuration += &format!("server={}\n", family.internet());
        }
        let file = directory.join("dnsmasq.conf");
        fs::write(&file, configuration)?;
        let mut command = lab.gateway.command("dnsmasq");
        command.arg("--keep-in-foreground").arg("-C").arg(&file);
        let mut program = Program::start("dnsmasq", &mut command, &directory.join("log"))?;
        program.wait_ready(START, || {
            // Asked by itself: a question from the host would pass the forward hooks of a running minewall.
            Family::BOTH.into_iter().all(|family| {
                accepts(&lab.gateway, family.gateway_inside(), 53) && resolves(&lab.gateway, family.gateway_inside())
            })
        })?;
        Ok(Self { program })
    }

    /// What dnsmasq printed: one line a question, an answer and a forwarding.
    #[must_use]
    pub fn log(&self) -> String {
        self.program.log()
    }
}
