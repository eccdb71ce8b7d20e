//! Everyday traffic that quotes mining, or looks a little like it, passes.

use super::*;

const QUOTED: &str = "{\"id\": 1, \"method\": \"mining.subscribe\", \"params\": [\"cgminer/4.11.1\"]}\r\n";

/// The verdicts on a text from the host in segments of `size`.
fn verdicts(text: &str, size: usize) -> Vec<Verdict> {
    let mut engine = engine(Mode::Block);
    let (host, server) = ends(false);
    let segments = text.as_bytes().chunks(size).enumerate();
    segments
        .map(|(index, part)| {
            let outcome = give(&mut engine, &segment(host, server, (index * size) as u32, DATA, part));
            assert!(outcome.record.is_none(), "{text}");
            outcome.verdict
        })
        .collect()
}

#[test]
fn a_text_that_quotes_a_login_passes() {
    let texts = [
        // SMTP, IRC, a document over FTP, a log with a time in front, an octet-counted syslog stream, a page.
        format!("EHLO me\r\nMAIL FROM:<a@b>\r\nRCPT TO:<c@d>\r\nDATA\r\nSubject: x\r\n\r\nSee:\r\n{QUOTED}.\r\n"),
        format!("NICK bob\r\nUSER bob 0 * :Bob\r\nJOIN #x\r\nPRIVMSG #x :try {QUOTED}"),
        format!("PRIVMSG #x :try {QUOTED}PRIVMSG #x :and {QUOTED}"),
        format!("# The protocol\n\nThe client begins with\n\n    {QUOTED}\nand waits.\n"),
        format!("2026-01-01 12:00:00 sent {QUOTED}2026-01-01 12:00:01 sent {QUOTED}"),
        format!("131 <134>1 2026-01-01T00:00:00Z gw app - - - {QUOTED}131 <134>1 2026-01-01T00:00:00Z gw {QUOTED}"),
        format!("POST /docs HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n\r\n{QUOTED}"),
        format!("{{\"event\":{{\"reason\":\"mining\"}},\"minewall\":{{\"excerpt\":{:?}}}}}\n", QUOTED),
    ];
    for text in texts {
        for size in [1, 7, 40, 1400] {
            assert!(!verdicts(&text, size).contains(&Verdict::Cut), "{size}: {text}");
        }
    }
}

#[test]
fn an_answer_to_a_web_request_passes_in_any_order() {
    let post: &[u8] = b"POST /search HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nq=stratum";
    for request in [&b"GET /stratum HTTP/1.1\r\nHost: a\r\n\r\n"[..], post] {
        let mut engine = engine(Mode::Block);
        let (host, server) = ends(false);
        let first = give(&mut engine, &segment(host, server, 0, DATA, request));
        assert_eq!(first.verdict == Verdict::Clear, request != post, "a page is not looked at");
        let body = format!("<pre>\n{QUOTED}</pre>\n");
        for (seq, part) in [(500, body.as_bytes()), (0, &b"HTTP/1.1 200 OK\r\n"[..])] {
            let outcome = give(&mut engine, &segment(server, host, seq, DATA, part));
            assert!(outcome.record.is_none());
            assert!(matches!(outcome.verdict, Verdict::Look | Verdict::Clear), "{:?}", outcome.verdict);
        }
    }
}
