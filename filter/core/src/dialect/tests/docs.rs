//! docs/dialects.md is written from the table. `WRITE_DOCS=1 cargo test -p minewall-core dialect` writes it anew.

use alloc::format;
use alloc::string::String;

use super::*;

const DOCS: &str = include_str!("../../../../../docs/dialects.md");
const HEAD: &str = "# Dialects

The mining protocols minewall recognises. This page is written from the table in `filter/core/src/dialect/mod.rs`:
`WRITE_DOCS=1 cargo test -p minewall-core dialect` writes it, and a test compares it.

A dialect hears tokens. A token counts only as the JSON value it should be, in the place it should be; order, spaces and
escapes do not matter. Either side alone is enough to find mining; which dialect it is may take the other side.

- **proves**: one such message is a finding.
- **settles**: proves, and corrects a dialect that was only guessed from a greeting several share.
- a number: the weight of a weak token. Weak tokens of one flow and dialect are added up, each counted once; 100 is a
  finding. Where signs add up to more than 100, it is 100.

A dialect that is *a kind of* another hears all that the other hears.

Where mining is let pass (observed, exempt, in its grace), the connection is followed line by line for as long as it speaks
the protocol, and jobs, shares and what became of them are *counted* as is said below each dialect: behind a SOCKS or
CONNECT proxy and in WebSocket too, but not in bodies of HTTP and not of what is not JSON. A share counts for as many hashes as its own job asks for on average, once
the pool has taken it. Where a unit depends on the algorithm, it is known by the job, the wallet or the lists; where
implementations disagree about it, shares are counted and not measured.
";

const STREAM_HEAD: &str = "
## Not JSON

These are told by the first bytes of a connection, as far as the gateway saw them. A *turn* is what one end said in one
go, before the other spoke: where a token speaks of turns or of lengths, they are those of whole turns, however the bytes
were cut into packets. Where it is not known which end opened the connection, both ways are tried.
";

const HEADS_HEAD: &str = "
## Heads of HTTP/1

What header fields and paths tell counts for the dialect named here, together with what that dialect hears in the bodies
of the same connection. Bodies to whatever path are listened to for these dialects only: ";

fn page() -> String {
    let mut page = String::from(HEAD);
    for dialect in TABLE {
        page += &format!("\n## {}\n\n", dialect.title);
        page += &format!("- id: `{}`\n- coins: {}\n", dialect.id, dialect.coins);
        if let Some(wider) = dialect.narrows {
            page += &format!("- a kind of: `{wider}`\n");
        }
        let anchors: Vec<String> = dialect.anchors.iter().map(|anchor| format!("`{anchor}`")).collect();
        page += &format!("- anchors: {}\n- source: PROTOCOLS.md section {}\n\n", anchors.join(", "), dialect.section);
        page += &tokens(dialect.tokens);
        if let Some(work) = dialect.work {
            page += &format!("\nCounted: {}.\n", work.form);
        }
    }
    page += STREAM_HEAD;
    for dialect in stream::STREAMS {
        page += &format!("\n### {}\n\n- id: `{}`\n- coins: {}\n", dialect.title, dialect.id, dialect.coins);
        page += &format!("- source: PROTOCOLS.md section {}\n\n{}", dialect.section, tokens(dialect.tokens));
    }
    page + &heads()
}

fn heads() -> String {
    let spoken = TABLE.iter().filter(|dialect| head::is_spoken_over_http(dialect));
    let spoken: Vec<String> = spoken.map(|dialect| format!("`{}`", dialect.id)).collect();
    let mut page = format!("{HEADS_HEAD}{}.\n", spoken.join(", "));
    for dialect in TABLE {
        let rows: Vec<Token> =
            head::HEADS.iter().filter(|row| row.dialect == dialect.id).map(|row| row.token).collect();
        if !rows.is_empty() {
            page += &format!("\n### {}, in heads\n\n{}", dialect.title, tokens(&rows));
        }
    }
    page
}

fn tokens(tokens: &[Token]) -> String {
    let mut table = String::from("| token | who | tells | form |\n|---|---|---|---|\n");
    for token in tokens {
        let who = if token.speaker == Speaker::Miner { "miner" } else { "pool" };
        let tells = match token.weight {
            SURE.. => String::from("settles"),
            PROOF.. => String::from("proves"),
            weight => weight.to_string(),
        };
        table += &format!("| {} | {who} | {tells} | {} |\n", token.name, token.form);
    }
    table
}

#[test]
fn the_documentation_is_the_table() {
    let page = page();
    if std::env::var_os("WRITE_DOCS").is_some() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/dialects.md");
        std::fs::write(path, &page).unwrap_or_else(|error| panic!("cannot write {path}: {error}"));
        return;
    }
    assert!(DOCS == page, "docs/dialects.md is not what the table says; WRITE_DOCS=1 writes it");
}
