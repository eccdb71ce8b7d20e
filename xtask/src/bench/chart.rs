//! The figures as one SVG: bars of the lab, lines of the curves. By hand: two kinds of shapes need no crate.

use std::fmt::Write as _;

use super::compare::Row;
use super::curves::Point;

const WIDTH: f64 = 760.0;
const LEFT: f64 = 230.0;
const SPAN: f64 = 480.0;
const BAR: f64 = 16.0;
const PLOT: f64 = 240.0;
const COLOURS: [&str; 6] = ["#4477aa", "#ee6677", "#228833", "#ccbb44", "#66ccee", "#aa3377"];

/// The whole picture.
pub(super) fn draw(rows: &[Row], points: &[Point]) -> String {
    let mut body = String::new();
    let mut top = bars(&mut body, rows);
    let mut whats: Vec<_> = points.iter().filter(|point| point.unit == "ns").map(|point| &point.what).collect();
    whats.dedup();
    for what in whats {
        let own: Vec<_> = points.iter().filter(|point| point.what == *what && point.unit == "ns").collect();
        top = lines(&mut body, top, what, &own);
    }
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {top:.0}\" font-family=\"sans-serif\" \
         font-size=\"12\">\n<rect width=\"100%\" height=\"100%\" fill=\"white\"/>\n{body}</svg>\n"
    )
}

/// Each load as a part of the plain gateway's; where the next thing begins.
fn bars(body: &mut String, rows: &[Row]) -> f64 {
    text(body, 10.0, 20.0, "Speed through the gateway, plain forwarding = 1");
    let mut top = 34.0;
    for row in rows {
        text(body, 10.0, top + 1.7 * BAR, row.load.name);
        let shares = [
            ("plain", Some(row.plain)),
            ("bare queue", Some(row.bare)),
            ("minewall", Some(row.minewall)),
            ("Suricata", row.suricata),
        ];
        for ((name, figure), colour) in shares.into_iter().zip(["#bbbbbb", "#888888", COLOURS[0], COLOURS[1]]) {
            let Some(figure) = figure else { continue };
            let share = figure / row.plain;
            let long = share.min(1.2) * SPAN / 1.6;
            let _ = writeln!(
                body,
                "<rect x=\"{LEFT}\" y=\"{top:.1}\" width=\"{long:.1}\" height=\"{:.1}\" fill=\"{colour}\"/>",
                BAR - 2.0
            );
            let said = format!("{name} {share:.2} ({figure:.*} {})", usize::from(figure < 100.0), row.load.unit);
            text(body, LEFT + long + 6.0, top + BAR - 4.0, &said);
            top += BAR;
        }
        top += 10.0;
    }
    top + 20.0
}

/// Cost against size, both logarithmic; where the next thing begins.
fn lines(body: &mut String, top: f64, what: &str, points: &[&Point]) -> f64 {
    text(body, 10.0, top, &format!("Cost in ns against {what}"));
    let place = |value: f64| value.max(1.0).log10();
    let range = |values: Vec<f64>| {
        let low = values.iter().copied().fold(f64::INFINITY, f64::min).floor();
        (low, values.iter().copied().fold(low + 1.0, f64::max).ceil())
    };
    let (x_low, x_high) = range(points.iter().map(|point| place(point.x)).collect());
    let (y_low, y_high) = range(points.iter().map(|point| place(point.y)).collect());
    let x_at = |x: f64| 60.0 + (place(x) - x_low) / (x_high - x_low) * (SPAN - 60.0);
    let y_at = |y: f64| top + 12.0 + PLOT - (place(y) - y_low) / (y_high - y_low) * PLOT;
    for power in (y_low as i32)..=(y_high as i32) {
        let value = 10_f64.powi(power);
        let _ = writeln!(body, "<path d=\"M60 {y:.1}H{SPAN}\" stroke=\"#dddddd\" fill=\"none\"/>", y = y_at(value));
        text(body, 10.0, y_at(value) + 4.0, &value.to_string());
    }
    for power in (x_low as i32)..=(x_high as i32) {
        let value = 10_f64.powi(power);
        text(body, x_at(value) - 10.0, top + PLOT + 30.0, &value.to_string());
    }
    let mut curves: Vec<_> = points.iter().map(|point| point.curve.as_str()).collect();
    curves.sort_unstable();
    curves.dedup();
    for (nth, curve) in curves.into_iter().enumerate() {
        let colour = COLOURS[nth % COLOURS.len()];
        let mut own: Vec<_> = points.iter().filter(|point| point.curve == curve).collect();
        own.sort_by(|a, b| a.x.total_cmp(&b.x));
        let path: Vec<_> = own.iter().map(|point| format!("{:.1},{:.1}", x_at(point.x), y_at(point.y))).collect();
        let _ = writeln!(
            body,
            "<polyline points=\"{}\" stroke=\"{colour}\" stroke-width=\"2\" fill=\"none\"/>",
            path.join(" ")
        );
        let _ = writeln!(
            body,
            "<text x=\"{:.0}\" y=\"{:.0}\" fill=\"{colour}\">{curve}</text>",
            SPAN + 20.0,
            top + 24.0 + 18.0 * nth as f64
        );
    }
    top + PLOT + 60.0
}

fn text(body: &mut String, x: f64, y: f64, said: &str) {
    let _ = writeln!(body, "<text x=\"{x:.0}\" y=\"{y:.0}\">{said}</text>");
}
