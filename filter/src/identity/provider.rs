//! What a provider of identity is, and the table of them.

use std::net::IpAddr;
use std::sync::Arc;

use anyhow::Result;
use minewall_core::config;

use super::files::Files;
use super::inventory::Inventory;
use super::lease::{Format, dnsmasq, isc, kea, odhcpd, radius};
#[cfg(feature = "resolve")]
use super::reverse::Reverse;

/// The host that is asked for.
#[derive(Clone, Debug)]
pub(super) struct Host {
    pub(super) ip: IpAddr,
    /// Its own hardware address; none where only a router's is known.
    pub(super) mac: Option<[u8; 6]>,
    /// The hardware address a provider before said it has.
    pub(super) lease_mac: Option<[u8; 6]>,
    /// The time that is asked for, in microseconds since 1970.
    pub(super) at_us: i64,
}

/// What is told of a host.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Told {
    pub(super) hostname: Option<String>,
    pub(super) account: Option<String>,
    pub(super) unit: Option<String>,
    pub(super) room: Option<String>,
    pub(super) person: Option<String>,
    pub(super) contact: Option<String>,
    pub(super) mac: Option<[u8; 6]>,
}

impl Told {
    /// Takes what was not told yet; whether there was any such thing.
    pub(super) fn fill(&mut self, other: &Self) -> bool {
        let before = self.clone();
        for (own, other) in [
            (&mut self.hostname, &other.hostname),
            (&mut self.account, &other.account),
            (&mut self.unit, &other.unit),
            (&mut self.room, &other.room),
            (&mut self.person, &other.person),
            (&mut self.contact, &other.contact),
        ] {
            if own.is_none() {
                own.clone_from(other);
            }
        }
        self.mac = self.mac.or(other.mac);
        before != *self
    }

    /// Whether both are of one holder: of one device and account as far as both say; else of one name.
    pub(super) fn is_same(&self, other: &Self) -> bool {
        let macs = self.mac.zip(other.mac).map(|(own, other)| own == other);
        let accounts = self.account.as_ref().zip(other.account.as_ref()).map(|(own, other)| own == other);
        match (macs, accounts) {
            (None, None) => self.hostname == other.hostname,
            (macs, accounts) => macs.unwrap_or(true) && accounts.unwrap_or(true),
        }
    }
}

/// What a provider says.
#[derive(Clone, Debug)]
pub(super) enum Answer {
    /// It will know in a moment.
    #[cfg_attr(not(feature = "resolve"), expect(dead_code, reason = "only name servers take their time"))]
    Later,
    /// Nothing.
    Nothing,
    /// This, and since and until when; none: it does not say.
    Told { told: Arc<Told>, from_us: Option<i64>, until_us: Option<i64> },
}

/// Somebody who may know who a host is.
pub(super) trait Provider: Send + Sync {
    /// What it knows of a host at a time. Never waits.
    fn tell(&self, host: &Host) -> Answer;

    /// Looks for news, in a thread of its own.
    fn look(&self) {}
}

/// How a provider is started; none: the settings name nothing it could know from.
type Start = fn(&config::Identity) -> Result<Option<Arc<dyn Provider>>>;

/// A provider.
pub(super) struct Row {
    /// The word in records.
    pub(super) name: &'static str,
    /// Whether it tells names only, and is spared where one is known.
    pub(super) is_name_only: bool,
    pub(super) start: Start,
}

/// All providers, by precedence: what one does not tell, the next may (docs/identity.md says why in this order).
pub(super) const TABLE: &[Row] = &[
    row(radius::FORMAT.name, |settings| Ok(files(&radius::FORMAT, &settings.radius, settings))),
    row(kea::FORMAT.name, |settings| Ok(files(&kea::FORMAT, &settings.kea, settings))),
    row(isc::FORMAT.name, |settings| Ok(files(&isc::FORMAT, &settings.isc, settings))),
    row(dnsmasq::FORMAT.name, |settings| Ok(files(&dnsmasq::FORMAT, &settings.dnsmasq, settings))),
    row(odhcpd::FORMAT.name, |settings| Ok(files(&odhcpd::FORMAT, &settings.odhcpd, settings))),
    row("inventory", |settings| match settings.inventory.as_str() {
        "" => Ok(None),
        path => Ok(Some(Arc::new(Inventory::open(path)?))),
    }),
    Row {
        is_name_only: true,
        ..row("reverse-dns", |settings| match settings.reverse {
            config::Reverse::Off => Ok(None),
            #[cfg(feature = "resolve")]
            config::Reverse::On => Ok(Some(Arc::new(Reverse::start(&settings.servers)?))),
            #[cfg(not(feature = "resolve"))]
            config::Reverse::On => Err(crate::features::without("resolve")),
        })
    },
];

const fn row(name: &'static str, start: Start) -> Row {
    Row { name, is_name_only: false, start }
}

fn files(format: &'static Format, named: &[String], settings: &config::Identity) -> Option<Arc<dyn Provider>> {
    Some(Arc::new(Files::new(format, named, settings)?))
}
