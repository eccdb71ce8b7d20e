//! What is heard in a connection's first bytes, at every length, and what is not.

mod binary;
mod near;

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use super::End::{Client, Server};
use super::*;
use crate::dialect::PROOF;

/// What proves mining: the dialect, `coin|wallet|worker|agent`, and the password.
type Proof = (&'static str, String, Option<Vec<u8>>);

fn proof(beginning: Beginning<'_>) -> Option<Proof> {
    super::hear(beginning).find_map(|(place, told)| {
        let dialect = &STREAMS[place];
        assert!(dialect.tokens.iter().any(|token| token.name == told.heard.token), "{}", told.heard.token);
        if dialect.id == "miner-proxy" {
            assert!(told.heard.weight < PROOF);
            return None;
        }
        assert!(told.heard.weight >= PROOF);
        let said = told.heard.said;
        let words = [said.coin, said.wallet, said.worker, said.agent].map(Option::unwrap_or_default);
        Some((dialect.id, words.join("|"), told.secret.map(<[u8]>::to_vec)))
    })
}

fn hear(client: &[u8], server: &[u8]) -> Option<Proof> {
    proof(Beginning { client, server, turns: &[] })
}

/// A conversation: who says what, in order.
struct Talk(Vec<(End, Vec<u8>)>);

impl Talk {
    fn octets(&self) -> usize {
        self.0.iter().map(|(_, said)| said.len()).sum()
    }

    /// Lends what was said up to so many octets.
    fn until<T>(&self, octets: usize, hear: impl FnOnce(Beginning<'_>) -> T) -> T {
        let (mut client, mut server, mut turns) = (Vec::new(), Vec::new(), Vec::<Turn>::new());
        let mut left = octets;
        for (end, said) in &self.0 {
            let said = &said[..said.len().min(left)];
            left -= said.len();
            if said.is_empty() {
                break;
            }
            if *end == Client { &mut client } else { &mut server }.extend_from_slice(said);
            match turns.last_mut().filter(|turn| turn.end == *end) {
                Some(turn) => turn.octets += said.len(),
                None => turns.push(Turn { end: *end, octets: said.len() }),
            }
        }
        turns.truncate(TURNS);
        hear(Beginning { client: &client, server: &server, turns: &turns })
    }

    /// The first moment it is heard. From there on it must stay heard, whatever follows, as the same dialect.
    fn heard(&self) -> Option<(usize, Proof)> {
        let mut first: Option<(usize, Proof)> = None;
        let mut waited = true;
        for octets in 0..=self.octets() {
            let waits = self.until(octets, awaits);
            let proof = self.until(octets, proof);
            match (&first, proof) {
                (None, Some(proof)) => {
                    first = Some((octets, proof));
                    waited &= octets > 0;
                }
                (Some((at, first)), Some(proof)) => assert_eq!(first.0, proof.0, "heard at {at}, at {octets} another"),
                (Some((at, first)), None) => panic!("{} heard at {at}, not any more at {octets}", first.0),
                (None, None) => waited &= waits || octets == 0,
            }
        }
        assert!(first.is_none() || waited, "{first:?}: it was not waited for");
        first
    }

    /// The same with the ends taken for each other.
    fn turned(&self) -> Self {
        let other = |end| if end == Client { Server } else { Client };
        Self(self.0.iter().map(|(end, said)| (other(*end), said.clone())).collect())
    }
}

/// Bytes that look random, the same each time.
fn noise(length: usize, seed: u64) -> Vec<u8> {
    let mut state = seed;
    let mut next = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as u8
    };
    (0..length).map(|_| next()).collect()
}

const HASH: &str = "0123456789abcdef0123456789abcdef01234567";

#[test]
fn lines_of_duino_coin_and_xatum() {
    let hash = HASH;
    let digest = "00".repeat(32);
    for (client, server, dialect, said) in [
        ("JOB,bob,LOW,s3cret\n", "", "duino-coin", "DUCO|bob||"),
        ("JOB,bob,AVR\n", "3.0\n", "duino-coin", "DUCO|bob||"),
        ("12345,1234567.8,Official PC Miner 4.1,rig1,,77\n", "", "duino-coin", "DUCO||rig1|Official PC Miner 4.1"),
        ("", &*format!("3.0\n{hash},{hash},5000\n"), "duino-coin", "DUCO|||"),
        ("", &format!("4.3\r\n{hash},{hash},6\r\nGOOD\r\n"), "duino-coin", "DUCO|||"),
        ("", &format!("{hash},{hash},6\nGOOD\n"), "duino-coin", "DUCO|||"),
        ("", &format!("BAD,Incorrect result\n{hash},{hash},6\n"), "duino-coin", "DUCO|||"),
        (
            "shake~{\"addr\":\"xel:abc\",\"work\":\"x\",\"agent\":\"m/1\",\"algos\":[\"xel/0\"]}\n",
            "",
            "xatum",
            "XEL|xel:abc|x|m/1",
        ),
        (&format!("pong~{{}}\nsubmit~{{\"data\":\"AAEC\",\"hash\":\"{digest}\"}}\n"), "", "xatum", "|||"),
        ("", "job~{\"diff\":1000,\"blob\":\"00ff\"}\n", "xatum", "|||"),
        ("", "ping~{}\njob~{\"diff\":1000,\"blob\":\"00ff\"}\n", "xatum", "|||"),
    ] {
        let heard = hear(client.as_bytes(), server.as_bytes()).unwrap_or_else(|| panic!("{client}{server}"));
        assert_eq!((heard.0, heard.1.as_str()), (dialect, said), "{client}{server}");
    }
    assert_eq!(hear(b"JOB,bob,LOW,s3cret\n", b"").unwrap().2, Some(b"s3cret".to_vec()));
}

#[test]
fn lines_of_other_software() {
    let hash = HASH;
    for (client, server) in [
        ("JOB,42,printed,ok\n", ""),
        ("JOB,bob,LOW,key,more\n", ""),
        ("JOB LOW bob\n", ""),
        ("1,2,3,4,5\n", ""),
        ("12,3.5,Miner's Arms,York\n", ""),
        ("12,3.5,Miner Street 4,York,UK,2811\n", ""),
        ("", &*format!("{hash},{hash},5000\n")),
        ("", &format!("3.0\n{hash} {hash} 5000\n")),
        ("", "3.0\nhello\n"),
        ("", "3.0\nGOOD\n"),
        ("shake~it\n", ""),
        ("shake~{\"addr\":\"here\"}\n", ""),
        ("submit~{\"data\":\"x\",\"hash\":\"none\"}\n", ""),
        ("", "job~{\"title\":\"cook\"}\n"),
        ("GET / HTTP/1.1\r\n\r\n", "HTTP/1.1 200 OK\r\n\r\n"),
    ] {
        assert_eq!(hear(client.as_bytes(), server.as_bytes()), None, "{client}{server}");
    }
}

#[test]
fn a_turn_without_a_line_end_is_a_line() {
    let (ask, share) = ("JOB,bob,LOW,s3cret", "77,1234.5,Official PC Miner 4.1,rig1,,77");
    let job = format!("{HASH},{HASH},5000\n");
    let says = |end, text: &str| (end, text.as_bytes().to_vec());
    let talk = Talk([says(Server, "3.0\n"), says(Client, ask), says(Server, &job), says(Client, share)].into());
    let (at, heard) = talk.heard().unwrap();
    assert_eq!(at, 4 + ask.len() + 1, "as soon as the pool answers");
    assert_eq!(heard, ("duino-coin", String::from("DUCO|bob||"), Some(b"s3cret".to_vec())));
    // Picked up in its middle, and the version without a line end.
    let talk = Talk([says(Client, share), says(Server, "GOOD\n")].into());
    assert_eq!(talk.heard().unwrap().1.1, "DUCO||rig1|Official PC Miner 4.1");
    let talk = Talk([says(Server, "3.0"), says(Client, "JOB,bob,TOASTER"), says(Server, &job)].into());
    assert_eq!(talk.heard().unwrap().1.0, "duino-coin");
    // While it may still go on, it is no line.
    assert_eq!(Talk([says(Server, "3.0\n"), says(Client, ask)].into()).heard(), None);
}
