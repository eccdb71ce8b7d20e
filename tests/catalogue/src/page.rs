//! The pages written of cases.

use std::fmt::Write as _;

use crate::case::Case;
use crate::conversation::{Side, Transport};

/// The README of a case.
pub(crate) fn of_case(case: &Case) -> String {
    let conversation = &case.conversation;
    let over = match conversation.transport {
        Transport::Tcp => "TCP",
        Transport::TcpUnderWay => "TCP, already under way when the capture begins",
        Transport::Udp => "UDP",
    };
    let mut page = format!(
        "# {}\n\n{}\n\n- origin: {}\n- {} to {}, over {over}\n- expected: {}\n\nWritten by `cargo xtask corpus` from \
         `tests/catalogue/cases/{}.toml`; edit that.\n\n| message | said by | octets | begins |\n|---|---|---|---|\n",
        case.directory(),
        case.purpose,
        case.origin,
        conversation.host,
        conversation.server,
        expected(case),
        case.group,
    );
    for (number, message) in conversation.messages.iter().enumerate() {
        let begins: String = message.octets.iter().take(60).map(|octet| visible(*octet)).collect();
        let _ = writeln!(page, "| {number} | {} | {} | `{begins}` |", message.side.as_str(), message.octets.len());
    }
    page
}

/// An octet as one letter; what would break a table's line or cannot be seen becomes a dot.
fn visible(octet: u8) -> char {
    if matches!(octet, b' '..=b'~') && !matches!(octet, b'|' | b'`') { char::from(octet) } else { '.' }
}

fn expected(case: &Case) -> String {
    let Some(expect) = &case.expect else { return "nothing; this is a near miss".into() };
    let mut words = vec![format!("layer {}", expect.layer)];
    let known = [
        ("dialect", &expect.dialect),
        ("coin", &expect.coin),
        ("wallet", &expect.wallet),
        ("worker", &expect.worker),
        ("agent", &expect.agent),
        ("name", &expect.name),
    ];
    words.extend(known.into_iter().filter_map(|(what, word)| word.as_ref().map(|word| format!("{what} `{word}`"))));
    words.push(format!("told by the {}", expect.side().as_str()));
    words.join(", ")
}

/// The page of all cases; `told`: which message tells first.
pub(crate) fn of_all(cases: &[Case], told: &[(&Case, usize)]) -> String {
    let mining = cases.iter().filter(|case| case.expect.is_some()).count();
    let mut page = format!(
        "# The corpus\n\n\
         Conversations with mining in them, and near misses: {mining} and {}. Each stands in `tests/corpus/` with its capture,\n\
         the records it must give and what it is. They are written from `tests/catalogue/cases/*.toml` by\n\
         `cargo xtask corpus`, which fails where the program finds something else than the case says;\n\
         `cargo xtask corpus --check` and a test compare. Add a case to a file there, or a file for a new dialect, and run it:\n\
         `tests/catalogue/src/text.rs` tells what a text can hold. Wallets have valid checksums and belong to nobody; no hash\n\
         was computed.\n\n\
         `tests/laws/` holds every conversation to the laws: any segmentation, order, repetition and address family give the\n\
         same finding, contradicting copies hide none, no prefix of a near miss gives any, and the far end never receives\n\
         the telling message whole.\n\n\
         ## What passes before the telling message\n\n\
         Where the client has spoken before a message tells, what it said has reached the far end. These are all such cases;\n\
         in all others the first thing the client says tells, or only the far end is heard.\n\n\
         | case | told by | messages of the client before |\n|---|---|---|\n",
        cases.len() - mining,
    );
    for (case, message) in told {
        let messages = &case.conversation.messages;
        // What goes in one segment with it has not passed either.
        let own = messages.iter().take(*message + 1).rposition(|message| !message.joined).unwrap_or_default();
        let before = messages.iter().take(own).filter(|message| message.side == Side::Client).count();
        if let Some(telling) = messages.get(*message).filter(|_| before > 0) {
            let _ = writeln!(page, "| {} | {} | {before} |", case.directory(), telling.side.as_str());
        }
    }
    page.push_str("\n## Cases\n\n| case | purpose | expected |\n|---|---|---|\n");
    for case in cases {
        let found = match &case.expect {
            None => "nothing".to_owned(),
            Some(expect) => expect.dialect.clone().unwrap_or_else(|| expect.layer.clone()),
        };
        let _ = writeln!(page, "| {} | {} | {found} |", case.directory(), case.purpose.replace('|', "/"));
    }
    page
}
