//! The dashboard and the alerts, held against the table: every metric and label they name is there.

use serde_json::Value as Json;

use super::table::{Kind, TABLE};

/// Labels that Prometheus adds.
const ADDED: [&str; 2] = ["instance", "job"];

fn document(name: &str) -> String {
    let path = format!("{}/../docs/grafana/{name}", env!("CARGO_MANIFEST_DIR"));
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}"))
}

fn is_word(letter: char) -> bool {
    letter.is_ascii_alphanumeric() || letter == '_'
}

/// What is wrong with an expression; empty: nothing. Other than metrics, selectors and groupings is left to promtool.
fn wrong(expression: &str) -> Vec<String> {
    let mut wrong = Vec::new();
    let mut labels_of_all = Vec::new();
    let mut rest = expression;
    while let Some(at) = rest.find("minewall_") {
        rest = &rest[at..];
        let name: String = rest.chars().take_while(|letter| is_word(*letter)).collect();
        rest = &rest[name.len()..];
        let is_of = |metric: &super::table::Metric| match metric.kind {
            Kind::Histogram => ["_bucket", "_sum", "_count"].iter().any(|end| name == format!("{}{end}", metric.name)),
            _ => name == metric.name,
        };
        let Some(metric) = TABLE.iter().find(|metric| is_of(metric)) else {
            wrong.push(format!("no metric {name}"));
            continue;
        };
        let mut labels: Vec<&str> = metric.labels.iter().copied().chain(ADDED).collect();
        labels.extend((metric.kind == Kind::Histogram).then_some("le"));
        let selector = rest.strip_prefix('{').and_then(|rest| rest.split_once('}')).map_or("", |(inner, _)| inner);
        for matcher in selector.split(',').filter(|matcher| !matcher.is_empty()) {
            let label: String = matcher.trim().chars().take_while(|letter| is_word(*letter)).collect();
            if !labels.contains(&&*label) {
                wrong.push(format!("{name} has no label {label}"));
            }
        }
        let behind = rest.strip_prefix('{').and_then(|rest| rest.split_once('}'));
        let window = behind.map_or(rest, |(_, behind)| behind);
        let is_gauge = metric.kind == Kind::Gauge;
        // Whether there were any since the start needs no rate.
        let is_any = !is_gauge && window.starts_with(" > 0");
        if window.starts_with('[') == is_gauge && !is_any && !name.ends_with("_seconds") {
            wrong.push(format!("{name} is a {:?}: rates are of counters", metric.kind));
        }
        labels_of_all.extend(labels);
    }
    if labels_of_all.is_empty() {
        wrong.push(format!("{expression:?} names no metric"));
    }
    for grouping in expression.split("by (").skip(1) {
        for label in grouping.split(')').next().unwrap_or_default().split(',').map(str::trim) {
            if !labels_of_all.contains(&label) {
                wrong.push(format!("nothing has the label {label}"));
            }
        }
    }
    wrong
}

/// Every text under this key, wherever it stands.
fn texts<'a>(json: &'a Json, key: &str, out: &mut Vec<&'a str>) {
    match json {
        Json::Array(all) => all.iter().for_each(|one| texts(one, key, out)),
        Json::Object(all) => {
            out.extend(all.get(key).and_then(Json::as_str));
            all.values().for_each(|one| texts(one, key, out));
        }
        _ => {}
    }
}

#[test]
fn an_expression_that_names_what_is_not_there_is_found() {
    for sound in [
        "sum(rate(minewall_cut_verdicts_total{instance=~\"$instance\"}[5m])) * 60",
        "histogram_quantile(0.5, sum by (le) (rate(minewall_verdict_seconds_bucket[5m])))",
        "minewall_sink_up{sink=\"a\"} == 0",
        "minewall_sink_up == 0 and minewall_sink_failures_total > 0",
    ] {
        assert_eq!(wrong(sound), [""; 0], "{sound}");
    }
    for (broken, word) in [
        ("sum(rate(minewall_cuts_total[5m]))", "no metric minewall_cuts_total"),
        ("sum(rate(minewall_verdict_seconds[5m]))", "no metric minewall_verdict_seconds"),
        ("minewall_sink_up{queue=\"1\"}", "no label queue"),
        ("sum by (layer) (rate(minewall_packets_total[5m]))", "the label layer"),
        ("rate(minewall_ease_level[5m])", "rates"),
        ("minewall_packets_total > 5", "rates"),
        ("minewall_ease_level[5m] > 0", "rates"),
        ("up == 0", "no metric"),
    ] {
        assert!(wrong(broken).iter().any(|wrong| wrong.contains(word)), "{broken}: {:?}", wrong(broken));
    }
}

#[test]
fn the_dashboard_asks_for_what_there_is() {
    let board: Json = serde_json::from_str(&document("minewall.json")).unwrap();
    let mut expressions = Vec::new();
    texts(&board, "expr", &mut expressions);
    assert!(expressions.len() > 40, "{}", expressions.len());
    for expression in &expressions {
        assert_eq!(wrong(expression), [""; 0], "{expression}");
    }
    // The form of Grafana 10: schema 38 and later, panels on a grid of 24 columns that do not lie on each other.
    assert!(board["schemaVersion"].as_u64().unwrap() >= 38 && board["uid"] == "minewall");
    let mut taken = std::collections::BTreeSet::new();
    let mut ids = std::collections::BTreeSet::new();
    for panel in board["panels"].as_array().unwrap() {
        let [x, y, w, h] = ["x", "y", "w", "h"].map(|side| panel["gridPos"][side].as_u64().unwrap());
        assert!(x + w <= 24 && ids.insert(panel["id"].as_u64().unwrap()), "{panel}");
        for cell in (x..x + w).flat_map(|x| (y..y + h).map(move |y| (x, y))) {
            assert!(taken.insert(cell), "{} lies on another panel", panel["title"]);
        }
        assert!(panel["type"] == "row" || !panel["description"].as_str().unwrap().is_empty(), "{panel}");
        // A label in a legend is one that the expression keeps.
        for target in panel["targets"].as_array().into_iter().flatten() {
            let (legend, expression) = (target["legendFormat"].as_str().unwrap(), target["expr"].as_str().unwrap());
            for label in legend.split("{{").skip(1).map(|part| part.split("}}").next().unwrap()) {
                let is_kept = expression.contains(&format!("by ({label})")) || expression.starts_with("minewall_");
                assert!(is_kept, "{legend} of {expression}");
            }
        }
    }
    let shown: String = expressions.concat();
    let left_out = [
        "minewall_test_records_total",
        "minewall_let_go_connections_total",
        "minewall_stream_gaps_total",
        "minewall_stream_conflicts_total",
        "minewall_displaced_incidents_total",
        "minewall_sink_repeated_records_total",
        "minewall_rule_bytes_total",
        "minewall_resolve_questions_total",
        "minewall_resolve_failures_total",
        "minewall_learned_answers_total",
    ];
    for name in TABLE.iter().map(|metric| metric.name) {
        assert!(shown.contains(name) != left_out.contains(&name), "{name} is shown, or said here not to be");
    }
}

#[test]
fn the_alerts_ask_for_what_there_is() {
    let text = document("minewall-alerts.yml");
    let lines: Vec<_> = text.lines().map(str::trim).collect();
    let count = |start: &str| lines.iter().filter(|line| line.starts_with(start)).count();
    let alerts = count("- alert: ");
    assert!(alerts >= 10 && [count("expr: "), count("summary: "), count("description: ")] == [alerts; 3]);
    for expression in lines.iter().filter_map(|line| line.strip_prefix("expr: ")) {
        assert_eq!(wrong(expression), [""; 0], "{expression}");
    }
}

/// What promtool is to find: of a sink that was never used, one that is up again and one that is down, the last is told.
fn sinks_down(alerts: &str) -> String {
    let series = |metric: &str, sink: &str, value: u32| {
        format!(
            "      - {{series: 'minewall_sink_{metric}{{sink=\"{sink}\", instance=\"g\"}}', values: '{value}x30'}}\n"
        )
    };
    let sinks = [("unused", 0, 0), ("again", 1, 2), ("down", 0, 2)];
    let input: String = sinks
        .iter()
        .map(|(sink, up, failed)| series("up", sink, *up) + &series("failures_total", sink, *failed))
        .collect();
    format!(
        "rule_files: ['{alerts}']\ntests:\n  - interval: 1m\n    input_series:\n{input}    alert_rule_test:\n      \
         - eval_time: 20m\n        alertname: MinewallSinkDown\n        exp_alerts:\n          \
         - exp_labels: {{sink: down, instance: g, severity: warning}}\n            exp_annotations:\n              \
         summary: The sink down of g is down\n              description: Records wait, and are lost when their room is \
         spent. `minewall doctor --check sinks` says why.\n"
    )
}

#[test]
fn promtool_takes_the_alerts_and_the_text() {
    let promtool = std::path::Path::new("/usr/bin/promtool");
    if !promtool.exists() {
        minewall_lab::skipped("promtool_takes_the_alerts_and_the_text", "apt-get install prometheus");
        return;
    }
    let alerts = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/grafana/minewall-alerts.yml");
    let checked = std::process::Command::new(promtool).args(["check", "rules", alerts]).output().unwrap();
    assert!(checked.status.success(), "{}", String::from_utf8_lossy(&checked.stderr));
    let tests = std::env::temp_dir().join(format!("minewall-alerts-{}.yml", std::process::id()));
    std::fs::write(&tests, sinks_down(alerts)).unwrap();
    let checked = std::process::Command::new(promtool).args(["test", "rules"]).arg(&tests).output().unwrap();
    std::fs::remove_file(&tests).unwrap();
    let told = [checked.stdout, checked.stderr].map(|text| String::from_utf8_lossy(&text).into_owned()).concat();
    assert!(checked.status.success(), "{told}");
    let mut checking = std::process::Command::new(promtool);
    checking.args(["check", "metrics"]).stdin(std::process::Stdio::piped()).stderr(std::process::Stdio::piped());
    let mut checking = checking.stdout(std::process::Stdio::piped()).spawn().unwrap();
    std::io::Write::write_all(&mut checking.stdin.take().unwrap(), super::tests::told().as_bytes()).unwrap();
    let checked = checking.wait_with_output().unwrap();
    assert!(checked.status.success(), "{}", String::from_utf8_lossy(&checked.stderr));
}
