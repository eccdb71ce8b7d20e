//! Nimiq: two check digits as of an IBAN. The first four letters count last, a letter counts 10 to 35, and the whole
//! leaves 1 modulo 97.

pub(super) fn holds(text: &str) -> bool {
    let letters = || text.bytes().filter(|letter| *letter != b' ');
    if letters().count() != 36 {
        return false;
    }
    let turned = letters().skip(4).chain(letters().take(4));
    turned.fold(0_u32, |rest, letter| match char::from(letter).to_digit(36) {
        Some(digit) if digit >= 10 => (rest * 100 + digit) % 97,
        Some(digit) => (rest * 10 + digit) % 97,
        None => rest,
    }) == 1
}
