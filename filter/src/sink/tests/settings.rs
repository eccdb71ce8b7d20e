use minewall_core::config::{Carried, Config};

fn problem(text: &str) -> (String, String) {
    let config: Config = toml::from_str(text).unwrap();
    let wrong = config.check_sinks().unwrap_err();
    (wrong.setting, wrong.problem)
}

#[test]
fn bounds_are_held() {
    let syslog = "[[sink]]\ntype = \"syslog\"\naddress = \"unix:/dev/log\"\n";
    let webhook = "[[sink]]\ntype = \"webhook\"\nurl = \"https://siem.example/\"\n";
    for (text, setting, word) in [
        (format!("{syslog}spool = \"spool\""), "sink.0.spool", "absolute"),
        (format!("{syslog}spool = \"/s\"\nspool_bytes = 1048575"), "sink.0.spool_bytes", "1048576 to"),
        (format!("{syslog}key = \"/k\""), "sink.0.key", "certificate"),
        (format!("{syslog}certificate = \"/c\""), "sink.0.certificate", "key"),
        (format!("{syslog}events = []"), "sink.0.events", "\"incident\""),
        (format!("{syslog}spool = \"/s\"\n{webhook}spool = \"/s/\""), "sink.1.spool", "another sink"),
        (format!("{webhook}batch = 0"), "sink.0.batch", "1 to 500"),
        (format!("{webhook}timeout = 121"), "sink.0.timeout", "1 to 120"),
    ] {
        let found = problem(&text);
        assert_eq!(found.0, setting, "{text}");
        assert!(found.1.contains(word), "{found:?}");
    }
}

#[test]
fn what_is_not_set_has_its_defaults() {
    let text =
        "[[sink]]\ntype = \"file\"\npath = \"/f\"\n[[sink]]\ntype = \"webhook\"\nurl = \"https://siem.example/\"";
    let config: Config = toml::from_str(text).unwrap();
    assert_eq!(config.check_sinks(), Ok(()));
    let [file, webhook] = &*config.sink else { panic!("two") };
    assert!(file.events().have(Carried::Record) && !file.held() && file.spool().is_none());
    assert!(!webhook.events().have(Carried::Record) && webhook.events().have(Carried::Incident));
    for wrong in ["typo = 1", "events = [\"recrod\"]", "spool = \"/s\""] {
        let text = format!("[[sink]]\ntype = \"file\"\npath = \"/f\"\n{wrong}");
        assert!(toml::from_str::<Config>(&text).is_err(), "{wrong}");
    }
}
