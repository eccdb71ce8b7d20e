//! Findings made of list answers.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use minewall_lists::{Category, Hit, Lists};

use super::flow::OpenFlow;
use crate::finding::{Confidence, Finding, Layer, Said, Subject};
use crate::flow::key::Side;

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
        rule: String::from(hit.entry),
        ruleset: hit.list.name.clone(),
        subject: Subject::Listed(hit.category),
        reason: format!("{what} is listed as {}", phrase(hit.category)),
        excerpt: Vec::new(),
    }
}

const fn phrase(category: Category) -> &'static str {
    match category {
        Category::Browser => "a miner in web pages",
        Category::Custom => "unwanted by this gateway's own list",
        Category::Malware => "used by mining malware",
        Category::Pool => "a mining pool",
        Category::PoolSite => "the web site of a mining pool",
    }
}

const fn confidence(listed: minewall_lists::Confidence) -> Confidence {
    match listed {
        minewall_lists::Confidence::High => Confidence::High,
        minewall_lists::Confidence::Low => Confidence::Low,
        minewall_lists::Confidence::Medium => Confidence::Medium,
    }
}

/// Notes each end of the flow that is a listed address and port.
pub(super) fn ends(lists: &Lists, flow: &mut OpenFlow) {
    let Some(key) = flow.key().filter(|_| !flow.address_known) else { return };
    flow.address_known = true;
    for side in [Side::Low, Side::High] {
        let end = key.end(side);
        if let Some(hit) = lists.address(end.ip, Some(end.port)) {
            let finding = finding(Layer::Address, &format!("the address {} with port {}", end.ip, end.port), &hit);
            flow.note_listed(Listed { finding, miner: side.other(), protocol: None, is_told: false });
        }
    }
}
