//! Figures as people read them.

/// A whole number with its thousands apart.
pub(crate) fn whole(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A count.
pub(crate) fn count(number: usize) -> String {
    whole(number as u64)
}

/// A number with as many places as are worth reading: `148,500`, `24.3`, `0.24`.
pub(crate) fn number(number: f64) -> String {
    let places = match number.abs() {
        0.0 => return "0".to_owned(),
        size if size < 9.995 => 2,
        size if size < 999.95 => 1,
        _ => 0,
    };
    let text = format!("{number:.places$}");
    let (integer, fraction) = text.split_once('.').unwrap_or((&text, ""));
    let integer = integer.parse::<u64>().map_or_else(|_| integer.to_owned(), whole);
    if fraction.is_empty() { integer } else { format!("{integer}.{fraction}") }
}

/// A mass in the unit that fits.
pub(crate) fn mass(kg: f64) -> String {
    if kg < 1000.0 { format!("{} kg", number(kg)) } else { format!("{} t", number(kg / 1000.0)) }
}

/// A rate in the unit that fits: `10.0 kH/s`.
pub(crate) fn rate(hashes: f64) -> String {
    let units = [(1e18, "EH/s"), (1e15, "PH/s"), (1e12, "TH/s"), (1e9, "GH/s"), (1e6, "MH/s"), (1e3, "kH/s")];
    match units.into_iter().find(|(unit, _)| hashes >= *unit) {
        Some((unit, name)) => format!("{} {name}", number(hashes / unit)),
        None => format!("{} H/s", number(hashes)),
    }
}

/// A long word with its middle left out, for narrow columns: wallets are told apart by their ends.
pub(crate) fn shortened(text: &str, most: usize) -> String {
    let chars: Vec<char> = text.chars().collect();
    if chars.len() <= most || most < 3 {
        return text.to_owned();
    }
    let tail = (most - 1) / 3;
    let head = most - 1 - tail;
    let head: String = chars.iter().take(head).collect();
    let tail: String = chars.iter().skip(chars.len() - tail).collect();
    format!("{head}…{tail}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_are_as_people_read_them() {
        for (number, text) in [
            (0.0, "0"),
            (0.244, "0.24"),
            (9.996, "10.0"),
            (24.31, "24.3"),
            (999.96, "1,000"),
            (148_500.0, "148,500"),
            (1_234_567.4, "1,234,567"),
        ] {
            assert_eq!(super::number(number), text);
        }
        assert_eq!((mass(97.04), mass(59_994.0)), ("97.0 kg".to_owned(), "60.0 t".to_owned()));
        assert_eq!(
            (rate(999.0), rate(1.0e4), rate(1.1e14)),
            ("999.0 H/s".into(), "10.0 kH/s".into(), "110.0 TH/s".into())
        );
        assert_eq!((shortened("48edfHu7V9Z84Yzz", 10), shortened("short", 10)), ("48edfH…Yzz".into(), "short".into()));
    }
}
