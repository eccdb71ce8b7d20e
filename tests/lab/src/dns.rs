//! DNS messages, as little as readiness and load need (RFC 1035 section 4).

/// Fixed part of every message.
const HEADER: usize = 12;

/// A recursive question of class IN, without EDNS.
pub(crate) fn question(id: u16, name: &str, kind: u16) -> Vec<u8> {
    let mut message = Vec::with_capacity(HEADER + name.len() + 6);
    message.extend_from_slice(&id.to_be_bytes());
    message.extend_from_slice(&[0x01, 0x00, 0, 1, 0, 0, 0, 0, 0, 0]); // RD, one question
    for label in name.split('.').filter(|label| !label.is_empty()) {
        let length = label.len().min(63);
        message.push(length as u8);
        message.extend_from_slice(&label.as_bytes()[..length]);
    }
    message.push(0);
    message.extend_from_slice(&kind.to_be_bytes());
    message.extend_from_slice(&1_u16.to_be_bytes());
    message
}

/// Turns a question of one name in place into its answer: one A record, 203.0.113.2, TTL 60. Returns whether the
/// bytes were such a question.
pub(crate) fn answer(message: &mut Vec<u8>) -> bool {
    let Some(end) = question_end(message) else {
        return false;
    };
    message.truncate(end);
    message[2] = 0x85; // QR, AA, RD
    message[3] = 0x80; // RA, no error
    message[4..HEADER].copy_from_slice(&[0, 1, 0, 1, 0, 0, 0, 0]);
    message.extend_from_slice(&[0xc0, 0x0c, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, 203, 0, 113, 2]);
    true
}

/// Whether `message` answers the question `id` without an error and with at least one record.
pub(crate) fn answers(message: &[u8], id: u16) -> bool {
    message.len() >= HEADER
        && message[..2] == id.to_be_bytes()
        && message[2] & 0x80 != 0
        && message[3] & 0x0f == 0
        && message[6..8] != [0, 0]
}

/// Where the only question of a message ends.
fn question_end(message: &[u8]) -> Option<usize> {
    if message.len() < HEADER || message[2] & 0x80 != 0 || message[4..6] != [0, 1] {
        return None;
    }
    let mut at = HEADER;
    loop {
        let length = usize::from(*message.get(at)?);
        at += 1 + length;
        match length {
            0 => break,
            1..=63 => {}
            _ => return None,
        }
    }
    (at + 4 <= message.len()).then_some(at + 4)
}

#[cfg(test)]
mod tests {
    use super::{answer, answers, question};

    #[test]
    fn an_answer_answers_its_question_only() {
        let mut message = question(7, "www.example.org", 1);
        assert!(!answers(&message, 7), "a question is no answer");
        assert!(answer(&mut message));
        assert!(answers(&message, 7));
        assert!(!answers(&message, 8));
    }

    #[test]
    fn a_cut_question_is_not_answered() {
        let whole = question(7, "www.example.org", 1);
        for length in 0..whole.len() {
            assert!(!answer(&mut whole[..length].to_vec()), "length {length}");
        }
    }
}
