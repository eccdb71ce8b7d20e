use std::collections::BTreeMap;

use minewall_core::config::Config;
use minewall_core::incident::Incident;

use super::*;

/// What both readers say of a configuration.
fn both(text: &str) -> (Result<String, String>, Result<String, String>) {
    let ours = toml::<Config>(text).map(|config| format!("{config:?}"));
    let theirs = ::toml::from_str::<Config>(text).map(|config| format!("{config:?}"));
    (ours.map_err(|wrong| wrong.to_string()), theirs.map_err(|error| error.to_string().trim_end().to_owned()))
}

#[test]
fn a_configuration_is_read_as_toml_reads_it() {
    let example = include_str!("../../minewall.toml");
    let shown: String = example.lines().map(|line| line.strip_prefix('#').unwrap_or(line).to_owned() + "\n").collect();
    for text in [
        "",
        example,
        "mode = \"block\"\ninside = [\"10.0.0.0/8\"]\n[mark]\n",
        "[queue]\ncount = 2\nfail = { dns = \"open\" }\n",
        "[[sink]]\ntype = \"file\"\npath = \"/tmp/a\"\n[[sink]]\ntype = \"syslog\"\naddress = \"udp://[::1]:514\"\n",
        "[[exempt]]\nprefix = \"10.1.0.0/16\"\nreason = \"r\"\nuntil = \"2027-01-01\"\n",
    ] {
        let (ours, theirs) = both(text);
        assert_eq!(ours, theirs, "{text}");
    }
    assert!(!shown.is_empty());
}

#[test]
fn what_is_wrong_is_said_as_toml_says_it_with_its_place() {
    for text in [
        "mode = \"blok\"",
        "mode = 5",
        "mode",
        "unknown = 1",
        "\n\n[look]\nflows = \"many\"\n",
        "[look]\nflows = -1\n",
        "[look]\nflows = 1.5\n",
        "[look]\nfloes = 1\n",
        "[queue]\ncount = 70000\n",
        "[queue]\nfail = \"ajar\"\n",
        "look = 3",
        "inside = [\"10.0.0.0/33\"]",
        "inside = 10",
        "[[sink]]\ntype = \"fax\"\n",
        "[[sink]]\npath = \"x\"\n",
        "[[sink]]\ntype = \"syslog\"\n",
        "[[exempt]]\nreason = \"no prefix\"\n",
        "[lists]\nallow = [1]\n",
        "[lists]\nshipped = \"yes\"\n",
        "umlaut = \"\u{e4}\u{f6}\u{fc}\" # \u{4e2d}\n[look]\n",
    ] {
        let (ours, theirs) = both(text);
        assert!(ours.is_err(), "{text:?} is taken");
        assert_eq!(ours, theirs, "{text:?}");
    }
    let wrong = toml::<Config>("[look]\nflows = 99999999999999999999999999\n").unwrap_err();
    assert_eq!((wrong.message(), wrong.span()), ("integer number overflowed", Some(15..41)));
    let wrong = toml::<Config>("\n[look]\nflows = \"many\"\n").unwrap_err();
    assert_eq!(wrong.span(), Some(16..22));
    assert_eq!(wrong.message(), "invalid type: string \"many\", expected usize");
}

#[test]
fn json_is_read_as_serde_json_reads_it() {
    type Bag = BTreeMap<String, (Option<u64>, Vec<f64>, bool)>;
    let text = r#"{"a":[18446744073709551615,[1,-2.5,3e300],true],"":[null,[],false]}"#;
    assert_eq!(json::<Bag>(text).unwrap(), serde_json::from_str::<Bag>(text).unwrap());
    let value: Json = serde_json::from_str(text).unwrap();
    assert_eq!(of_json::<Bag>(&value).unwrap(), json::<Bag>(text).unwrap());
    assert_eq!(of_json::<Json>(&value).unwrap(), value);
    for text in ["{", "{\"a\":[-1,[],true]}", "{\"a\":[1,[\"x\"],true]}", "[]", "{\"a\":[1,[]]}"] {
        assert!(json::<Bag>(text).is_err() && serde_json::from_str::<Bag>(text).is_err(), "{text}");
    }
    assert!(json::<Incident>("{}").unwrap_err().to_string().contains("missing field"));
}
