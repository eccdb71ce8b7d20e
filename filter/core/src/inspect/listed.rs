//! Findings made of list answers.

use alloc::boxed::Box;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use minewall_lists::{Category, Hit, Lists};

use super::flow::OpenFlow;
use crate::endpoint::Protocol;
use crate::finding::{Confidence, Finding, Layer, PoolSource, Said, Subject};
use crate::flow::key::Side;
use crate::learned::Learned;

/// A list's word on a name or an address of a flow.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    /// What it says.
    pub finding: Finding,
    /// The side that mines.
    pub miner: Side,
    /// The application protocol it was seen in.
    pub protocol: Option<&'static str>,
    /// Whether a judgement was made of it.
    pub is_told: bool,
}

/// A finding from a list's answer; `what` says what was seen ("the DNS question for example.org").
pub(super) fn finding(layer: Layer, what: &str, hit: &Hit<'_>) -> Finding {
    let coin = Some(hit.coins).filter(|coins| !coins.is_empty() && !coins.contains([' ', ',']));
    let mut said = Said { coin: coin.map(ToString::to_string), ..Said::default() };
    super::list(&mut said, hit);
    Finding {
        layer,
        dialect: None,
        said,
        confidence: confidence(hit.confidence),
        rule: hit.entry.to_ascii_lowercase(),
        ruleset: hit.list.name.clone(),
        subject: Subject::Listed(hit.category),
        reason: format!("{what} is listed as {}", phrase(hit.category)),
        excerpt: Vec::new(),
    }
}

const fn phrase(category: Category) -> &'static str {
    match category {
        Category::Adjacent => "about cryptocurrency, without mining",
        Category::Browser => "a miner in web pages",
        Category::Custom => "unwanted by this gateway's own list",
        Category::Malware => "used by mining malware",
        Category::Pool => "a mining pool",
        Category::PoolSite => "the web site of a mining pool",
        Category::Resolver => "a public resolver for encrypted DNS",
    }
}

const fn confidence(listed: minewall_lists::Confidence) -> Confidence {
    match listed {
        minewall_lists::Confidence::High => Confidence::High,
        minewall_lists::Confidence::Low => Confidence::Low,
        minewall_lists::Confidence::Medium => Confidence::Medium,
    }
}

/// The port of DNS over TLS (RFC 7858 section 3.1) and over QUIC (RFC 9250 section 4.1).
const ENCRYPTED_DNS: u16 = 853;

/// Whether the far end is a resolver for encrypted DNS: by the name the client's hello asks for, by its address, or by
/// its port, which nothing else uses.
pub(super) fn resolver(lists: &Lists, flow: &OpenFlow, client: Side) -> Option<Box<Finding>> {
    let key = flow.key()?;
    let end = key.end(client.other());
    let protocol = if key.protocol() == Protocol::Udp { "QUIC" } else { "TLS" };
    let by_name = flow.server_name().and_then(|name| {
        let hit = lists.resolver(name)?;
        Some(finding(Layer::Sni, &format!("the {protocol} server name {name}"), &hit))
    });
    let by_address = || {
        let hit = lists.resolver_address(end.ip, end.port)?;
        Some(finding(Layer::Address, &format!("the address {} with port {}", end.ip, end.port), &hit))
    };
    let by_port = || {
        let port = ENCRYPTED_DNS;
        (end.port == port).then(|| Finding {
            layer: Layer::Address,
            dialect: None,
            said: Said::default(),
            confidence: Confidence::Medium,
            rule: format!("port {port}"),
            ruleset: String::from("ports"),
            subject: Subject::Listed(Category::Resolver),
            reason: format!("the port {port} is that of DNS over {protocol}"),
            excerpt: Vec::new(),
        })
    };
    by_name.or_else(by_address).or_else(by_port).map(Box::new)
}

/// Notes each end of the flow that is a listed address and port, or one a listed name led to.
pub(super) fn ends(lists: &Lists, learned: &Learned, flow: &mut OpenFlow) {
    let Some(key) = flow.key().filter(|_| !flow.address_known) else { return };
    flow.address_known = true;
    for side in [Side::Low, Side::High] {
        let end = key.end(side);
        let what = || format!("the address {} with port {}", end.ip, end.port);
        let found = if let Some(hit) = lists.address(end.ip, Some(end.port)) {
            Some(finding(Layer::Address, &what(), &hit))
        } else {
            let led = learned.look(lists, end.ip, end.port);
            led.map(|(name, hit)| by_name(&what(), name, &hit))
        };
        if let Some(finding) = found {
            flow.note_listed(Listed { finding, miner: side.other(), protocol: None, is_told: false });
        }
    }
}

/// A finding about an address that a listed name led to.
fn by_name(what: &str, name: &str, hit: &Hit<'_>) -> Finding {
    let what = format!("{what} is where the name {name} leads, which");
    let mut finding = finding(Layer::Address, &what, hit);
    if hit.category == Category::Pool {
        finding.said.name_pool(name, PoolSource::Dns);
    }
    finding
}
