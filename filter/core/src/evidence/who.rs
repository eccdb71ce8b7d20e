//! Who the host inside is, as far as others told: leases, inventory, accounting.

use alloc::string::String;
use alloc::vec::Vec;
use core::net::IpAddr;

use serde::{Deserialize, Serialize};

/// A host inside, beyond its address.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Eq, Serialize)]
#[serde(default)]
pub struct Who {
    /// The name it gave itself, or that it was given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hostname: Option<String>,
    /// The account that logged in with it (RADIUS).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub account: Option<String>,
    /// The unit it belongs to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unit: Option<String>,
    /// Where it stands.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub room: Option<String>,
    /// Who answers for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub person: Option<String>,
    /// How that person is reached.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub contact: Option<String>,
    /// Whether the hardware address is that of a router between, which fronts many addresses.
    #[serde(skip_serializing_if = "core::ops::Not::not")]
    pub is_next_hop: bool,
    /// The hardware address its lease or login was given to, `00-11-22-AA-BB-CC`, where that is not the one seen.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lease_mac: Option<String>,
    /// Its other addresses, as far as they were seen lately.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub addresses: Vec<IpAddr>,
    /// Who told: the names of providers.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub sources: Vec<String>,
}
