//! Words of a record inside HTML, SVG or XML.

/// The words as a database can keep them: its text ends at a NUL.
pub fn storable(words: &str) -> String {
    words.replace('\0', "\u{fffd}")
}

/// The words as they are to be read where there is no markup: marks that turn the text around, and control characters other
/// than the line break, are shown as such.
pub fn plain(words: &str) -> String {
    words.chars().map(|letter| if is_hidden(letter) { '\u{fffd}' } else { letter }).collect()
}

/// A mark that changes the direction of reading (Unicode, UAX 9), or a control character other than the line break.
fn is_hidden(letter: char) -> bool {
    matches!(letter, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{200e}' | '\u{200f}' | '\u{61c}')
        || (letter.is_control() && letter != '\n')
}

/// The words as they are to be read: nothing in them is taken for markup, and nothing turns the text around them.
pub fn escaped(words: &str) -> String {
    let mut text = String::with_capacity(words.len());
    for letter in words.chars() {
        match letter {
            '&' => text.push_str("&amp;"),
            '<' => text.push_str("&lt;"),
            '>' => text.push_str("&gt;"),
            '"' => text.push_str("&quot;"),
            '\'' => text.push_str("&#39;"),
            other if is_hidden(other) => text.push('\u{fffd}'),
            other => text.push(other),
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_of_a_record_are_no_markup_and_turn_no_text_around() {
        let shown = escaped("<script>x</script>\"'&\u{202e}gpj.exe\u{0007}");
        assert!(!shown.contains(['<', '>', '"', '\'', '\u{202e}', '\u{0007}']), "{shown}");
        assert_eq!(plain("<b>\u{202e}gpj.exe\u{061c}\n\u{0007}"), "<b>\u{fffd}gpj.exe\u{fffd}\n\u{fffd}");
    }
}
