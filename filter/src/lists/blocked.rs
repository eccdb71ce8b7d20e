//! What would be blocked, name by name: each name that stands anywhere is asked for as a packet would ask, with a name
//! below it. So whatever decides (other lists, what is allowed, the guard) has decided.

/// Below a name, where nothing stands.
const BELOW: &str = "minewall-nowhere";

/// A name, and whether it and what is below it are blocked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Name {
    pub(crate) name: String,
    pub(crate) here: bool,
    pub(crate) below: bool,
    /// Whether it would be blocked if nothing stood on it.
    pub(crate) above: bool,
}

impl Name {
    /// Whether a record of it says anything.
    pub(crate) fn differs(&self) -> bool {
        (self.here, self.below) != (self.above, self.above)
    }
}

/// Names to be asked for: their labels in reverse, so that what is below a name follows it.
#[derive(Debug, Default)]
pub(crate) struct Marks(Vec<String>);

/// Stands for the dot in a mark: less than any letter of a name.
const DOT: char = '\u{1}';

impl Marks {
    pub(crate) fn push(&mut self, name: &str) {
        let name = name.strip_suffix('.').unwrap_or(name);
        let mut mark = String::with_capacity(name.len());
        for label in name.rsplit('.') {
            if !mark.is_empty() {
                mark.push(DOT);
            }
            mark.extend(label.chars().map(|letter| letter.to_ascii_lowercase()));
        }
        self.0.push(mark);
    }

    /// Asks for every name, and for one below each. In order, each once.
    pub(crate) fn ask(mut self, is_blocked: &dyn Fn(&str) -> bool) -> Vec<Name> {
        self.0.sort_unstable();
        self.0.dedup();
        let mut names = Vec::with_capacity(self.0.len());
        let mut over: Vec<(&str, bool)> = Vec::new();
        for mark in &self.0 {
            let is_below = |above: &str| mark.strip_prefix(above).is_some_and(|rest| rest.starts_with(DOT));
            while over.last().is_some_and(|(above, _)| !is_below(above)) {
                over.pop();
            }
            let name = mark.rsplit(DOT).collect::<Vec<_>>().join(".");
            let above = over.last().is_some_and(|(_, below)| *below);
            let (here, below) = (is_blocked(&name), is_blocked(&format!("{BELOW}.{name}")));
            over.push((mark, below));
            names.push(Name { name, here, below, above });
        }
        names
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_below_a_name_follows_it_and_knows_what_holds_above() {
        let mut marks = Marks::default();
        for name in ["www.Pool.com", "pool.com", "pool-x.com", "pool.com.", "a.www.pool.com", "exact.org"] {
            marks.push(name);
        }
        let blocked = |name: &str| {
            let open = name == "www.pool.com";
            (name == "pool.com" || name.ends_with(".pool.com")) && !open || name == "exact.org"
        };
        let names = marks.ask(&blocked);
        let said: Vec<_> = names.iter().map(|n| (n.name.as_str(), n.here, n.below, n.above)).collect();
        let want = [
            ("pool.com", true, true, false),
            ("www.pool.com", false, true, true),
            ("a.www.pool.com", true, true, true),
            ("pool-x.com", false, false, false),
            ("exact.org", true, false, false),
        ];
        assert_eq!(said, want);
        assert_eq!(names.iter().filter(|name| name.differs()).count(), 3);
    }
}
