//! Elements of XML: the only place where words become markup for projects and forms.
//!
//! In:  names, attributes, words. Out: text of XML.
//! Law: words are words: nothing of them is markup (`publish::markup`).

use crate::publish::markup::escaped;

/// An element.
#[derive(Debug, Clone, PartialEq)]
pub struct Element {
    name: &'static str,
    attributes: Vec<(&'static str, String)>,
    inside: Vec<Inside>,
}

#[derive(Debug, Clone, PartialEq)]
enum Inside {
    Element(Element),
    Words(String),
}

impl Element {
    /// An element of a name.
    pub fn new(name: &'static str) -> Self {
        Self { name, attributes: Vec::new(), inside: Vec::new() }
    }

    /// An element that holds nothing but words.
    pub fn of(name: &'static str, words: impl ToString) -> Self {
        Self::new(name).words(words)
    }

    /// Adds an attribute.
    #[must_use]
    pub fn with(mut self, name: &'static str, value: impl ToString) -> Self {
        self.attributes.push((name, value.to_string()));
        self
    }

    /// Adds an element inside.
    #[must_use]
    pub fn child(mut self, child: Element) -> Self {
        self.inside.push(Inside::Element(child));
        self
    }

    /// Adds elements inside.
    #[must_use]
    pub fn children(mut self, children: impl IntoIterator<Item = Element>) -> Self {
        self.inside.extend(children.into_iter().map(Inside::Element));
        self
    }

    /// Adds words inside.
    #[must_use]
    pub fn words(mut self, words: impl ToString) -> Self {
        self.inside.push(Inside::Words(words.to_string()));
        self
    }

    /// The whole as a file.
    pub fn document(&self, head: &str) -> String {
        let mut text = format!("{head}\n");
        self.write(&mut text, 0);
        text
    }

    fn write(&self, text: &mut String, depth: usize) {
        let indent = " ".repeat(depth);
        text.push_str(&format!("{indent}<{}", self.name));
        for (name, value) in &self.attributes {
            // A line break in an attribute is read as a blank unless it is spelled out.
            text.push_str(&format!(" {name}=\"{}\"", escaped(value).replace('\n', "&#10;")));
        }
        if self.inside.is_empty() {
            text.push_str("/>\n");
            return;
        }
        text.push('>');
        let is_words = |inside: &Inside| matches!(inside, Inside::Words(_));
        if !self.inside.iter().any(is_words) {
            text.push('\n');
        }
        for inside in &self.inside {
            match inside {
                Inside::Element(element) => element.write(text, depth + 1),
                Inside::Words(words) => text.push_str(&escaped(words)),
            }
        }
        if !self.inside.iter().any(is_words) {
            text.push_str(&indent);
        }
        text.push_str(&format!("</{}>\n", self.name));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_of_a_record_neither_end_an_element_nor_break_an_attribute() {
        let hostile = "a\"><script>'[% 1+1 %]\u{202e}\n";
        let text = Element::new("a").with("b", hostile).child(Element::of("c", hostile)).document("<!-- -->");
        assert_eq!(text.matches('<').count(), 5, "{text}");
        assert!(text.contains("&#10;") && !text.contains('\u{202e}'), "{text}");
    }
}
