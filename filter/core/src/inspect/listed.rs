//! Findings made of list answers.

use alloc::boxed::Box;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use minewall_lists::{Category, Hit, Lists};

use super::flow::OpenFlow;
use crate::finding::{Confidence, Finding, Layer, Said, Subject};
use crate::flow::key::Side;

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

/// Whether either end is a listed address and port, and which side talks to it; told until a judgement was made of it.
pub(super) fn address(lists: &Lists, flow: &mut OpenFlow) -> Option<Box<(Finding, Side)>> {
    if flow.address_known {
        return None;
    }
    let key = flow.key()?;
    let found = [Side::Low, Side::High].into_iter().find_map(|side| {
        let end = key.end(side);
        lists.address(end.ip, Some(end.port)).map(|hit| (side, hit))
    });
    flow.address_known = found.is_none();
    let (pool, hit) = found?;
    let end = key.end(pool);
    let finding = finding(Layer::Address, &format!("the address {} with port {}", end.ip, end.port), &hit);
    Some(Box::new((finding, pool.other())))
}
