//! What rpcd lets a session do, by the app's own list.

use serde_json::Value;

use super::app_file;

/// The rights of the app.
#[derive(Clone, Debug)]
pub(super) struct Acl {
    read: Value,
    write: Value,
    /// Whether the session has the rights to change something as well.
    pub(super) may_write: bool,
}

impl Acl {
    /// Those of the app.
    pub(super) fn of_app(may_write: bool) -> Self {
        let text = app_file("root/usr/share/rpcd/acl.d/luci-app-minewall.json");
        let all: Value = serde_json::from_str(&text).unwrap();
        let group = &all["luci-app-minewall"];
        assert_eq!(all.as_object().unwrap().len(), 1, "one group");
        Self { read: group["read"].clone(), write: group["write"].clone(), may_write }
    }

    /// The parts that count, those to change something last.
    fn parts(&self) -> impl Iterator<Item = &Value> {
        [Some(&self.read), self.may_write.then_some(&self.write)].into_iter().flatten()
    }

    /// Whether a command may be run: it stands there word for word, a star stands for anything. rpcd takes a list with
    /// a program alone for any arguments; here that counts as well.
    pub(super) fn runs(&self, words: &[String]) -> bool {
        let line = words.join(" ");
        self.parts().filter_map(|part| part["file"].as_object()).flatten().any(|(pattern, rights)| {
            has(rights, "exec")
                && (matches(pattern, &line) || words.first().is_some_and(|first| matches(pattern, first)))
        })
    }

    /// Whether programs may be run by ubus (`file`), by cgi-io (`cgi-io`).
    pub(super) fn executes_by(&self, way: &str) -> bool {
        self.parts().any(|part| match way {
            "cgi-io" => has(&part["cgi-io"], "exec"),
            object => has(&part["ubus"][object], "exec"),
        })
    }

    /// Whether a configuration may be read, or changed.
    pub(super) fn uci(&self, config: &str, is_change: bool) -> bool {
        if is_change {
            return self.may_write && has(&self.write["uci"], config);
        }
        has(&self.read["uci"], config)
    }

    /// All commands that are granted, with whether they need the right to change.
    pub(super) fn commands(&self) -> Vec<(String, bool)> {
        let of = |part: &Value, writes: bool| {
            part["file"].as_object().unwrap().keys().map(|line| (line.clone(), writes)).collect::<Vec<_>>()
        };
        [of(&self.read, false), of(&self.write, true)].concat()
    }
}

fn has(list: &Value, word: &str) -> bool {
    list.as_array().is_some_and(|list| list.iter().any(|one| one == word))
}

/// As fnmatch(3) without flags; of its patterns only the star.
fn matches(pattern: &str, text: &str) -> bool {
    assert!(!pattern.contains(['?', '[', '\\']), "only stars are understood here: {pattern}");
    let mut parts = pattern.split('*');
    let Some(mut rest) = parts.next().and_then(|first| text.strip_prefix(first)) else { return false };
    let parts: Vec<_> = parts.collect();
    let Some((last, middle)) = parts.split_last() else { return rest.is_empty() };
    for part in middle {
        let Some((_, behind)) = rest.split_once(part) else { return false };
        rest = behind;
    }
    rest.ends_with(last)
}

#[test]
fn stars_stand_for_anything() {
    for (pattern, text, is_it) in [
        ("a b", "a b", true),
        ("a b", "a bc", false),
        ("a -- *", "a -- x y", true),
        ("a -- *", "a x", false),
        ("*c*e", "abcde", true),
    ] {
        assert_eq!(matches(pattern, text), is_it, "{pattern} {text}");
    }
}
