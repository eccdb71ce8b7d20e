//! Ways round the look: what comes split, late, twice, behind junk or beside something else must still be heard.

use super::*;

const SUBSCRIBE: &str = "{\"id\": 1, \"method\": \"mining.subscribe\", \"params\": [\"cgminer/4.11.1\"]}\n";

/// One conversation on the ports of `ends(false)`, or to another port.
struct Talk {
    engine: Engine,
    host: SocketAddr,
    pool: SocketAddr,
}

impl Talk {
    fn to_port(port: u16) -> Self {
        let (host, mut pool) = ends(false);
        pool.set_port(port);
        Self { engine: engine(Mode::Block), host, pool }
    }

    fn new() -> Self {
        Self::to_port(3333)
    }

    fn host(&mut self, at: usize, payload: &[u8]) -> Verdict {
        give(&mut self.engine, &segment(self.host, self.pool, 1000 + at as u32, DATA, payload)).verdict
    }

    fn pool(&mut self, at: usize, payload: &[u8]) -> Verdict {
        give(&mut self.engine, &segment(self.pool, self.host, 77_000 + at as u32, DATA, payload)).verdict
    }
}

#[test]
fn a_segment_that_comes_twice_does_not_end_the_look_inside_a_message() {
    let mut talk = Talk::new();
    let login = LOGIN.as_bytes();
    for at in 0..20 {
        assert_eq!(talk.host(at, &login[at..=at]), Verdict::Look);
    }
    assert_eq!(talk.host(3, &login[3..=3]), Verdict::Look, "a retransmission brings nothing new");
    assert_eq!(talk.host(40, &login[40..50]), Verdict::Look, "nor does what comes before its time");
    assert_eq!(talk.host(20, &login[20..]), Verdict::Cut);
}

#[test]
fn a_chatty_far_end_does_not_end_the_look_inside_a_message() {
    let mut talk = Talk::new();
    let login = LOGIN.as_bytes();
    talk.host(0, &login[..30]);
    for at in 0..40 {
        assert_eq!(talk.pool(at, b" "), Verdict::Look);
    }
    assert_eq!(talk.pool(40, &[b' '; 5000]), Verdict::Look);
    assert_eq!(talk.host(30, &login[30..]), Verdict::Cut);
}

#[test]
fn many_small_objects_hide_none_behind_them() {
    let text = ["{}".repeat(200), LOGIN.into()].concat();
    assert_eq!(Talk::new().host(0, text.as_bytes()), Verdict::Cut);
}

#[test]
fn what_stands_before_an_object_does_not_hide_its_beginning() {
    for junk in ["\u{feff}", "\0\0", "[", "\r\n \t", "c\",true]}\n", "\n[ "] {
        let text = [junk.as_bytes(), LOGIN.as_bytes()].concat();
        for at in 1..text.len() - 2 {
            let mut talk = Talk::new();
            talk.host(0, &text[..at]);
            assert_eq!(talk.host(at, &text[at..]), Verdict::Cut, "{junk:?} and a cut at {at}");
        }
    }
}

#[test]
fn the_port_of_dns_hides_no_login() {
    for lead in ["", "\r\n", "\n\n\n\n ", "  "] {
        let text = [lead, SUBSCRIBE].concat();
        assert_eq!(Talk::to_port(53).host(0, text.as_bytes()), Verdict::Cut, "{lead:?}");
        let mut talk = Talk::to_port(53);
        let verdicts: Vec<_> = (0..text.len()).map(|at| talk.host(at, &text.as_bytes()[at..=at])).collect();
        assert_eq!(verdicts[text.len() - 2], Verdict::Cut, "{lead:?} byte by byte");
        assert!(verdicts[..text.len() - 2].iter().all(|verdict| *verdict == Verdict::Look));
    }
    assert_eq!(Talk::to_port(53).pool(0, SUBSCRIBE.replace("subscribe", "notify").as_bytes()), Verdict::Cut);
}

#[test]
fn a_first_word_of_http_is_not_yet_http() {
    let text = ["GET \n", SUBSCRIBE].concat();
    assert_eq!(Talk::new().host(0, text.as_bytes()), Verdict::Cut);
}

#[test]
fn a_listed_address_that_may_pass_does_not_hide_the_login() {
    let mut engine = engine(Mode::Block);
    let categories = Categories { pool: crate::policy::CategoryAction::Ignore, ..Categories::default() };
    let policy = Policy::new(Mode::Block, categories, DnsAnswer::Nxdomain, Inside::default(), vec![]);
    let settings = Settings { policy: Arc::new(policy), ..settings(Mode::Block, vec![]) };
    engine.reload(settings);
    let to = "192.0.2.9:3333".parse().unwrap();
    let outcome = give(&mut engine, &segment(ends(false).0, to, 1, DATA, LOGIN.as_bytes()));
    assert_eq!(outcome.verdict, Verdict::Cut);
    assert_eq!(outcome.record.unwrap().finding.layer, Layer::Payload);
}

#[test]
fn every_second_byte_first_is_no_way_round() {
    let mut talk = Talk::new();
    let line = SUBSCRIBE.as_bytes();
    let odd = (1..line.len()).step_by(2);
    let mut cut = false;
    for at in [0].into_iter().chain(odd).chain((2..line.len()).step_by(2)) {
        cut |= talk.host(at, &line[at..=at]) == Verdict::Cut;
    }
    assert!(cut);
}

#[test]
fn a_new_connection_on_the_ports_of_a_settled_one_is_looked_at() {
    let mut talk = Talk::new();
    talk.host(0, b"GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    assert_eq!(talk.pool(0, b"HTTP/1.1 200 OK\r\n"), Verdict::Clear);
    assert_eq!(talk.pool(17, b"more of it"), Verdict::Clear, "the same connection stays cleared");
    assert_eq!(talk.host(0x3000_0000, SUBSCRIBE.as_bytes()), Verdict::Cut);
    assert_eq!(talk.host(0x3000_0000, SUBSCRIBE.as_bytes()), Verdict::Cut, "what is sent again stays cut");
    assert_eq!(talk.host(0x3000_0100, b"anything"), Verdict::Cut, "what follows as well");
    assert_eq!(talk.host(0x7000_0000, b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"), Verdict::Clear, "another connection");
    assert_eq!(talk.host(0xb000_0000, SUBSCRIBE.as_bytes()), Verdict::Cut);
}

/// The kernel answers the host of a cut connection by itself: its words need not come here.
#[test]
fn the_next_connection_is_looked_at_where_the_host_of_the_former_was_not_heard() {
    let notify = b"{\"id\":null,\"method\":\"mining.notify\",\"params\":[\"1\",true]}\n";
    for (words, verdict) in [(SUBSCRIBE, Verdict::Cut), ("GET / HTTP/1.1\r\nHost: a\r\n\r\n", Verdict::Clear)] {
        let mut talk = Talk::new();
        assert_eq!(talk.pool(0, notify), Verdict::Cut);
        let next = give(&mut talk.engine, &segment(talk.host, talk.pool, 0x3000_0000, DATA, words.as_bytes()));
        assert_eq!((next.verdict, next.record.is_some()), (verdict.clone(), verdict == Verdict::Cut), "{words}");
    }
}

#[test]
fn a_line_without_its_place_in_the_stream_is_heard_by_itself() {
    for far in [5_000_usize, 100_000, 0x4000_0000, 0x9000_0000] {
        let mut talk = Talk::new();
        talk.host(far, b"xxxx");
        assert_eq!(talk.host(0, SUBSCRIBE.as_bytes()), Verdict::Cut, "{far:#x} first");
        let mut talk = Talk::new();
        talk.host(0, b"xxxx");
        assert_eq!(talk.host(far, SUBSCRIBE.as_bytes()), Verdict::Cut, "{far:#x} later");
    }
    let mut talk = Talk::new();
    talk.host(0, b"{\"id\":0,");
    assert_eq!(talk.host(500, SUBSCRIBE.as_bytes()), Verdict::Cut, "behind a hole");
}

#[test]
fn a_clock_that_goes_back_a_little_forgets_no_flow() {
    let mut engine = engine(Mode::Block);
    let (host, pool) = ends(false);
    let start = 1_700_000_000_000_000;
    let mut at = |late: i64, seq: usize, part: &str| {
        let now = Now::from_wall_us(start - late);
        engine.on_ip(now, Meta::default(), &segment(host, pool, seq as u32, DATA, part.as_bytes())).verdict
    };
    let (first, second) = SUBSCRIBE.split_at(30);
    assert_eq!(at(0, 0, first), Verdict::Look);
    assert_eq!(at(200_000, 30, second), Verdict::Cut);
}

fn frame(name: &str, padding: usize) -> Vec<u8> {
    let mut message = query(name);
    message.extend(vec![0; padding]);
    [&(message.len() as u16).to_be_bytes()[..], &message].concat()
}

#[test]
fn a_connection_that_asks_is_never_cleared() {
    let listed = frame("a.pool.example.org", 0);
    let broken = {
        let mut message = frame("www.example.org", 0);
        message[7] = 9;
        message
    };
    for odd in [frame("www.example.org", 20_000), broken, vec![0, 0], vec![0, 3, 1, 2, 3]] {
        let mut talk = Talk::to_port(53);
        let mut at = 0;
        let mut say = |bytes: &[u8]| {
            let verdict = talk.host(at, bytes);
            at += bytes.len();
            verdict
        };
        assert_eq!(say(&frame("www.example.org", 0)), Verdict::Look);
        for part in odd.chunks(1400) {
            assert_eq!(say(part), Verdict::Look);
        }
        for _ in 0..20 {
            assert_eq!(say(&frame("www.example.org", 0)), Verdict::Look);
        }
        assert_eq!(say(&listed), Verdict::Cut);
    }
    let mut talk = Talk::to_port(53);
    assert_eq!(talk.host(0, &frame("a.pool.example.org", 20_000)[..5000]), Verdict::Cut, "a listed name with padding");
}

#[test]
fn answers_seen_before_any_question_clear_nothing() {
    let mut talk = Talk::to_port(53);
    for at in 0..40 {
        assert_eq!(talk.pool(at * 100, &[0; 100]), Verdict::Look);
    }
    assert_eq!(talk.host(0, &frame("a.pool.example.org", 0)), Verdict::Cut);
}

#[test]
fn questions_behind_a_lost_segment_are_read() {
    for lost in [40, 60_000] {
        let mut talk = Talk::to_port(53);
        let fine = frame("www.example.org", 0);
        assert_eq!(talk.host(0, &fine), Verdict::Look);
        let mut at = fine.len() + lost;
        for _ in 0..400 {
            assert_eq!(talk.host(at, &fine), Verdict::Look);
            at += fine.len();
        }
        assert_eq!(talk.host(at, &frame("a.pool.example.org", 0)), Verdict::Cut, "{lost} lost");
    }
}

#[test]
fn a_feeble_login_does_not_cover_a_full_one() {
    let feeble = "{\"id\":1,\"method\":\"login\",\"params\":{\"login\":\"bob\",\"pass\":\"p\"}}\n";
    let mut talk = Talk::new();
    assert_eq!(talk.host(0, feeble.as_bytes()), Verdict::Look);
    assert_eq!(talk.host(feeble.len(), LOGIN.as_bytes()), Verdict::Cut);
}

#[test]
fn nobody_keeps_the_ear_busy_with_one_flow() {
    let objects = "{}".repeat(1_900);
    let body = format!("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 60000\r\n\r\n{{\"a\":\"\\\\\"}}{objects}");
    let chatter = format!("{{\"a\":\"\\\\\"}}{objects}");
    for start in [body, chatter] {
        let mut talk = Talk::new();
        talk.host(0, start.as_bytes());
        // One octet that contradicts the first copy, and another the second time, again and again.
        let cleared = (0..2_000_u32).any(|round| {
            let octet = [b'a' + (round % 20) as u8];
            talk.host(start.len() - 1, &octet) == Verdict::Clear
        });
        assert!(cleared, "still listening");
    }
}

#[test]
fn an_instrument_that_tells_a_value_a_second_is_let_go() {
    let mut talk = Talk::new();
    let line = b"{\"t\":21.5}\n";
    let count = (0..2_000).take_while(|round| talk.host(round * line.len(), line) == Verdict::Look).count();
    assert!(count < 1_100, "{count} packets");
}
