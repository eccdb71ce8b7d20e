//! What `common.js` makes of what commands say, run by node without a page: clocks, answers that are cut off, answers that
//! overlap.

use std::process::Command;

use serde_json::{Value, json};

use super::script;

/// Runs lines of a script that has the module as `mw`, where it is 2026-11-30 12:00 UTC in a browser of UTC; `said` holds by
/// the first word of a command what it says. Gives what the lines return.
fn run(lines: &str) -> Value {
    let program = format!(
        "globalThis.window = globalThis; const document = {{}}; let time = Date.UTC(2026, 10, 30, 12); Date.now = () => time;
         eval({});
         const said = {{}};
         const fs = {{
             exec: async (program, words) => ({{ code: 0, stdout: said[words[0]], stderr: '' }}),
             exec_direct: async (program, words) => said[words.includes('--live') ? 'live' : words[0]]
         }};
         const make = new Function('baseclass', 'fs', {}), mw = make({{ extend: (all) => all }}, fs);
         (async () => {{ {lines} }})().then((told) => process.stdout.write(JSON.stringify(told)));",
        serde_json::to_string(include_str!("runtime/luci.js")).unwrap(),
        serde_json::to_string(&script("minewall/common.js")).unwrap()
    );
    let output = Command::new("node").env("TZ", "UTC").args(["-e", &program]).output().expect("apt-get install nodejs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

#[test]
fn times_are_those_of_the_gateways_clock() {
    let told = run("const seen = Date.UTC(2026, 10, 30, 11, 30, 5) * 1000, told = [ mw.moment(seen), mw.ago(seen) ];
         for (const offset of [ 0, 8 * 3600, -9000, null ]) {
             said.status = JSON.stringify({ running: true, time_us: (time + 3600000) * 1000, utc_offset_s: offset });
             await mw.status();
             told.push(mw.moment(seen), mw.moment(seen, 19), mw.ago(seen));
         }
         return told;");
    let wanted = [
        "2026-11-30 11:30",
        "29 min ago",
        "2026-11-30 11:30",
        "2026-11-30 11:30:05",
        "1 h 29 min ago",
        "2026-11-30 19:30 (UTC+08:00)",
        "2026-11-30 19:30:05 (UTC+08:00)",
        "1 h 29 min ago",
        "2026-11-30 09:00 (UTC-02:30)",
        "2026-11-30 09:00:05 (UTC-02:30)",
        "1 h 29 min ago",
        "2026-11-30 11:30",
        "2026-11-30 11:30:05",
        "1 h 29 min ago",
    ];
    assert_eq!(told, json!(wanted));
}

#[test]
fn what_is_cut_off_is_not_taken_for_all() {
    let told = run(
        "const line = (id, at) => JSON.stringify({ id, state: 'open', time_us: at, last_us: at }), tell = (told) =>
             [ told.list.map((incident) => incident.id + ' ' + incident.state), told.hasPast, told.isKnown, told.error?.message ?? null ];
         said.incidents = line('a', 3) + '\\n' + line('b', 2) + '\\n' + line('c', 1).slice(0, 20);
         said.live = line('a', 3) + '\\n' + line('b', 2).slice(0, 9);
         const one = await mw.incidents(null);
         said.incidents = [ line('a', 3), line('b', 2), line('c', 1) ].join('\\n') + '\\nminewall: 1 of 4 lines could not be read\\n';
         said.live = line('a', 3) + '\\n';
         const two = await mw.incidents(one);
         said.incidents = 'this is not asked for';
         const three = await mw.incidents(two);
         said.live = 'minewall: no minewall runs here\\n';
         return [ one, two, three, await mw.incidents(three) ].map(tell);",
    );
    let ended = ["a open", "b ended", "c ended"];
    let damage = "1 of 4 lines could not be read";
    assert_eq!(told[0], json!([["a open", "b open"], false, true, "What minewall said was cut off."]));
    assert_eq!(told[1], json!([ended, true, true, damage]));
    assert_eq!(told[2], json!([ended, true, true, damage]), "it goes on being said");
    assert_eq!(told[3], json!([ended, true, true, "no minewall runs here"]));
}

#[test]
fn an_answer_that_comes_late_undoes_nothing() {
    let told = run("const shown = [], ends = [], show = mw.inTurn((told) => shown.push(told));
         const all = [ 'before the pause', 'paused', 'later' ].map((told) => show(() => new Promise((end) => ends.push(() => end(told)))));
         for (const at of [ 1, 0, 2 ]) {
             ends[at]();
             await all[at];
         }
         return shown;");
    assert_eq!(told, json!(["paused", "later"]));
}
