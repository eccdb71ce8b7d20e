//! The texts of the pages: found in their sources, held in a template, translated in a catalogue.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};

use super::{SCRIPTS, app_file, script};

/// A message of a catalogue and its translation; the template's are empty.
pub(super) type Messages = Vec<(String, String)>;

/// Every text of the app: what stands in `_('..')`, the menu's titles, the name of the rights; with the files it is in.
pub(super) fn found() -> BTreeMap<String, BTreeSet<String>> {
    let mut found: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    let mut add = |text: String, file: &str| found.entry(text).or_default().insert(file.to_owned());
    for name in SCRIPTS {
        for text in marked(&script(name)) {
            add(text, &format!("{}/{name}", super::RESOURCES));
        }
    }
    let menu = "root/usr/share/luci/menu.d/luci-app-minewall.json";
    let nodes: Value = serde_json::from_str(&app_file(menu)).unwrap();
    for node in nodes.as_object().unwrap().values() {
        add(node["title"].as_str().unwrap().to_owned(), menu);
    }
    let rights = "root/usr/share/rpcd/acl.d/luci-app-minewall.json";
    let groups: Value = serde_json::from_str(&app_file(rights)).unwrap();
    for group in groups.as_object().unwrap().values() {
        add(group["description"].as_str().unwrap().to_owned(), rights);
    }
    found
}

/// What stands in `_('..')`.
fn marked(source: &str) -> Vec<String> {
    let mut texts = Vec::new();
    for (at, _) in source.match_indices("_(") {
        if source[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_' || c == '$') {
            continue;
        }
        let rest = &source[at + 2..];
        let Some(rest) = rest.strip_prefix('\'') else {
            panic!("only '..' may stand in _(): {}", &rest[..40.min(rest.len())])
        };
        let (mut text, mut letters) = (String::new(), rest.chars());
        loop {
            match letters.next().expect("the text ends") {
                '\'' => break,
                '\\' => text.extend(letters.next()),
                letter => text.push(letter),
            }
        }
        texts.push(text);
    }
    texts
}

fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

/// The template of all texts.
pub(super) fn template() -> String {
    let mut text = "msgid \"\"\nmsgstr \"Content-Type: text/plain; charset=UTF-8\"\n".to_owned();
    for (message, files) in found() {
        text += "\n";
        text.extend(files.iter().map(|file| format!("#: applications/luci-app-minewall/{file}\n")));
        text += &format!("msgid {}\nmsgstr \"\"\n", quoted(&message));
    }
    text
}

/// Reads a catalogue: each message on one line, its translation on the next; the header is left out.
pub(super) fn read(text: &str) -> Messages {
    let unquote = |line: &str, word: &str| {
        let quoted = line.strip_prefix(word).unwrap_or_else(|| panic!("{line:?} does not begin with {word}")).trim();
        serde_json::from_str::<String>(quoted).unwrap_or_else(|error| panic!("{line}: {error}"))
    };
    let lines: Vec<_> =
        text.lines().filter(|line| !line.is_empty() && !line.starts_with('#') && !line.starts_with('"')).collect();
    assert_eq!(lines.len() % 2, 0);
    let pairs = lines.chunks(2).map(|pair| (unquote(pair[0], "msgid"), unquote(pair[1], "msgstr")));
    pairs.filter(|(message, _)| !message.is_empty()).collect()
}

/// The Chinese catalogue.
pub(super) fn chinese() -> Messages {
    read(&app_file("po/zh_Hans/minewall.po"))
}

/// Translations as the pages ask for them; those of English are none.
pub(super) fn catalogue(lang: &str) -> Value {
    if lang == "en" {
        return json!({});
    }
    let own = OWN.iter().map(|(message, text)| ((*message).to_owned(), json!(text)));
    let texts = own.chain(chinese().into_iter().map(|(message, text)| (message, json!(text))));
    Value::Object(texts.collect::<Map<_, _>>())
}

/// What LuCI itself says, as far as the stand-in does.
const OWN: [(&str, &str); 6] = [
    ("Save & Apply", "保存并应用"),
    ("Save", "保存"),
    ("Reset", "重置"),
    ("Add", "添加"),
    ("Delete", "删除"),
    ("This section contains no values yet", "尚无任何配置"),
];

/// What is put into a text, in its order.
pub(super) fn places(text: &str) -> Vec<String> {
    let mut places = Vec::new();
    let mut rest = text;
    while let Some((_, behind)) = rest.split_once('%') {
        let kind: String = behind.chars().take(1).collect();
        rest = &behind[kind.len()..];
        places.push(kind);
    }
    places
}
