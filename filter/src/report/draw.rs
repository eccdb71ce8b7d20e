//! Charts as SVG, by plotters.

use plotters::backend::SVGBackend;
use plotters::chart::ChartBuilder;
use plotters::coord::Shift;
use plotters::drawing::{DrawingArea, IntoDrawingArea};
use plotters::element::{Rectangle, Text};
use plotters::style::text_anchor::{HPos, Pos, VPos};
use plotters::style::{Color, IntoFont, RGBColor, ShapeStyle, TextStyle};

use super::chart::{Chart, Shape};
use super::figure::shortened;

type Area<'a> = DrawingArea<SVGBackend<'a>, Shift>;
type Drawn = Result<(), Box<dyn std::error::Error>>;

const WIDTH: u32 = 640;
const WIDE: u32 = 1130;
const FONT: i32 = 17;
const ROW: i32 = 26;
const INK: RGBColor = RGBColor(0x33, 0x3d, 0x47);
const LINE: RGBColor = RGBColor(0xd5, 0xda, 0xe0);
const MAIN: RGBColor = RGBColor(0x1f, 0x5f, 0xa8);
const REST: RGBColor = RGBColor(0xa9, 0xbc, 0xd0);
/// Where bars and fields begin, and what is left beside them.
const LABELS: i32 = 210;
const ENDS: i32 = 110;

/// The chart as an SVG element; what cannot be drawn is left out.
pub(super) fn svg(chart: &Chart) -> String {
    let mut text = String::new();
    let rows = match &chart.shape {
        Shape::Columns(_) => 9,
        Shape::Bars { rows, .. } => rows.len() + 1,
        Shape::Map { rows, .. } => rows.len() + 2,
    };
    let width = if chart.is_wide { WIDE } else { WIDTH };
    let height = u32::try_from(rows).unwrap_or_default() * ROW.unsigned_abs();
    let drawn = {
        let area = SVGBackend::with_string(&mut text, (width, height)).into_drawing_area();
        let drawn = match &chart.shape {
            Shape::Columns(columns) => draw_columns(&area, columns),
            Shape::Bars { series, rows } => draw_bars(&area, series, rows),
            Shape::Map { columns, rows } => draw_map(&area, columns, rows),
        };
        drawn.and_then(|()| area.present().map_err(Into::into))
    };
    if let Err(error) = drawn {
        eprintln!("minewall: the chart {:?} cannot be drawn: {error}", chart.title);
        return String::new();
    }
    // Within HTML the name space is a matter of course.
    text.replacen(" xmlns=\"http://www.w3.org/2000/svg\"", "", 1)
}

fn style(horizontal: HPos) -> TextStyle<'static> {
    let font = ("sans-serif", FONT).into_font();
    TextStyle::from(font).color(&INK).pos(Pos::new(horizontal, VPos::Center))
}

/// The least of 1, 2, 5, 10, .. that is not below.
fn round_up(value: f64) -> f64 {
    let power = 10_f64.powf(value.max(1e-6).log10().floor());
    [1.0, 2.0, 5.0, 10.0].into_iter().map(|step| step * power).find(|step| *step >= value).unwrap_or(value)
}

fn draw_columns(area: &Area<'_>, columns: &[(String, f64)]) -> Drawn {
    let most = round_up(columns.iter().map(|(_, value)| *value).fold(0.0, f64::max));
    let count = i32::try_from(columns.len())?.max(1);
    let mut chart = ChartBuilder::on(area)
        .margin(8)
        .set_left_and_bottom_label_area_size(0)
        .x_label_area_size(30)
        .y_label_area_size(58)
        .build_cartesian_2d(0..count * 10, 0.0..most)?;
    chart
        .configure_mesh()
        .disable_x_mesh()
        .disable_x_axis()
        .light_line_style(ShapeStyle::from(&plotters::style::TRANSPARENT))
        .bold_line_style(LINE)
        .axis_style(LINE)
        .label_style(style(HPos::Right))
        .y_labels(5)
        .y_label_formatter(&|value| super::figure::number(*value).trim_end_matches(".0").to_owned())
        .draw()?;
    let bars = columns
        .iter()
        .zip(0..)
        .map(|((_, value), at)| Rectangle::new([(at * 10 + 2, 0.0), (at * 10 + 8, *value)], MAIN.filled()));
    chart.draw_series(bars)?;
    let every = usize::try_from(count)?.div_ceil(16);
    let height = i32::try_from(area.dim_in_pixel().1)?;
    for ((label, _), at) in columns.iter().zip(0..).step_by(every) {
        let x = chart.backend_coord(&(at * 10 + 5, 0.0)).0;
        area.draw(&Text::new(label.as_str(), (x, height - 20), style(HPos::Center)))?;
    }
    Ok(())
}

#[expect(clippy::cast_possible_truncation, reason = "places on a picture")]
fn draw_bars(area: &Area<'_>, series: &[String], rows: &[(String, Vec<f64>, String)]) -> Drawn {
    let width = i32::try_from(area.dim_in_pixel().0)? - LABELS - ENDS;
    let most = rows.iter().map(|(_, values, _)| values.iter().sum::<f64>()).fold(0.0, f64::max);
    let scale = if most > 0.0 { f64::from(width) / most } else { 0.0 };
    let colours = [MAIN, REST];
    let mut x = LABELS;
    for (name, colour) in series.iter().zip(colours) {
        area.draw(&Rectangle::new([(x, 7), (x + 12, 19)], colour.filled()))?;
        area.draw(&Text::new(name.as_str(), (x + 18, 13), style(HPos::Left)))?;
        x += 130;
    }
    for ((name, values, end), at) in rows.iter().zip(i32::from(!series.is_empty())..) {
        let middle = at * ROW + ROW / 2;
        area.draw(&Text::new(shortened(name, 28), (LABELS - 10, middle), style(HPos::Right)))?;
        let mut from = f64::from(LABELS);
        for (value, colour) in values.iter().zip(colours) {
            let to = from + value * scale;
            area.draw(&Rectangle::new([(from as i32, middle - 8), (to as i32, middle + 8)], colour.filled()))?;
            from = to;
        }
        area.draw(&Text::new(end.as_str(), (from as i32 + 8, middle), style(HPos::Left)))?;
    }
    Ok(())
}

fn draw_map(area: &Area<'_>, columns: &[String], rows: &[(String, Vec<f64>)]) -> Drawn {
    let count = i32::try_from(columns.len())?.max(1);
    let width = ((i32::try_from(area.dim_in_pixel().0)? - LABELS - 10) / count).min(64);
    // A day has 24 hours; several incidents at once may have more.
    let shade = |hours: f64| MAIN.mix(0.12 + 0.88 * (hours / 24.0).min(1.0));
    let every = usize::try_from(47 / width.max(1) + 1)?;
    for (label, at) in columns.iter().zip(0..).step_by(every) {
        area.draw(&Text::new(label.as_str(), (LABELS + at * width + width / 2, ROW / 2), style(HPos::Center)))?;
    }
    for ((name, fields), row) in rows.iter().zip(1..) {
        let top = row * ROW;
        area.draw(&Text::new(shortened(name, 28), (LABELS - 10, top + ROW / 2), style(HPos::Right)))?;
        for (hours, at) in fields.iter().zip(0..) {
            let left = LABELS + at * width;
            let field = [(left + 1, top + 2), (left + width - 1, top + ROW - 2)];
            let filling = if *hours > 0.0 { shade(*hours).filled() } else { LINE.mix(0.35).filled() };
            area.draw(&Rectangle::new(field, filling))?;
            if *hours > 0.0 && width >= 30 {
                let number = if *hours < 9.95 { format!("{hours:.1}") } else { format!("{hours:.0}") };
                let ink = if *hours > 10.0 { plotters::style::WHITE } else { INK };
                let style = style(HPos::Center).color(&ink);
                area.draw(&Text::new(number, (left + width / 2, top + ROW / 2), style))?;
            }
        }
    }
    Ok(())
}
