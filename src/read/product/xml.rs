//! Metadata of products in XML. The one door to the parser.
//!
//! In:  bytes of an XML file. Out: a tree of elements, and the texts of those asked for by name.
//! Law: no DTD and so no entity, inner or outer; nothing is fetched; length, number and depth of elements are bounded.

use std::path::{Path, PathBuf};

pub(crate) use roxmltree::Node;
use roxmltree::{Document, ParsingOptions};

use crate::read::ReadError;

/// Longest file: metadata of a tile of all detectors take about 1 MB, of a product of many tiles some more.
pub(crate) const MAX_BYTES: u64 = 32 << 20;
/// Most nodes.
const MAX_NODES: u32 = 1_000_000;
/// Deepest nesting: metadata of products go down 12 levels.
const MAX_DEPTH: usize = 64;

/// Text of an XML file, ready to be parsed.
pub(crate) struct Xml {
    path: PathBuf,
    text: String,
}

impl Xml {
    /// Takes the bytes of a file.
    ///
    /// # Errors
    /// `Product` where they are no UTF-8, hold a DTD, or nest too deep.
    pub(crate) fn new(path: &Path, bytes: Vec<u8>) -> Result<Self, ReadError> {
        let text = String::from_utf8(bytes).map_err(|error| {
            refuse(
                path,
                format!("is no UTF-8 text (byte {}); copy it again", error.utf8_error().valid_up_to()),
            )
        })?;
        let text = text.strip_prefix('\u{feff}').map(str::to_owned).unwrap_or(text);
        if depth(&text) > MAX_DEPTH {
            return Err(refuse(
                path,
                format!("nests elements deeper than {MAX_DEPTH}: no metadata of a product do"),
            ));
        }
        Ok(Self { path: path.to_owned(), text })
    }

    /// Its elements.
    ///
    /// # Errors
    /// `Product` with line and column of what is wrong.
    pub(crate) fn parse(&self) -> Result<Document<'_>, ReadError> {
        let options =
            ParsingOptions { allow_dtd: false, nodes_limit: MAX_NODES, ..ParsingOptions::default() };
        Document::parse_with_options(&self.text, options).map_err(|error| {
            refuse(&self.path, format!("is no XML that is read here: {error}; copy it again"))
        })
    }
}

fn refuse(path: &Path, reason: String) -> ReadError {
    ReadError::Product { path: path.to_owned(), reason }
}

/// How deep tags nest, counted without a stack; comments and texts may make it more than it is, never less.
fn depth(text: &str) -> usize {
    let (mut now, mut most) = (0_usize, 0);
    for tag in text.split('<').skip(1) {
        let inside = tag.split('>').next().unwrap_or_default();
        if inside.starts_with('/') {
            now = now.saturating_sub(1);
        } else if !inside.starts_with(['?', '!']) && !inside.ends_with('/') {
            now += 1;
            most = most.max(now);
        }
    }
    most
}

/// Elements of a name, in the order of the file.
pub(crate) fn elements<'a, 'b>(root: Node<'a, 'b>, name: &'a str) -> impl Iterator<Item = Node<'a, 'b>> {
    root.descendants().filter(move |node| node.is_element() && node.tag_name().name() == name)
}

/// Text of the first element that has one of the names, trimmed; `None` where it is empty.
pub(crate) fn text(root: Node<'_, '_>, names: &[&str]) -> Option<String> {
    let is_named = |node: &Node| node.is_element() && names.contains(&node.tag_name().name());
    let text = root.descendants().find(is_named)?.text()?.trim();
    (!text.is_empty()).then(|| text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(text: &str) -> Result<Option<String>, String> {
        let xml =
            Xml::new(Path::new("MTD.xml"), text.as_bytes().to_vec()).map_err(|error| error.to_string())?;
        let document = xml.parse().map_err(|error| error.to_string())?;
        Ok(self::text(document.root(), &["B"]))
    }

    #[test]
    fn texts_are_found_by_name_whatever_their_namespace() {
        assert_eq!(parsed("<n:A xmlns:n=\"u\"><n:B> x </n:B></n:A>"), Ok(Some("x".to_owned())));
        assert_eq!(parsed("\u{feff}<A><B/></A>"), Ok(None));
    }

    /// Case 87 of the catalogue of faults, in the XML that is read.
    #[test]
    fn entities_bombs_and_endless_nesting_are_refused() {
        let bomb = "<!DOCTYPE A [<!ENTITY a \"aa\"><!ENTITY b \"&a;&a;\">]><A><B>&b;</B></A>";
        let outside = "<!DOCTYPE A [<!ENTITY x SYSTEM \"file:///etc/hostname\">]><A><B>&x;</B></A>";
        for text in [
            bomb,
            outside,
            "<!DOCTYPE A SYSTEM \"http://127.0.0.1/a.dtd\"><A><B>1</B></A>",
            "<A><B>&x;</B></A>",
        ] {
            let error = parsed(text).unwrap_err();
            assert!(error.contains("MTD.xml") && error.contains("no XML that is read here"), "{error}");
        }
        let deep = format!("{}<B>x</B>{}", "<A>".repeat(100_000), "</A>".repeat(100_000));
        assert!(parsed(&deep).unwrap_err().contains("deeper than 64"));
        assert!(parsed("<A><B>x</A>").is_err() && parsed("").is_err());
        let wide = format!("<A>{}</A>", "<B/>".repeat(1_100_000));
        assert!(parsed(&wide).unwrap_err().contains("limit"));
    }
}
