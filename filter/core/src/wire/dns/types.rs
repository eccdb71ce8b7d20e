//! Numbers of the DNS: types and classes (IANA "Domain Name System (DNS) Parameters").

use core::fmt;

/// A record or question type.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Type(pub u16);

/// A record or question class.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Class(pub u16);

impl Type {
    /// IPv4 address, RFC 1035.
    pub const A: Self = Self(1);
    /// Name server, RFC 1035.
    pub const NS: Self = Self(2);
    /// Alias, RFC 1035.
    pub const CNAME: Self = Self(5);
    /// Start of authority, RFC 1035.
    pub const SOA: Self = Self(6);
    /// Name of an address, RFC 1035.
    pub const PTR: Self = Self(12);
    /// Host, RFC 1035.
    pub const HINFO: Self = Self(13);
    /// Mail exchange, RFC 1035.
    pub const MX: Self = Self(15);
    /// Text, RFC 1035.
    pub const TXT: Self = Self(16);
    /// IPv6 address, RFC 3596.
    pub const AAAA: Self = Self(28);
    /// Service location, RFC 2782.
    pub const SRV: Self = Self(33);
    /// Naming authority pointer, RFC 3403.
    pub const NAPTR: Self = Self(35);
    /// Alias of a subtree, RFC 6672.
    pub const DNAME: Self = Self(39);
    /// EDNS pseudo record, RFC 6891.
    pub const OPT: Self = Self(41);
    /// Delegation signer, RFC 4034.
    pub const DS: Self = Self(43);
    /// Signature, RFC 4034.
    pub const RRSIG: Self = Self(46);
    /// Denial of existence, RFC 4034.
    pub const NSEC: Self = Self(47);
    /// Key, RFC 4034.
    pub const DNSKEY: Self = Self(48);
    /// Certificate association, RFC 6698.
    pub const TLSA: Self = Self(52);
    /// Service binding, RFC 9460.
    pub const SVCB: Self = Self(64);
    /// Service binding of web servers, RFC 9460.
    pub const HTTPS: Self = Self(65);
    /// Incremental zone transfer, RFC 1995.
    pub const IXFR: Self = Self(251);
    /// Zone transfer, RFC 1035.
    pub const AXFR: Self = Self(252);
    /// Any type, RFC 1035, RFC 8482.
    pub const ANY: Self = Self(255);
    /// Certification authority authorization, RFC 8659.
    pub const CAA: Self = Self(257);

    const NAMES: &[(Self, &str)] = &[
        (Self::A, "A"),
        (Self::NS, "NS"),
        (Self::CNAME, "CNAME"),
        (Self::SOA, "SOA"),
        (Self::PTR, "PTR"),
        (Self::HINFO, "HINFO"),
        (Self::MX, "MX"),
        (Self::TXT, "TXT"),
        (Self::AAAA, "AAAA"),
        (Self::SRV, "SRV"),
        (Self::NAPTR, "NAPTR"),
        (Self::DNAME, "DNAME"),
        (Self::OPT, "OPT"),
        (Self::DS, "DS"),
        (Self::RRSIG, "RRSIG"),
        (Self::NSEC, "NSEC"),
        (Self::DNSKEY, "DNSKEY"),
        (Self::TLSA, "TLSA"),
        (Self::SVCB, "SVCB"),
        (Self::HTTPS, "HTTPS"),
        (Self::IXFR, "IXFR"),
        (Self::AXFR, "AXFR"),
        (Self::ANY, "ANY"),
        (Self::CAA, "CAA"),
    ];
}

impl Class {
    /// The Internet.
    pub const IN: Self = Self(1);
    /// Chaos, used for questions about the server.
    pub const CH: Self = Self(3);
    /// Hesiod.
    pub const HS: Self = Self(4);
    /// Any class, in questions.
    pub const ANY: Self = Self(255);

    const NAMES: &[(Self, &str)] = &[(Self::IN, "IN"), (Self::CH, "CH"), (Self::HS, "HS"), (Self::ANY, "ANY")];
}

/// The mnemonic, or `TYPE1234` (RFC 3597 section 5).
impl fmt::Display for Type {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match Self::NAMES.iter().find(|(kind, _)| kind == self) {
            Some((_, name)) => f.write_str(name),
            None => write!(f, "TYPE{}", self.0),
        }
    }
}

/// The mnemonic, or `CLASS1234` (RFC 3597 section 5).
impl fmt::Display for Class {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match Self::NAMES.iter().find(|(class, _)| class == self) {
            Some((_, name)) => f.write_str(name),
            None => write!(f, "CLASS{}", self.0),
        }
    }
}
