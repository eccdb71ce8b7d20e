//! What incidents say in English, in Chinese: reasons by the rule they follow from, and what rigs are known by.

use minewall_core::incident::Side;
use minewall_core::incident::reasons::RULES;

use super::texts::{self as t, Lang};

/// Rows by the rule of the core's table; `{}` is the first number of the English.
const CHINESE: &[(&str, &str)] = &[
    ("register", "已在科研用途登记册中登记"),
    ("same-wallet", "本网 {} 台主机使用同一钱包或账户"),
    ("malware-list", "访问了恶意挖矿程序所用的域名或地址"),
    ("web-page", "在网页中运行挖矿脚本，访问者可能并不知情"),
    ("own-proxy", "应答特征与私设矿池代理一致"),
    ("raw-address", "直接以 IP 地址连接矿池，未经域名解析"),
    ("everyday-port", "在日常业务端口上以明文“挖矿”（端口 {}）"),
    ("processor-coin", "以处理器挖掘恶意程序常用币种"),
    ("nameless", "登录信息中没有自定义矿工名"),
    ("donation", "软件保留默认捐赠设置，未经细致配置"),
    ("mining-machine", "使用专用矿机软件"),
    ("graphics-card", "使用显卡挖矿软件"),
    ("e-mail", "登录信息中含电子邮箱"),
    ("market", "向算力交易市场出售算力"),
    ("account", "登录名为在矿池开设的账户"),
    ("worker-name", "使用自定义矿工名"),
    ("pool-page", "曾访问矿池网站"),
    ("several-rigs", "一台主机接入 {} 台矿机"),
    ("graphics-coin", "所挖币种须用显卡或专用矿机"),
    ("referral", "登录信息含推荐人代码"),
    ("night", "连续 {} 天仅在夜间“挖矿”"),
    ("one-wallet", "本网无其他主机使用该钱包"),
];

/// What rigs are known by; `{}` is a number.
const RIGS: &[(&str, &str)] = &[
    ("one connection at a time, without a name", "同时仅 1 个连接，无矿工名"),
    ("one name of a worker", "1 个矿工名"),
    ("{} names of workers", "{} 个矿工名"),
    ("{} connections at one time", "同时 {} 个连接"),
    ("{} names of workers, several connections at one time", "{} 个矿工名，同时多个连接"),
];

/// What stands in the rows of the table of watts.
const ROWS: &[(&str, &str)] = &[
    (" on processors, ", "（处理器），"),
    (" on graphics cards, ", "（显卡），"),
    (" on mining machines, ", "（专用矿机），"),
    ("a mining machine, ", "专用矿机，"),
    ("a PC with a graphics card, ", "带显卡的电脑，"),
    ("a PC that mines with its processor, ", "以处理器“挖矿”的电脑，"),
    ("a machine of unknown kind, ", "类型不明的机器，"),
    (" W each rig, as the miner declares", " W / 台，“挖矿”软件自报"),
    (" and ", " 与 "),
    (" per ", " / "),
    (" to ", " ～ "),
    (" (", "（"),
    (")", "）"),
];

/// The reason of one incident; what has no translation stays as it is.
pub(crate) fn text(rule: &str, english: &str, lang: Lang) -> String {
    let chinese = || CHINESE.iter().find(|(known, _)| *known == rule);
    match (lang, chinese()) {
        (Lang::Zh, Some((_, text))) => text.replacen("{}", &first_number(english), 1),
        _ => english.to_owned(),
    }
}

/// The rule for many incidents: when it holds, not what was found of one of them.
pub(crate) fn rule(rule: &str, english: &str, lang: Lang) -> String {
    let when = || RULES.iter().find(|known| known.id == rule).map(|known| known.when);
    match lang {
        Lang::En => when().unwrap_or(english).to_owned(),
        Lang::Zh => text(rule, english, lang),
    }
}

/// What the number of rigs is known by.
pub(crate) fn rigs(english: &str, lang: Lang) -> String {
    let number = first_number(english);
    let is_same = |(known, _): &&(&str, &str)| known.replacen("{}", &number, 1) == english;
    match (lang, RIGS.iter().find(is_same)) {
        (Lang::Zh, Some((_, text))) => text.replacen("{}", &number, 1),
        _ => english.to_owned(),
    }
}

/// The row of the table of watts that an estimate rests on.
pub(crate) fn row(english: &str, lang: Lang) -> String {
    if lang == Lang::En {
        return english.to_owned();
    }
    let rest = english.strip_suffix(" for the rest of the machine").and_then(|text| text.rsplit_once(" and "));
    let text = rest.map_or_else(|| english.to_owned(), |(own, rest)| format!("{own}，整机其余部分 {rest}"));
    ROWS.iter().fold(text, |text, (english, chinese)| text.replace(english, chinese)).replace("） / ", "）/ ")
}

/// What a reason speaks for.
pub(crate) const fn side(side: Side, lang: Lang) -> &'static str {
    match side {
        Side::Approved => t::APPROVED.of(lang),
        Side::Infected => t::INFECTED.of(lang),
        Side::Wilful => t::WILFUL.of(lang),
    }
}

/// What the rate of an estimate is.
pub(crate) fn basis(basis: &str, lang: Lang) -> String {
    match basis {
        "measured" => t::MEASURED.of(lang).to_owned(),
        "declared" => t::DECLARED.of(lang).to_owned(),
        "watts" => t::WATTS.of(lang).to_owned(),
        "rigs" => t::COUNTED.of(lang).to_owned(),
        other => other.to_owned(),
    }
}

fn first_number(text: &str) -> String {
    let from_first = text.chars().skip_while(|c| !c.is_ascii_digit());
    from_first.take_while(char::is_ascii_digit).collect()
}

#[cfg(test)]
mod tests {
    use minewall_core::incident::power::{MACHINES, ROWS as ROWS_OF_WATTS, Row};

    use super::*;

    #[test]
    fn every_rule_is_translated_and_no_other() {
        let rules: Vec<_> = RULES.iter().map(|rule| rule.id).collect();
        let known: Vec<_> = CHINESE.iter().map(|(rule, _)| *rule).collect();
        assert_eq!(known, rules);
    }

    #[test]
    fn rows_of_watts_are_translated() {
        let english = "RandomX on processors, 12 W (4 to 23) per kH/s and 50 W (40 to 60) for the rest of the machine";
        assert_eq!(row(english, Lang::Zh), "RandomX（处理器），12 W（4 ～ 23）/ kH/s，整机其余部分 50 W（40 ～ 60）");
        assert_eq!(row(english, Lang::En), english);
        let machines = MACHINES.iter().map(|machine| format!("{}, 145 W (55 to 345)", machine.name));
        let declared = "120 W each rig, as the miner declares".to_owned();
        for english in ROWS_OF_WATTS.iter().map(Row::words).chain(machines).chain([declared]) {
            let chinese = row(&english, Lang::Zh);
            for word in ["machine", "card", "processor", "PC", "miner", " and ", " per ", " to ", "(", ")"] {
                assert!(!chinese.contains(word), "{chinese}");
            }
        }
    }

    #[test]
    fn numbers_are_taken_over() {
        let english = "12 hosts here mine for the same wallet";
        assert_eq!(text("same-wallet", english, Lang::Zh), "本网 12 台主机使用同一钱包或账户");
        assert_eq!(
            (text("same-wallet", english, Lang::En), text("new", "so", Lang::Zh)),
            (english.into(), "so".into())
        );
        assert_eq!(rigs("3 names of workers", Lang::Zh), "3 个矿工名");
        assert_eq!(rigs("one name of a worker", Lang::Zh), "1 个矿工名");
        assert!(rule("same-wallet", english, Lang::En).starts_with("three hosts or more"));
    }
}
