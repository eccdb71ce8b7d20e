//! Under overload fewer packets are looked at, and what is under way is followed all the same.

use super::*;

/// The packets of an unknown protocol until the flow is settled.
fn packets_until_clear(engine: &mut Engine, port: u16) -> usize {
    let (mut host, server) = ends(false);
    host.set_port(port);
    let verdicts = (0..100).map(|at| give(engine, &segment(host, server, at * 64, DATA, &[0xf7; 64])).verdict);
    verdicts.take_while(|verdict| *verdict == Verdict::Look).count() + 1
}

#[test]
fn an_eased_engine_settles_unknown_flows_earlier_and_recovers() {
    let mut engine = engine(Mode::Block);
    let all = packets_until_clear(&mut engine, 1000);
    let mut eased = |level| {
        engine.ease(level);
        packets_until_clear(&mut engine, 1000 + level as u16)
    };
    let eased = [1, 2, 3, 4].map(&mut eased);
    assert_eq!((all, eased), (16, [8, 4, 1, 1]));
    // A reload changes nothing of it.
    engine.ease(1);
    engine.reload(Settings { look_packets: 32, ..settings(Mode::Block, Vec::new()) });
    assert_eq!(packets_until_clear(&mut engine, 1010), 16);
    engine.ease(0);
    assert_eq!(packets_until_clear(&mut engine, 1011), 32);
}

#[test]
fn a_login_in_pieces_is_found_by_an_engine_eased_to_the_utmost() {
    let mut engine = engine(Mode::Block);
    engine.ease(EASE_MAX);
    let (host, server) = ends(false);
    let pieces = LOGIN.as_bytes().chunks(20).enumerate();
    let last = pieces.map(|(at, piece)| give(&mut engine, &segment(host, server, at as u32 * 20, DATA, piece)).verdict);
    assert_eq!(last.last(), Some(Verdict::Cut));
}
