//! What is remembered across incidents: those that ended, and which hosts named which wallet. Both bounded.

use alloc::collections::{BTreeMap, BTreeSet, VecDeque};
use alloc::string::String;
use alloc::vec::Vec;

use super::seen::Host;
use crate::limits;

/// An incident that ended.
struct Ended {
    host: Host,
    id: String,
    wallet: Option<String>,
    sites: Vec<String>,
}

/// Incidents that ended, the last ones.
#[derive(Default)]
pub(super) struct Past(VecDeque<Ended>);

impl Past {
    pub(super) fn note(&mut self, host: Host, id: String, wallet: Option<String>, sites: Vec<String>) {
        if self.0.len() >= limits::INCIDENTS_PAST {
            self.0.pop_front();
        }
        self.0.push_back(Ended { host, id, wallet, sites });
    }

    /// The last one of this host for the same wallet or pool.
    pub(super) fn find(&self, host: Host, wallet: Option<&str>, sites: &[String]) -> Option<&str> {
        let is_same = |ended: &&Ended| {
            ended.host == host
                && (wallet.is_some() && ended.wallet.as_deref() == wallet
                    || ended.sites.iter().any(|site| sites.contains(site)))
        };
        self.0.iter().rev().find(is_same).map(|ended| &*ended.id)
    }
}

/// Which hosts named a wallet.
struct Hosts {
    hosts: BTreeSet<Host>,
    named: u64,
}

/// Which hosts named which wallet. When full, the wallet not named for the longest time is forgotten.
#[derive(Default)]
pub(super) struct Wallets {
    wallets: BTreeMap<String, Hosts>,
    count: u64,
}

impl Wallets {
    pub(super) fn note(&mut self, wallet: &str, host: Host) {
        self.count += 1;
        if let Some(known) = self.wallets.get_mut(wallet) {
            known.named = self.count;
            if known.hosts.len() < limits::WALLET_HOSTS {
                known.hosts.insert(host);
            }
            return;
        }
        if self.wallets.len() >= limits::WALLETS {
            let oldest = self.wallets.iter().min_by_key(|(_, hosts)| hosts.named).map(|(wallet, _)| wallet.clone());
            oldest.map(|oldest| self.wallets.remove(&oldest));
        }
        self.wallets.insert(wallet.into(), Hosts { hosts: BTreeSet::from([host]), named: self.count });
    }

    /// How many hosts named it.
    pub(super) fn hosts(&self, wallet: &str) -> usize {
        self.wallets.get(wallet).map_or(0, |hosts| hosts.hosts.len())
    }
}
