//! Segments, order, repetition, contradiction.

use minewall_catalogue::{Case, Random, Side, Transport};
use minewall_core::dialect::stream::STREAMS;
use minewall_core::engine::{Engine, Verdict};
use minewall_core::policy::Mode;

use super::talk::{Burst, Carried, Talk, bursts, cases, engine, pieces, plainly};

/// Ways each conversation is sent in.
const WAYS: u64 = 1_000;

/// Flows the engine remembers; old ones make room.
const FLOWS: usize = 1_024;

fn random_of(law: &str, case: &Case, way: u64) -> Random {
    Random::from_text(&format!("{law} {} {way}", case.directory()))
}

fn carried(random: &mut Random) -> Carried {
    // Sequence numbers near the end, too, so that they begin anew within the conversation.
    let mut begin = || if random.below(3) == 0 { u32::MAX - random.below(600) as u32 } else { random.draw() as u32 };
    let begin = [begin(), begin()];
    Carried { v6: random.below(2) == 0, syn: random.below(2) == 0, begin }
}

/// A burst's pieces as they are sent: shuffled, some twice. They are fewer than the packets looked at, which nothing
/// telling must use up before the first octet comes.
///
/// Where the connection's beginning was not seen, three kinds of conversation begin with their first octets all the same:
/// near misses, since a line of stratum that is all that was seen is stratum; DNS, whose messages stand behind their
/// lengths; and protocols told by their first octets. And a segment that comes before its time is heard by itself where it
/// begins with an object, wherever that stood: a near miss cut just there comes in order.
fn sent(case: &Case, burst: &Burst, carried: Carried, random: &mut Random) -> Vec<std::ops::Range<usize>> {
    let many = [0, 1, 5, 8][random.below(4)];
    let mut pieces = pieces(burst.octets.len(), many, random);
    if random.below(2) == 0 {
        for place in (1..pieces.len()).rev() {
            pieces.swap(place, random.below(place + 1));
        }
    }
    for _ in 0..random.below(4) {
        let piece = pieces[random.below(pieces.len())].clone();
        pieces.insert(random.below(pieces.len() + 1), piece);
    }
    if !carried.syn && !is_told_by_lines(case) {
        pieces.sort_by_key(|piece| piece.start > 0);
    }
    let opens = |piece: &std::ops::Range<usize>| {
        let first = burst.octets[piece.clone()].iter().find(|octet| !b" \t\r\n[],\0".contains(octet));
        piece.start > 0 && first == Some(&b'{')
    };
    if case.expect.is_none() && pieces.iter().any(opens) {
        pieces.sort_by_key(|piece| piece.start);
    }
    pieces
}

/// Whether it is mining that is told by lines, wherever they stand.
fn is_told_by_lines(case: &Case) -> bool {
    let Some(expect) = &case.expect else { return false };
    let is_stream = STREAMS.iter().any(|dialect| expect.dialect.as_deref() == Some(dialect.id));
    expect.layer != "dns" && !is_stream
}

/// Any segments, in any order within what one side says in one go, some twice, some again after the other side has
/// spoken, over IPv4 or IPv6, with or without the connection's beginning: the same finding.
#[test]
fn the_same_is_found_however_it_is_sent() {
    let mut engine = engine(Mode::Observe, FLOWS);
    let mut wrong = Vec::new();
    for case in cases() {
        let (expected, _) = plainly(&case, &mut engine);
        if expected.is_some() != case.expect.is_some() {
            wrong.push(format!("{}: plainly sent, {expected:?} is found", case.directory()));
            continue;
        }
        let bursts = bursts(&case);
        for way in 0..WAYS {
            let mut random = random_of("sending", &case, way);
            let carried = carried(&mut random);
            let mut talk = Talk::new(&case, &mut engine, carried);
            for (number, burst) in bursts.iter().enumerate() {
                let earlier = number.checked_sub(2).and_then(|two| bursts.get(two)).filter(|_| random.below(4) == 0);
                for piece in sent(&case, burst, carried, &mut random) {
                    talk.say(burst.side, piece.start, &burst.octets[piece]);
                }
                if let Some(earlier) = earlier {
                    // The same side's burst before, again.
                    let piece = pieces(earlier.octets.len(), 1, &mut random)[0].clone();
                    talk.again(earlier, earlier.octets.len(), piece.start, &earlier.octets[piece]);
                }
                talk.end(burst);
            }
            if talk.found != expected {
                wrong.push(format!("{} in way {way}: {:?}, not {expected:?}", case.directory(), talk.found));
                break;
            }
        }
    }
    assert!(wrong.is_empty(), "{} cases:\n{}", wrong.len(), wrong.join("\n"));
}

/// Where some octets are sent twice and differ, it is found whichever of the two was meant: unless the first copy made the
/// whole connection something that is not looked at any more, which a text never is. DNS over TCP is not held to this: its
/// messages are done with as soon as they are whole.
#[test]
fn contradictions_hide_nothing() {
    let mut engine = engine(Mode::Observe, FLOWS);
    let mut wrong = Vec::new();
    let is_held = |case: &Case| case.expect.as_ref().is_some_and(|expect| expect.layer != "dns");
    for case in cases().into_iter().filter(is_held) {
        for way in 0..WAYS {
            let mut random = random_of("contradiction", &case, way);
            let carried = carried(&mut random);
            let mut talk = Talk::new(&case, &mut engine, carried);
            let lie_first = random.below(2) == 0;
            let mut is_let_go = false;
            for burst in &bursts(&case) {
                is_let_go |= contradict(&mut talk, burst, lie_first, &mut random);
            }
            if talk.found.is_none() && (!is_let_go || is_plain(&case)) {
                wrong.push(format!("{} in way {way}: nothing", case.directory()));
                break;
            }
        }
    }
    assert!(wrong.is_empty(), "{} cases:\n{}", wrong.len(), wrong.join("\n"));
}

/// Sends a burst with a lie about a part of it; tells whether the connection was let go.
fn contradict(talk: &mut Talk<'_>, burst: &Burst, lie_first: bool, random: &mut Random) -> bool {
    let pieces = pieces(burst.octets.len(), 3, random);
    let forged = random.below(pieces.len());
    let mut is_let_go = false;
    for (number, piece) in pieces.into_iter().enumerate() {
        let octets = &burst.octets[piece.clone()];
        let lie: Vec<u8> = octets.iter().map(|octet| octet ^ (1 + random.below(31) as u8)).collect();
        let copies = match (number == forged, lie_first) {
            (false, _) => vec![octets],
            (true, true) => vec![&lie[..], octets],
            (true, false) => vec![octets, &lie[..]],
        };
        for copy in copies {
            is_let_go |= talk.say(burst.side, piece.start, copy) == Verdict::Clear;
        }
    }
    talk.end(burst);
    is_let_go
}

/// Whether it is nothing but lines on a connection of their own.
fn is_plain(case: &Case) -> bool {
    case.conversation.messages.iter().all(|message| message.octets.first() == Some(&b'{'))
}

/// Where mining is cut and the client's message tells it, that message does not reach the far end whole; nor, where it
/// tells only together with those before it, all of them.
#[test]
fn the_telling_message_does_not_pass_whole() {
    let mut engine = engine(Mode::Block, FLOWS);
    let mut wrong = Vec::new();
    let mut held = 0;
    for case in cases().into_iter().filter(|case| case.expect.is_some()) {
        let (found, telling) = plainly(&case, &mut engine);
        let Some(telling) = found.and(telling) else {
            wrong.push(format!("{}: nothing is found", case.directory()));
            continue;
        };
        if case.conversation.messages[telling].side == Side::Server {
            continue;
        }
        held += 1;
        for way in 0..WAYS {
            let mut random = random_of("cutting", &case, way);
            if passes(&case, &mut engine, telling, &mut random) {
                wrong.push(format!("{} in way {way}: message {telling} passes whole", case.directory()));
                break;
            }
        }
    }
    assert!(wrong.is_empty(), "{} cases:\n{}", wrong.len(), wrong.join("\n"));
    assert!(held > 60, "only {held} cases are told by the client");
}

/// Whether all that the client says up to this message passes whole when the conversation is sent in some way.
fn passes(case: &Case, engine: &mut Engine, telling: usize, random: &mut Random) -> bool {
    let carried = carried(random);
    let mut talk = Talk::new(case, engine, carried);
    let mut all = true;
    for burst in bursts(case) {
        let mut passed = vec![false; burst.octets.len()];
        for piece in sent(case, &burst, carried, random) {
            if talk.say(burst.side, piece.start, &burst.octets[piece.clone()]) != Verdict::Cut {
                passed[piece].fill(true);
            }
        }
        talk.end(&burst);
        let told = burst.messages.iter().filter(|(number, _)| burst.side == Side::Client && *number <= telling);
        all &= told.flat_map(|(_, range)| range.clone()).all(|at| passed[at]);
    }
    all
}

#[test]
fn the_catalogue_has_every_kind_of_conversation() {
    let cases = cases();
    let count = |is: fn(&Case) -> bool| cases.iter().filter(|case| is(case)).count();
    assert!(count(|case| case.conversation.transport == Transport::TcpUnderWay) > 20);
    assert!(count(|case| case.conversation.server.is_ipv6()) > 20);
    assert!(count(|case| case.expect.as_ref().is_some_and(|expect| expect.side() == Side::Server)) > 20);
}
