//! What is refused by its address alone.

use alloc::vec::Vec;
use core::net::IpAddr;

use ipnet::IpNet;
use minewall_lists::{Category, Lists};

use super::{Match, Ruleset, chains};
use crate::config::{Config, Refresh};
use crate::policy::{CategoryAction, Mode};

/// What is refused by its address alone, whether or not anybody looks at packets.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sets {
    /// Addresses with their ports.
    pub listed: Vec<(IpAddr, u16)>,
    /// Prefixes of hosts that may mine.
    pub exempt: Vec<IpNet>,
    /// Whether there is a set of addresses that come and go by themselves, see [`Element`].
    pub learns: bool,
}

/// An address with its port that a listed name leads to: refused for so many seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Element {
    /// The address.
    pub ip: IpAddr,
    /// The port.
    pub port: u16,
    /// Seconds from now on, at least one.
    pub seconds: u32,
}

impl Ruleset {
    /// The same rules, by which the kernel itself refuses connections to listed addresses, if policy is to block them.
    /// An exemption holds here beyond its last day: then such connections are cut by what is said on them. Where any host has
    /// a grace, the kernel refuses nothing: whose is over is known to the engines, which cut the first packet.
    #[must_use]
    pub fn refusing(mut self, config: &Config, lists: &Lists) -> Self {
        let blocks = |address, port| {
            let hit = lists.address(address, Some(port));
            hit.is_some_and(|hit| config.category.listed(&hit) == CategoryAction::Block)
        };
        if config.mode == Mode::Block && !config.grace.is_set() {
            self.sets.listed.extend(lists.addresses().filter(|(address, port)| blocks(*address, *port)));
        }
        if !self.sets.listed.is_empty() {
            self.refuse(config, Match::Listed);
        }
        self
    }

    /// The same rules, by which the kernel itself refuses connections to what listed names lead to, if policy is to block
    /// any and addresses may be learned: by asking for them, or where a host that may mine does.
    #[must_use]
    pub fn learning(mut self, config: &Config) -> Self {
        let learned = [Category::Pool, Category::Malware, Category::Custom];
        let blocks = learned.into_iter().any(|each| config.category.action(each) == CategoryAction::Block);
        let learns = config.resolve.refresh == Refresh::On || !config.exempt.is_empty();
        if config.mode == Mode::Block && !config.grace.is_set() && blocks && learns {
            self.sets.learns = true;
            self.refuse(config, Match::Learned);
        }
        self
    }

    fn refuse(&mut self, config: &Config, what: Match) {
        self.sets.exempt = config.exempt.iter().map(|exempt| exempt.prefix).collect();
        chains::refuse(&mut self.chains, config, self.queues, what);
    }

    /// Whether only the elements of sets differ.
    #[must_use]
    pub fn differs_in_sets_only(&self, other: &Self) -> bool {
        let bare = |ruleset: &Self| Self { sets: Sets::default(), ..ruleset.clone() };
        bare(self) == bare(other)
    }
}
