//! Sheets of text -> XLSX, by hand: six small files of XML and no formula.
//!
//! In:  sheets: a name and rows of cells. Out: bytes of the workbook.
//! Law: every cell is text, whatever it begins with; same sheets, same bytes.
//! Source: ECMA-376, Office Open XML, part 1 (inline strings, 18.3.1.53).

use crate::report::ReportError;
use crate::report::archive::Archive;
use crate::report::xml::Element;

const HEAD: &str = r#"<?xml version="1.0" encoding="UTF-8" standalone="yes"?>"#;
const MAIN: &str = "http://schemas.openxmlformats.org/spreadsheetml/2006/main";
const RELATIONS: &str = "http://schemas.openxmlformats.org/package/2006/relationships";
const OFFICE: &str = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";
const TYPES: &str = "http://schemas.openxmlformats.org/package/2006/content-types";
const KIND: &str = "application/vnd.openxmlformats-officedocument.spreadsheetml";

/// A sheet: its name and its rows.
pub type Sheet<'a> = (&'a str, Vec<Vec<String>>);

/// The bytes of a workbook.
///
/// # Errors
/// `Archive` where it cannot be packed.
pub fn workbook(file: &str, sheets: &[Sheet]) -> Result<Vec<u8>, ReportError> {
    let mut archive = Archive::begin(file);
    let mut add = |path: &str, element: Element| archive.add(path, element.document(HEAD).as_bytes());
    let part = |path: &str, kind: &str| {
        Element::new("Override").with("PartName", path).with("ContentType", format!("{KIND}.{kind}+xml"))
    };
    let number = |at: usize| at + 1;
    let parts =
        (0..sheets.len()).map(|at| part(&format!("/xl/worksheets/sheet{}.xml", number(at)), "worksheet"));
    let default = Element::new("Default")
        .with("Extension", "rels")
        .with("ContentType", "application/vnd.openxmlformats-package.relationships+xml");
    let types = Element::new("Types").with("xmlns", TYPES).child(default);
    add("[Content_Types].xml", types.child(part("/xl/workbook.xml", "sheet.main")).children(parts))?;
    let relation = |id: usize, kind: &str, target: &str| {
        Element::new("Relationship")
            .with("Id", format!("rId{id}"))
            .with("Type", format!("{OFFICE}/{kind}"))
            .with("Target", target)
    };
    let relations = || Element::new("Relationships").with("xmlns", RELATIONS);
    add("_rels/.rels", relations().child(relation(1, "officeDocument", "xl/workbook.xml")))?;
    let listed = sheets.iter().enumerate().map(|(at, (name, _))| {
        Element::new("sheet")
            .with("name", name)
            .with("sheetId", number(at))
            .with("r:id", format!("rId{}", number(at)))
    });
    let book = Element::new("workbook").with("xmlns", MAIN).with("xmlns:r", OFFICE);
    add("xl/workbook.xml", book.child(Element::new("sheets").children(listed)))?;
    let pointed = (0..sheets.len())
        .map(|at| relation(number(at), "worksheet", &format!("worksheets/sheet{}.xml", number(at))));
    add("xl/_rels/workbook.xml.rels", relations().children(pointed))?;
    for (at, (_, rows)) in sheets.iter().enumerate() {
        add(&format!("xl/worksheets/sheet{}.xml", number(at)), sheet(rows))?;
    }
    archive.finish()
}

fn sheet(rows: &[Vec<String>]) -> Element {
    let cell = |row: usize, (at, text): (usize, &String)| {
        let words = Element::of("t", text).with("xml:space", "preserve");
        let cell = Element::new("c").with("r", format!("{}{}", column(at), row + 1)).with("t", "inlineStr");
        (!text.is_empty()).then(|| cell.child(Element::new("is").child(words)))
    };
    let row = |(at, cells): (usize, &Vec<String>)| {
        let cells = cells.iter().enumerate().filter_map(|one| cell(at, one));
        Element::new("row").with("r", at + 1).children(cells)
    };
    let data = Element::new("sheetData").children(rows.iter().enumerate().map(row));
    Element::new("worksheet").with("xmlns", MAIN).child(data)
}

/// The name of a column: A to Z, AA and on.
fn column(at: usize) -> String {
    let letter = char::from(b'A' + (at % 26) as u8);
    if at < 26 { letter.to_string() } else { format!("{}{letter}", column(at / 26 - 1)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_named_as_a_spreadsheet_names_them() {
        assert_eq!([0, 25, 26, 51, 52].map(column), ["A", "Z", "AA", "AZ", "BA"]);
    }

    #[test]
    fn the_same_sheets_make_the_same_bytes() {
        let sheets = [("a", vec![vec!["=1+1".to_owned(), String::new(), "中文 <b>".to_owned()]])];
        let bytes = workbook("a.xlsx", &sheets).unwrap();
        assert_eq!(bytes, workbook("a.xlsx", &sheets).unwrap());
        let mut read = zip::ZipArchive::new(std::io::Cursor::new(bytes)).unwrap();
        let text = std::io::read_to_string(read.by_name("xl/worksheets/sheet1.xml").unwrap()).unwrap();
        assert!(text.contains(r#"<c r="A1" t="inlineStr">"#) && text.contains("中文 &lt;b&gt;"), "{text}");
        assert!(!text.contains("<f") && !text.contains("B1"), "{text}");
    }
}
