//! Cells of CSV that a spreadsheet takes for nothing but themselves.
//!
//! Source: RFC 4180; OWASP, "CSV Injection": a cell that begins with one of these signs is taken for a formula.

/// The cell of some words.
pub fn cell(words: &str) -> String {
    let is_formula =
        words.starts_with(['=', '+', '-', '@', '\t', '\r']) && words.parse::<f64>().is_err() && words != "-";
    let words = if is_formula { format!("'{words}") } else { words.to_owned() };
    let is_plain = !words.contains([',', '"', '\n', '\r']);
    if is_plain { words } else { format!("\"{}\"", words.replace('"', "\"\"")) }
}

/// A line of cells.
pub fn line<'a>(cells: impl IntoIterator<Item = &'a str>) -> String {
    cells.into_iter().map(cell).collect::<Vec<_>>().join(",")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_formula_is_words_and_a_number_is_a_number() {
        assert_eq!(line(["=1+1", "-0.5", "-", "a,\"b\"", "-cmd"]), "'=1+1,-0.5,-,\"a,\"\"b\"\"\",'-cmd");
    }
}
