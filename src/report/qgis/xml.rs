//! Settings of a project file, and words inside its expressions.
//!
//! In:  names and values, words. Out: elements, text.
//! Law: what a record says is never an expression: QGIS runs what stands between `[%` and `%]` in labels, legends and
//!      titles, so that no record may open one.

use crate::report::plain;

pub use crate::report::xml::Element;

/// A map of options, as QGIS writes settings.
pub fn options(entries: impl IntoIterator<Item = Element>) -> Element {
    Element::new("Option").with("type", "Map").children(entries)
}

/// An option that holds text.
pub fn option(name: &'static str, value: impl ToString) -> Element {
    typed(name, "QString", value)
}

/// An option of a type.
pub fn typed(name: &'static str, kind: &'static str, value: impl ToString) -> Element {
    Element::new("Option").with("name", name).with("type", kind).with("value", value)
}

/// Words of a record where QGIS would run what stands between `[%` and `%]`.
pub fn inert(words: &str) -> String {
    plain::line(words).replace("[%", "[ %")
}

/// Words as a literal of a QGIS expression.
pub fn literal(words: &str) -> String {
    format!("'{}'", words.replace('\\', "\\\\").replace('\'', "''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_of_a_record_open_no_expression_and_end_no_literal() {
        assert!(!inert("[%[% 1 %]").contains("[%"));
        assert_eq!(inert("a\u{202e}\nb"), "a\u{fffd} b");
        assert_eq!(literal("a'b\\"), "'a''b\\\\'");
    }
}
