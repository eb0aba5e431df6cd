//! Words of a record inside plain text: sheets that are printed or read on a phone.
//!
//! Law: a word of a record stays in its line and turns nothing around it.

use crate::publish::markup;

/// The words as one line: line breaks and tabs are blanks, control characters and marks that change the direction of reading
/// (Unicode, UAX 9) are shown as what cannot be shown.
pub fn line(words: &str) -> String {
    let breaks = ['\n', '\r', '\t', '\u{85}', '\u{2028}', '\u{2029}'];
    markup::plain(&words.replace(breaks, " ")).trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_make_no_line_of_their_own_and_turn_nothing() {
        assert_eq!(line("a\r\nb\u{2028}c\u{202e}\u{7}\t"), "a  b c\u{fffd}\u{fffd}");
    }
}
