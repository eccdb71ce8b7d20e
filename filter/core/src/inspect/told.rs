//! From what was heard in a flow to a finding.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use super::speech::Telling;
use super::spoken::Spoken;
use crate::dialect::{PROOF, Speaker, row};
use crate::finding::{Confidence, Finding, Layer, Subject};
use crate::flow::key::Side;

/// The finding, where the flow's tokens together prove mining, and the side that mines. What is proven already is told
/// again only with a new word or where the dialect turned out to be another one; `before` are dialect and weight known
/// until now.
pub(super) fn told(
    spoken: &Spoken,
    before: (Option<usize>, u8),
    telling: Telling,
    side: Side,
) -> Option<(Finding, Option<Side>)> {
    let is_news = before.1 < PROOF || telling.new_word || spoken.dialect != before.0;
    if spoken.weight < PROOF || !is_news {
        return None;
    }
    let miner = telling.speaker.map(|speaker| if speaker == Speaker::Miner { side } else { side.other() });
    Some((finding(spoken, telling.excerpt)?, miner))
}

fn finding(spoken: &Spoken, excerpt: Vec<u8>) -> Option<Finding> {
    let (id, title) = row(spoken.dialect?)?;
    let tokens: Vec<_> = spoken.tokens().collect();
    Some(Finding {
        layer: Layer::Payload,
        dialect: Some(id),
        said: spoken.said.clone(),
        confidence: Confidence::High,
        rule: tokens.first().map(ToString::to_string).unwrap_or_default(),
        ruleset: String::from(id),
        subject: Subject::Protocol,
        reason: format!("the connection speaks the mining protocol {title} (heard: {})", tokens.join(", ")),
        excerpt,
    })
}
