//! Who the host inside is: what others told of it (leases, accounts, the inventory), what the kernel knows of it
//! (neighbours, routes, connections behind NAT), all asked off the packet path.
//!
//! | module | what |
//! |---|---|
//! | `provider` | what a provider is, and the table of them; `files` (of `lease` formats), `inventory`, `reverse` |
//! | `book` | who held which address when |
//! | `interface` `neighbour` `nat` | what the kernel knows, asked by netlink |
//! | `links` | which addresses share a hardware address, and whether it is a router's |
//! | `desk` | records on their way: each leaves complete, in order, after a moment at the most |
//! | `command` | `minewall identify` |

mod book;
mod command;
mod desk;
mod files;
mod interface;
mod inventory;
mod lease;
mod links;
mod mac;
mod nat;
mod neighbour;
mod provider;
#[cfg(feature = "resolve")]
mod reverse;

use std::net::IpAddr;
use std::sync::Arc;
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use minewall_core::activity::Activity;
use minewall_core::config;
use minewall_core::endpoint::Protocol;
use minewall_core::evidence::{Action, Record, Who};

pub(crate) use command::Identify;
pub(crate) use desk::{Desk, Item};
use interface::Interfaces;
use inventory::Inventory;
use links::Links;
use nat::{Found, Nat};
use neighbour::Neighbours;
use provider::{Answer, Host, Provider, Row, TABLE, Told};

/// How often files are looked at.
const LOOKED_AT: Duration = Duration::from_secs(1);

/// Other addresses of a host that are told.
const ADDRESSES: usize = 16;

/// How long a record waits for its name, which a name server in the house tells within a moment.
const FOR_NAME: Duration = Duration::from_millis(300);

/// And a datagram's record for its entry in the connection table, which stands when the packet has left.
const FOR_ENTRY: Duration = Duration::from_millis(50);

/// Whether the inventory, where one is named, can be used.
///
/// # Errors
/// It cannot, with the remedy.
pub(crate) fn check_inventory(settings: &config::Identity) -> Result<()> {
    if settings.inventory.is_empty() { Ok(()) } else { Inventory::open(&settings.inventory).map(drop) }
}

/// Completes what is written down.
pub(crate) struct Identity {
    providers: Vec<(&'static Row, Arc<dyn Provider>)>,
    neighbours: Neighbours,
    links: Links,
    interfaces: Interfaces,
    nat: Option<Nat>,
    /// Ends the thread that looks at files when it goes.
    _looking: Option<Sender<()>>,
}

impl Identity {
    /// Reads all files once, and looks at them every second from then on.
    ///
    /// # Errors
    /// The inventory cannot be used, or the system gives no more threads.
    pub(crate) fn start(settings: &config::Identity) -> Result<Self> {
        let mut identity = Self::still(settings)?;
        let (sender, receiver) = channel::<()>();
        let providers: Vec<_> = identity.providers.iter().map(|(_, provider)| Arc::clone(provider)).collect();
        let look = move || {
            while receiver.recv_timeout(LOOKED_AT) == Err(RecvTimeoutError::Timeout) {
                providers.iter().for_each(|provider| provider.look());
            }
        };
        let thread = std::thread::Builder::new().name("identity".into());
        thread.spawn(look).context("cannot start the thread that reads leases")?;
        identity._looking = Some(sender);
        Ok(identity)
    }

    /// Reads all files once.
    ///
    /// # Errors
    /// The inventory cannot be used, or the system gives no more threads.
    pub(crate) fn still(settings: &config::Identity) -> Result<Self> {
        let mut providers = Vec::new();
        for row in TABLE {
            if let Some(provider) = (row.start)(settings)? {
                provider.look();
                providers.push((row, provider));
            }
        }
        Ok(Self {
            providers,
            neighbours: Neighbours::default(),
            links: Links::new(settings.next_hop),
            interfaces: Interfaces::default(),
            nat: settings.nat.then(Nat::default),
            _looking: None,
        })
    }

    /// As [`Self::still`], for records of captures: nothing is asked of this machine's kernel.
    ///
    /// # Errors
    /// The inventory cannot be used, or the system gives no more threads.
    pub(crate) fn of_capture(settings: &config::Identity) -> Result<Self> {
        let mut identity = Self::still(settings)?;
        (identity.neighbours, identity.nat) = (Neighbours::off(), None);
        Ok(identity)
    }

    /// Completes a record. Gives how long to wait before it is completed once more, where that may tell more.
    fn complete(&mut self, record: &mut Record, now: Instant) -> Option<Duration> {
        record.interface = self.interfaces.name(record.interface_index);
        let (who, is_later) = self.who(record.source.ip, &mut record.source_mac, record.time_us, now);
        record.who = who;
        let mut wait = is_later.then_some(FOR_NAME);
        if record.nat.is_none()
            && let Some(nat) = &mut self.nat
        {
            match nat.ask(record.source, record.destination, record.transport, now) {
                Found::Nat(outside) => record.nat = Some(outside),
                // The first packet of a connection has an entry only when it has left.
                Found::Nothing if record.transport == Protocol::Udp && record.action == Action::Observed => {
                    wait = wait.max(Some(FOR_ENTRY));
                }
                Found::Nothing | Found::Same => {}
            }
        }
        wait
    }

    /// Says whose connection it is.
    fn complete_activity(&mut self, activity: &mut Activity, now: Instant) {
        let (who, _) = self.who(activity.source.ip, &mut activity.source_mac, activity.until_us, now);
        activity.who = who;
    }

    /// Who has the address, and whether more may be known in a moment. Adds the hardware address, where it is not known.
    fn who(&mut self, ip: IpAddr, mac: &mut Option<[u8; 6]>, at_us: i64, now: Instant) -> (Option<Box<Who>>, bool) {
        if mac.is_none() {
            *mac = self.neighbours.hardware_address(ip, now);
        }
        let mut who = Who::default();
        if let Some(mac) = *mac {
            self.links.see(mac, ip, at_us);
            who.is_next_hop = self.neighbours.is_by(mac, ip, now) || self.links.is_next_hop(mac, at_us);
            if !who.is_next_hop {
                who.addresses = self.addresses(mac, ip, at_us, now);
            }
        }
        let own = mac.filter(|_| !who.is_next_hop);
        let mut host = Host { ip, mac: own, lease_mac: None, at_us };
        let mut told = Told::default();
        let mut is_later = false;
        for (row, provider) in &self.providers {
            if row.is_name_only && told.hostname.is_some() {
                continue;
            }
            match provider.tell(&host) {
                Answer::Told { told: news, .. } => {
                    if told.fill(&news) {
                        who.sources.push(row.name.to_owned());
                    }
                    host.lease_mac = told.mac;
                }
                Answer::Later => is_later = true,
                Answer::Nothing => {}
            }
        }
        who.lease_mac = told.mac.filter(|told| Some(*told) != *mac).map(mac::text);
        (who.hostname, who.account) = (told.hostname, told.account);
        (who.unit, who.room, who.person, who.contact) = (told.unit, told.room, told.person, told.contact);
        ((who != Who::default()).then(|| Box::new(who)), is_later)
    }

    /// The other addresses of a host.
    fn addresses(&mut self, mac: [u8; 6], own: IpAddr, at_us: i64, now: Instant) -> Vec<IpAddr> {
        let seen = self.links.addresses(mac, at_us);
        let mut all: Vec<IpAddr> = seen.chain(self.neighbours.addresses(mac, now)).collect();
        // Addresses of the link say no more than the hardware address.
        let says = |ip: &IpAddr| !matches!(ip, IpAddr::V6(v6) if v6.is_unicast_link_local());
        all.retain(|ip| *ip != own && says(ip));
        all.sort_unstable();
        all.dedup();
        all.truncate(ADDRESSES);
        all
    }

    /// What each provider says of a host.
    fn each(&self, host: &mut Host) -> Vec<(&'static str, Answer)> {
        let mut all = Vec::new();
        for (row, provider) in &self.providers {
            let answer = provider.tell(host);
            if let Answer::Told { told, .. } = &answer {
                host.lease_mac = host.lease_mac.or(told.mac);
            }
            all.push((row.name, answer));
        }
        all
    }
}

#[cfg(test)]
mod tests;
