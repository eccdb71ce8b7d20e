//! Every text of a report and a notice, in each language, in one table.

use clap::ValueEnum;

/// A language.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Lang {
    /// English
    En,
    /// Chinese
    Zh,
}

impl Lang {
    /// As HTML names it.
    pub(crate) const fn tag(self) -> &'static str {
        match self {
            Self::En => "en",
            Self::Zh => "zh-CN",
        }
    }
}

/// One text. `{}` stands where a value goes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Text {
    en: &'static str,
    zh: &'static str,
}

impl Text {
    /// The text in a language.
    pub(crate) const fn of(self, lang: Lang) -> &'static str {
        match lang {
            Lang::En => self.en,
            Lang::Zh => self.zh,
        }
    }

    /// The text with a value at each `{}`.
    pub(crate) fn with(self, lang: Lang, values: &[&str]) -> String {
        let mut values = values.iter();
        let mut parts = self.of(lang).split("{}");
        let first = parts.next().unwrap_or_default().to_owned();
        parts.fold(first, |text, part| text + values.next().unwrap_or(&"") + part)
    }
}

macro_rules! texts {
    ($($name:ident: $en:literal, $zh:literal;)+) => {
        $(pub(crate) const $name: Text = Text { en: $en, zh: $zh };)+
        /// All of them, for the test that none is half.
        #[cfg(test)]
        const ALL: &[(&str, Text)] = &[$((stringify!($name), $name),)+];
    };
}

texts! {
    REPORT: "Cryptocurrency mining: report", "虚拟货币“挖矿”活动监测报告";
    SPAN: "{} to {} (UTC{})", "{} 至 {}（UTC{}）";
    MADE: "Made by minewall on {}, at gateway {}", "由 minewall 于 {} 生成，监测网关：{}";
    ESTIMATE: "All figures of energy, coal and CO2 are estimates; what they rest on is said below.",
        "电量、标准煤与二氧化碳均为估算值，估算依据见下文。";
    NOTHING: "No mining was seen in these days.", "该时段内未发现“挖矿”活动。";
    DAMAGED: "{} of {} lines of the source could not be read: figures may be too low.",
        "有 {} 行数据无法读取（共 {} 行），统计可能偏低。";
    SHORT: "{} incidents began more than 35 days before they were last seen: what they did by day is known for the last 35 days only.",
        "{} 起事件持续超过 35 天，仅最近 35 天保留逐日数据。";

    HOSTS: "Hosts", "主机";
    HOSTS_HOW: "{} new, {} returned, {} known before", "新增 {}，整改后复发 {}，此前已知 {}";
    STANDING: "Still active / ended", "仍活跃 / 已清零";
    STANDING_HOW: "ended: nothing seen for {} days", "已清零：连续 {} 天无命中";
    RIGS: "Rigs", "矿机";
    RIGS_HOW: "estimate, {} incidents", "估算值，共 {} 起事件";
    HOURS: "Hours mined", "“挖矿”时长（小时）";
    HOURS_HOW: "{} rig hours", "折合单机 {} 小时";
    ENERGY: "Energy (estimate)", "耗电量（估算）";
    ENERGY_HOW: "{} to {} kWh", "区间 {} ～ {} 千瓦时";
    COAL: "Standard coal (estimate)", "折合标准煤（估算）";
    CO2: "CO2 (estimate)", "二氧化碳排放（估算）";
    FACTOR: "{} kgce per kWh", "{} 千克标准煤/千瓦时";
    FACTOR_CO2: "{} kg per kgce", "{} 千克/千克标准煤";
    FACTORS_DIFFER: "by several factors, below", "采用多个系数，见下文";

    KWH_BY_DAY: "Energy by day, kWh (estimate)", "逐日耗电量，千瓦时（估算）";
    HOSTS_BY_UNIT: "Hosts by unit", "各单位主机数";
    COINS_SHARE: "Energy by coin, kWh (estimate)", "各币种耗电量，千瓦时（估算）";
    HOURS_BY_HOST: "Hours mined by host and day", "各主机逐日“挖矿”时长（小时）";
    LEGEND_ACTIVE: "still active", "仍活跃";
    LEGEND_ENDED: "ended", "已清零";
    GREATEST: "the {} with the most energy of {}", "按耗电量列前 {} 台，共 {} 台";

    BY_UNIT: "By unit", "按单位统计";
    BY_HOST: "By host", "按主机统计";
    BY_POOL: "By pool", "按矿池统计";
    BY_COIN: "By coin", "按币种统计";
    BY_WALLET: "By wallet or account", "按钱包或账户统计";
    INCIDENTS: "Incidents", "事件明细";
    UNKNOWN: "not known", "未知";
    TOTAL: "Total", "合计";
    MORE: "{} more are left out here; --format csv has all.", "另有 {} 项未列出，完整数据请用 --format csv 导出。";
    HOSTS_TWICE: "A host that is in several groups is counted in each of them, and once in the total.",
        "同一主机可出现在多个分组中，合计仅计一次。";

    UNIT: "Unit", "单位";
    HOST: "Host", "主机";
    POOL: "Pool", "矿池";
    COIN: "Coin", "币种";
    WALLET: "Wallet or account", "钱包或账户";
    NEW: "New", "新增";
    RETURNED: "Returned", "复发";
    ACTIVE: "Active", "仍活跃";
    ENDED: "Ended", "已清零";
    SHARES: "Shares taken", "被接受份额";
    KWH_UNIT: "{} kWh", "{} 千瓦时";
    KWH: "kWh", "电量（千瓦时）";
    KWH_RANGE: "kWh, low to high", "电量区间（千瓦时）";
    COAL_KG: "Coal, kg", "标准煤（千克）";
    CO2_KG: "CO2, kg", "二氧化碳（千克）";
    WHO: "Who and where", "责任人与位置";
    SEEN: "First to last seen", "首次至末次发现";
    STATE: "State", "状态";
    RATE: "Hashrate", "算力";
    WEIGHTS: "Reasons: wilful / infected", "研判权重：主动 / 感染";
    ID: "Id", "事件编号";

    REASONS: "Reasons: on purpose or infected", "研判依据：主动“挖矿”或被感染";
    REASONS_NOTE: "Reasons with weights, never a verdict: a person decides.", "以下为带权重的研判依据，并非结论，须由人工核实认定。";
    SIDE: "Speaks for", "指向";
    WILFUL: "on purpose", "主动“挖矿”";
    INFECTED: "infected", "被感染";
    APPROVED: "approved", "已批准";
    WEIGHT: "Weight", "权重";
    REASON: "Reason", "依据";

    APPROVED_TITLE: "Approved research (in no figure above)", "已批准的科研用途（不计入以上统计）";
    OWNER: "Owner", "负责人";
    PURPOSE: "Reason", "用途";
    EXPIRES: "Holds until", "有效期至";

    BASES: "What the estimates rest on", "估算依据";
    ROW: "Row of the table", "功耗表条目";
    BASIS: "The rate is", "算力来源";
    MEASURED: "measured: shares the pool took", "实测：矿池接受的份额";
    DECLARED: "declared by the miner", "矿工自报算力";
    WATTS: "watts declared by the miner", "矿工自报功率";
    COUNTED: "not known; rigs counted only", "未知，仅按矿机数量估算";
    COAL_FACTOR: "kgce per kWh", "千克标准煤/千瓦时";
    CO2_FACTOR: "kg CO2 per kgce", "千克二氧化碳/千克标准煤";
    WITHOUT: "{} incidents have no estimate: they were cut before they mined, or nothing tells how much.",
        "{} 起事件无估算值：在产生算力前已被阻断，或缺少估算依据。";
    METHOD: "Days are whole days at UTC{}. A host is one hardware address, or one address where that is not known. Rigs of one host are not added up over its incidents unless they have names. Hours are those of incidents, added up.",
        "按 UTC{} 的自然日统计。主机以 MAC 地址计，未知时以 IP 地址计。同一主机的矿机数在多起事件间不累加（有矿工名者除外）。时长为各事件时长之和。";

    NOTICE: "Notice of cryptocurrency mining", "虚拟货币“挖矿”活动整改通报单";
    NOTICE_OF: "Incident {}, gateway {}, issued {} (times UTC{})", "事件编号 {}，监测网关 {}，签发时间 {}（时间均为 UTC{}）";
    NAMED: "As named by the outside body", "上级通报内容";
    NAMED_TEXT: "Word for word", "通报原文";
    IS_WHO: "Who", "责任主体";
    IS_WHERE: "Host", "主机信息";
    IS_WHAT: "What was found", "监测发现";
    IS_MUCH: "How much (estimates)", "规模与能耗（估算）";
    EVIDENCE: "Evidence", "证据记录";
    MEANS: "What it means", "研判说明";
    DO: "What to do", "处置要求";
    REPLY: "Reply of the unit", "整改反馈（由责任单位填写）";
    ADDRESS: "Inside address", "内网地址";
    MAC: "Hardware address", "MAC 地址";
    NEXT_HOP: "{} (of a router between, not of the host)", "{}（为中间路由设备，非该主机）";
    NETWORK: "Interface, VLAN", "接口与 VLAN";
    NAME: "Host name", "主机名";
    ACCOUNT: "Account", "上网账号";
    ROOM: "Room", "位置";
    PERSON: "Responsible person", "负责人";
    CONTACT: "Contact", "联系方式";
    PUBLIC: "Public address and port", "公网地址与端口";
    AT: "{} at {}", "{}（{}）";
    FIRST: "First seen", "首次发现";
    LAST: "Last seen", "末次发现";
    TIMES: "How often", "次数";
    TIMES_HOW: "{} sightings, {} of them cut; {} sessions", "命中 {} 次，其中阻断 {} 次；会话 {} 次";
    COIN_HOW: "{} (certainty: {})", "{}（可信度：{}）";
    HIGH: "high", "高";
    MEDIUM: "medium", "中";
    LOW: "low", "低";
    POOL_AT: "Pool and where it was reached", "矿池及连接地址";
    SOFTWARE: "Mining software", "挖矿软件";
    WORKERS: "Names of rigs", "矿工名";
    RATE_HOW: "{}, 95 % interval {} to {}, from {} shares", "{}，95% 置信区间 {} ～ {}，依据 {} 个份额";
    RATE_DECLARED: "{}, as the miner says", "{}（矿工自报）";
    RIGS_WHY: "{} ({})", "{}（{}）";
    HOURS_OF: "{} hours, {} shares taken", "{} 小时，被接受份额 {} 个";
    ENERGY_OF: "{} kWh (low {}, high {})", "{} 千瓦时（区间 {} ～ {}）";
    BURNT: "Coal and CO2", "标准煤与二氧化碳";
    BURNT_OF: "{} of standard coal ({} kgce per kWh), {} of CO2 ({} kg per kgce)",
        "标准煤 {}（{} 千克/千瓦时），二氧化碳 {}（{} 千克/千克标准煤）";
    BASIS_OF: "{}; {}", "{}；{}";
    NO_ENERGY: "no estimate: cut before it mined, or nothing tells how much", "无估算值：在产生算力前已被阻断，或缺少估算依据";
    TIME: "Time", "时间";
    SEEN_BY: "Seen in", "识别层";
    RULE: "Rule (list)", "规则（名单）";
    SURE: "Certainty", "可信度";
    EXCERPT: "Excerpt of the traffic", "流量摘录";
    NO_RECORDS: "The records named here are not in the source that was read: {}", "所引用的记录不在所读数据源中：{}";
    RETURNED_AFTER: "This host was rectified before and came back (incident {}).", "该主机此前已整改，现再次发现（前次事件 {}）。";
    WEIGHED: "For mining on purpose: {}. For an infection: {}.", "主动“挖矿”权重合计 {}；被感染权重合计 {}。";
    WEIGHED_ONE: "{}, {}: {}", "{}（权重 {}）：{}";
    NO_REASONS: "Nothing tells yet whether it mines on purpose or is infected.", "现有信息不足以判断为主动“挖矿”或被感染。";
    PEOPLE_DECIDE: "These are reasons, not a verdict. Mining malware makes the owner a victim: ask before you accuse.",
        "以上为研判依据而非结论。被恶意程序控制的主机使用者亦为受害者，请先核实。";
    EXEMPT: "Approved research: {}, for {}, until {}.", "已批准的科研用途：负责人 {}，用途 {}，有效期至 {}。";
    DO_1: "Take the host off the network; leave it switched on until its processes are written down.",
        "立即断开该主机网络，保留现场：先记录进程、计划任务与网络连接，再行关机。";
    DO_2: "Look for the software named above, processes with much CPU or GPU time, scheduled tasks, start-up entries, keys and accounts nobody knows.",
        "排查上列软件、CPU/GPU 占用异常的进程、计划任务、启动项、陌生账号与密钥。";
    DO_3: "Infected: save the data, install the system anew, change all passwords, close the way in (weak passwords, unpatched services). On purpose: remove rigs and software.",
        "被感染的：备份数据、重装系统、更换全部口令、修补漏洞；主动“挖矿”的：拆除设备与软件，并按规定处理。";
    DO_4: "Fill in the reply below and send it back{}.", "填写下方整改反馈并按期返回{}。";
    DUE: " by {}", "（截止日期：{}）";
    NATURE: "On purpose, infected, or approved", "性质（主动 / 被感染 / 已批准）";
    MEASURE: "Measures taken", "整改措施";
    RESULT: "Result", "整改结果";
    DATE: "Date", "日期";
    SIGNED: "Signature, seal", "签字（盖章）";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_languages_are_whole() {
        assert!(ALL.len() > 80, "{}", ALL.len());
        for (name, text) in ALL {
            let places = |text: &str| text.matches("{}").count();
            assert!(!text.en.trim().is_empty() && !text.zh.trim().is_empty(), "{name}");
            assert_eq!(places(text.en), places(text.zh), "{name}");
            assert!(text.en.is_ascii(), "{name} is no English");
            // Some have nothing but values and their signs.
            let has_chinese = text.zh.chars().any(|c| ('\u{4e00}'..='\u{9fff}').contains(&c));
            assert!(has_chinese || !text.zh.chars().any(char::is_alphanumeric), "{name} is no Chinese");
        }
    }

    #[test]
    fn values_stand_where_they_go() {
        assert_eq!(SPAN.with(Lang::En, &["a", "b", "+08:00"]), "a to b (UTC+08:00)");
        assert_eq!(SPAN.with(Lang::Zh, &["a", "b"]), "a 至 b（UTC）");
    }
}
