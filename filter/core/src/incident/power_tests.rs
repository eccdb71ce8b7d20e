//! The table of power against published figures, and the estimate's ways.

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt::Write;

use super::*;

fn known(shares: &Shares, total: Tally) -> Known<'_> {
    Known { total, shares, algorithm: None, coin: None, hardware: None, declared: None, watts: None }
}

fn near(value: f64, wanted: f64) -> bool {
    (value / wanted - 1.0).abs() < 1e-9
}

#[test]
fn the_published_notice_is_reckoned_alike() {
    // 148,500 kWh a day: its energy comes from elsewhere, so the chain after it is what is tested here.
    let rig_s = 86_400;
    let watts = 148_500.0 * 1_000.0 / 24.0;
    let shares = Shares::default();
    let total = Tally { active_s: rig_s, rig_s, ..Tally::default() };
    let plan = Plan::new(&Known { watts: Some(watts), ..known(&shares, total) }).unwrap();
    let energy = plan.energy(&total, &Settings::default());
    assert!(near(energy.kwh, 148_500.0));
    assert!(near(energy.coal_kg, 59_994.0), "{}", energy.coal_kg);
    // The notice rounds each step: 59.994 t a day to 60 t, 60 t x 365 = 21,900 t a year, x 2.46 = 53,874 t to 54,000 t.
    assert_eq!(libm::round(energy.coal_kg / 1e3), 60.0);
    assert_eq!(libm::round(energy.coal_kg / 1e3) * 365.0, 21_900.0);
    let year = energy.co2_kg * 365.0 / 1e3;
    assert!((53_868.0..53_870.0).contains(&year), "{year}");
    assert_eq!(libm::round(year / 1e3), 54.0);
    assert_eq!((&*energy.basis, energy.watts), ("watts", watts));
}

#[test]
fn the_best_that_is_known_decides() {
    let mut shares = Shares::default();
    shares.add(360, 360.0 * 25_000.0);
    // An hour at 2,500 H/s.
    let total = Tally { active_s: 3_600, rig_s: 3_600, accepted: 360, measured: 360, hashes: 9e6, ..Tally::default() };
    let of = |known: &Known<'_>| {
        let energy = Plan::new(known).unwrap().energy(&total, &Settings::default());
        (energy.basis, energy.kwh, energy.row)
    };
    let xmr = Known { coin: Some("XMR"), ..known(&shares, total) };
    let (basis, kwh, row) = of(&xmr);
    // 2.5 kH/s x 12 W + 50 W for an hour.
    assert!(basis == "measured" && near(kwh, 0.080), "{basis} {kwh}");
    assert_eq!(row, "RandomX on processors, 12 W (4 to 23) per kH/s and 50 W (40 to 60) for the rest of the machine");
    let refused = Tally { rejected: 40, ..total };
    let more = Plan::new(&Known { total: refused, ..xmr }).unwrap().energy(&refused, &Settings::default());
    assert!(near(more.kwh, 0.050 + 0.030 * 400.0 / 360.0), "what is refused took power too: {}", more.kwh);
    let none = Shares::default();
    let watts = Known { coin: Some("XMR"), watts: Some(300.0), declared: Some(2_500), ..known(&none, total) };
    assert_eq!(of(&watts), ("watts".into(), 0.3, "300 W each rig, as the miner declares".into()));
    let (basis, kwh, _) = of(&Known { watts: None, ..watts });
    assert!(basis == "declared" && near(kwh, 0.080), "{basis} {kwh}");
    let (basis, kwh, row) = of(&Known { hardware: Some("asic"), ..known(&none, total) });
    assert!(basis == "rigs" && near(kwh, 3.25), "{basis} {kwh}");
    assert_eq!(row, "a mining machine, 3250 W (65 to 5676)");
    assert!(of(&known(&none, total)).2.starts_with("a machine of unknown kind"));
    assert!(Plan::new(&known(&none, Tally::default())).is_none(), "what did not mine took nothing");
}

#[test]
fn rows_are_found_by_algorithm_first() {
    let name = |algorithm, coin, hardware| row(algorithm, coin, hardware).map(|row| row.name);
    assert_eq!(name(None, Some("XMR"), None), Some("RandomX on processors"));
    assert_eq!(name(Some("rx/0"), None, Some("asic")), Some("RandomX on mining machines"));
    assert_eq!(name(Some("kawpow"), Some("RVN"), Some("gpu")), Some("KawPow on graphics cards"));
    assert_eq!(name(Some("skein"), Some("DGB"), None), None);
    assert_eq!(name(Some("sha3x"), Some("XTM"), None), None, "another algorithm of the coin");
    assert_eq!(name(Some("unheard-of"), Some("BTC"), None), Some("SHA-256 on mining machines"));
    assert_eq!(name(None, None, Some("gpu")), None);
}

/// Measured models of PROTOCOLS.md section 4: units of work a second, watts of the device.
const MODELS: &[(&str, f64, f64)] = &[
    ("RandomX on processors", 27.186, 285.0),
    ("RandomX on processors", 14.746, 126.0),
    ("RandomX on processors", 8.624, 88.0),
    ("RandomX on processors", 6.597, 28.0),
    ("RandomX on processors", 1.969, 45.0),
    ("RandomX on processors", 1.831, 15.0),
    ("Etchash and Ethash on graphics cards", 135.0, 250.0),
    ("Etchash and Ethash on graphics cards", 68.0, 110.0),
    ("Etchash and Ethash on graphics cards", 31.0, 75.0),
    ("Etchash and Ethash on graphics cards", 30.0, 95.0),
    ("Etchash and Ethash on mining machines", 3_680.0, 2_200.0),
    ("Etchash and Ethash on mining machines", 5_800.0, 1_900.0),
    ("Etchash and Ethash on mining machines", 500.0, 950.0),
    ("KawPow on graphics cards", 100.0, 460.0),
    ("KawPow on graphics cards", 45.0, 220.0),
    ("KawPow on graphics cards", 11.0, 110.0),
    ("Autolykos on graphics cards", 575.0, 295.0),
    ("Autolykos on graphics cards", 50.0, 70.0),
    ("Octopus on graphics cards", 80.0, 112.0),
    ("Octopus on graphics cards", 79.0, 235.0),
    ("kHeavyHash on mining machines", 21.0, 3_150.0),
    ("kHeavyHash on mining machines", 0.1, 65.0),
    ("Equihash 200,9 on mining machines", 840.0, 2_780.0),
    ("Equihash 200,9 on mining machines", 135.0, 1_418.0),
    ("Equihash 144,5 on graphics cards", 115.0, 201.0),
    ("Equihash 144,5 on graphics cards", 108.0, 255.0),
    ("SHA-256 on mining machines", 580.0, 5_510.0),
    ("SHA-256 on mining machines", 95.0, 3_250.0),
    ("SHA-256 on mining machines", 13.5, 1_350.0),
    ("Scrypt on mining machines", 20_000.0, 3_580.0),
    ("Scrypt on mining machines", 504.0, 800.0),
    ("Blake2s on mining machines", 166.0, 3_154.0),
    ("Blake2s on mining machines", 1.18, 400.0),
    ("Blake3 on mining machines", 15_600.0, 3_510.0),
    ("Blake3 on mining machines", 360.0, 180.0),
];

#[test]
fn every_model_lies_within_its_row() {
    for (name, units, watts) in MODELS {
        let row = ROWS.iter().find(|row| row.name == *name).unwrap();
        let each = watts / units;
        // The rows are rounded to two digits.
        assert!(each >= row.watts.0 * 0.97 && each <= row.watts.2 * 1.03, "{name}: {each} {:?}", row.watts);
    }
    for row in ROWS {
        assert!(row.watts.0 <= row.watts.1 && row.watts.1 <= row.watts.2, "{}", row.name);
        assert!(row.rest.0 <= row.rest.1 && row.rest.1 <= row.rest.2 && row.hashes >= 1.0, "{}", row.name);
    }
    assert_eq!(MACHINES.last().map(|machine| machine.hardware), Some(""));
}

/// The tables of docs/incidents.md.
fn tables() -> Vec<String> {
    let range = |Range(low, typical, high): Range| {
        if low == high { alloc::format!("{typical}") } else { alloc::format!("{low} · **{typical}** · {high}") }
    };
    let mut rows = String::from(
        "| what | coins | W for each | low · typical · high | rest of the machine, W | from |\n|---|---|---|---|---|---|\n",
    );
    for row in ROWS {
        let rest = if row.rest == NOTHING { String::from("–") } else { range(row.rest) };
        writeln!(
            rows,
            "| {} | {} | {} | {} | {rest} | {} |",
            row.name,
            row.coins.join(" "),
            row.unit,
            range(row.watts),
            row.source
        )
        .unwrap();
    }
    let mut machines = String::from("| what | W, low · typical · high | from |\n|---|---|---|\n");
    for machine in MACHINES {
        writeln!(machines, "| {} | {} | {} |", machine.name, range(machine.watts), machine.source).unwrap();
    }
    let mut rules = String::from("| rule | speaks for | weight | when |\n|---|---|---|---|\n");
    for rule in super::super::reasons::RULES {
        let side = alloc::format!("{:?}", rule.side).to_lowercase();
        writeln!(rules, "| `{}` | {side} | {} | {} |", rule.id, rule.weight, rule.when).unwrap();
    }
    alloc::vec![rows, machines, rules]
}

#[test]
fn the_documentation_prints_the_tables() {
    let page = include_str!("../../../../docs/incidents.md");
    for table in tables() {
        assert!(page.contains(&table), "docs/incidents.md does not hold this table:\n{table}");
    }
}
