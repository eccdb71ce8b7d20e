//! Cells of CSV.

use minewall_core::evidence::printable;

/// The cell, so that no spreadsheet takes it for a formula.
pub(crate) fn harmless(cell: &str) -> String {
    let cell = printable(cell, usize::MAX);
    let is_formula = cell.starts_with(['=', '+', '-', '@', '＝', '＋', '－', '＠']);
    if is_formula { format!("'{cell}") } else { cell }
}
