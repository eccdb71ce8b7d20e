//! The units, rooms and hosts of the school.

use std::net::Ipv4Addr;

/// A unit of the school, each with a prefix of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Unit {
    /// 10.1.1.0/24
    Physics,
    /// 10.1.2.0/24
    Dormitory,
    /// 10.1.3.0/24
    DataCentre,
    /// 10.1.4.0/24
    Library,
    /// 10.1.5.0/24
    Informatics,
    /// 10.1.6.0/24
    Administration,
}

impl Unit {
    /// Every unit.
    pub const ALL: [Self; 6] =
        [Self::Physics, Self::Dormitory, Self::DataCentre, Self::Library, Self::Informatics, Self::Administration];

    /// Its name in the inventory.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Physics => "School of Physics",
            Self::Dormitory => "Dormitory 4",
            Self::DataCentre => "Data Centre",
            Self::Library => "图书馆",
            Self::Informatics => "School of Informatics",
            Self::Administration => "Administration",
        }
    }

    const fn number(self) -> u8 {
        self as u8 + 1
    }

    /// How many hosts it has: forty in all.
    const fn hosts(self) -> u8 {
        match self {
            Self::Physics | Self::Informatics => 8,
            Self::Dormitory => 10,
            Self::DataCentre => 4,
            Self::Library => 6,
            Self::Administration => 4,
        }
    }
}

/// A host inside.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Host {
    /// Its address.
    pub ip: Ipv4Addr,
    /// Its hardware address.
    pub mac: [u8; 6],
    /// Whose it is.
    pub unit: Unit,
}

impl Host {
    /// The room in the inventory.
    #[must_use]
    pub fn room(&self) -> String {
        format!("{}-{}", self.unit.number(), 100 + u16::from(self.ip.octets()[3]))
    }

    /// Who answers for it.
    #[must_use]
    pub fn person(&self) -> String {
        format!("Person {}", self.ip.octets()[3])
    }

    /// How that person is reached.
    #[must_use]
    pub fn contact(&self) -> String {
        format!("it-{}@school.example", self.unit.number())
    }
}

/// The hosts, unit by unit; the first of a unit ends in 10.
pub(super) fn hosts() -> Vec<Host> {
    let of = |unit: Unit| (10..10 + unit.hosts()).map(move |number| host(unit, number));
    Unit::ALL.into_iter().flat_map(of).collect()
}

/// The host of this unit whose address ends so.
pub(super) fn host(unit: Unit, number: u8) -> Host {
    let ip = Ipv4Addr::new(10, 1, unit.number(), number);
    Host { ip, mac: [0x02, 0x4d, 0x57, 0x01, unit.number(), number], unit }
}
