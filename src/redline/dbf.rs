//! Which encoding the attributes of a shapefile are in. Looks at the bytes; a `.cpg` is a hint at most.
//!
//! In:  the `.dbf`, and the `.cpg` if there is one.
//! Out: `UTF-8` or `GB18030` (which reads GBK and GB2312 too), a note, the number of records.
//! Source: dBASE III header: records at byte 4, header length at 8, record length at 10, fields of 32 bytes.

use std::path::Path;

use crate::plain;
use crate::redline::RedLineError;

/// Most bytes of a table that are looked at.
const MAX_BYTES: u64 = 512 << 20;

/// What a table says about itself.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Table {
    pub(crate) encoding: &'static str,
    pub(crate) records: usize,
    pub(crate) note: Option<String>,
}

/// Reads the header and the text of all records.
///
/// # Errors
/// `Format` for a table that is cut short or in neither encoding.
pub(crate) fn table(path: &Path, cpg: Option<&str>) -> Result<Table, RedLineError> {
    let refuse = |reason: String| RedLineError::Format { path: path.to_owned(), reason };
    let bytes = plain::bytes(path, MAX_BYTES).map_err(|error| refuse(format!("cannot be read ({error})")))?;
    let short = || refuse("is cut short; copy the shapefile again".to_owned());
    let number = |at: usize, length: usize| -> Option<usize> {
        let part = bytes.get(at..at + length)?;
        Some(part.iter().rev().fold(0, |sum, byte| sum << 8 | usize::from(*byte)))
    };
    let records = number(4, 4).ok_or_else(short)?;
    let (header, record) = (number(8, 2).ok_or_else(short)?, number(10, 2).ok_or_else(short)?);
    let body = records.checked_mul(record).and_then(|length| bytes.get(header..header.checked_add(length)?));
    let body = body.ok_or_else(short)?;
    let fields = fields(bytes.get(..header).ok_or_else(short)?);
    let mut texts: Vec<&[u8]> = fields.iter().map(|field| field.name).collect();
    for row in body.chunks_exact(record.max(1)) {
        for field in fields.iter().filter(|field| field.is_text) {
            texts.extend(row.get(field.start..field.start + field.length));
        }
    }
    let (encoding, note) = encoding(&texts, cpg).map_err(refuse)?;
    Ok(Table { encoding, records, note })
}

struct Field<'a> {
    name: &'a [u8],
    is_text: bool,
    start: usize,
    length: usize,
}

fn fields(header: &[u8]) -> Vec<Field<'_>> {
    let mut fields = Vec::new();
    // The first byte of a record marks deletion.
    let mut start = 1;
    for descriptor in header.get(32..).unwrap_or_default().chunks_exact(32) {
        if descriptor[0] == 0x0d {
            break;
        }
        let name = descriptor[..11].split(|byte| *byte == 0).next().unwrap_or_default();
        let length = usize::from(descriptor[16]);
        fields.push(Field { name, is_text: descriptor[11] == b'C', start, length });
        start += length;
    }
    fields
}

fn encoding(texts: &[&[u8]], cpg: Option<&str>) -> Result<(&'static str, Option<String>), String> {
    let said = cpg.map(|text| text.trim().to_ascii_uppercase());
    let says_utf8 = said.as_deref().is_some_and(|said| said.contains("UTF"));
    if texts.iter().all(|text| text.is_ascii()) {
        return Ok(("UTF-8", None));
    }
    if texts.iter().all(|text| is_utf8(text)) {
        return Ok(("UTF-8", None));
    }
    if texts.iter().all(|text| is_gb18030(text)) {
        let note = match said {
            Some(said) if says_utf8 => {
                format!("the .cpg says {said} but the attributes are GBK; read as GBK")
            }
            Some(_) => return Ok(("GB18030", None)),
            None => "no .cpg beside the .dbf; attributes read as GBK".to_owned(),
        };
        return Ok(("GB18030", Some(note)));
    }
    Err("attributes are neither UTF-8 nor GBK; save the layer as GeoPackage or with a right .cpg".to_owned())
}

/// UTF-8, where the last character may be cut by the width of the field.
fn is_utf8(text: &[u8]) -> bool {
    match std::str::from_utf8(trimmed(text)) {
        Ok(_) => true,
        Err(error) => error.error_len().is_none(),
    }
}

fn is_gb18030(text: &[u8]) -> bool {
    let text = trimmed(text);
    let whole = |part: &[u8]| !encoding_rs::GB18030.decode_without_bom_handling(part).1;
    // A character may be cut by the width of the field.
    whole(text) || text.split_last().is_some_and(|(_, part)| whole(part))
}

fn trimmed(text: &[u8]) -> &[u8] {
    let end = text.iter().rposition(|byte| *byte != b' ' && *byte != 0).map_or(0, |last| last + 1);
    &text[..end]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chinese_names_are_told_apart_by_their_bytes() {
        let gbk = encoding_rs::GB18030.encode("乌拉特中旗").0.into_owned();
        assert_eq!(encoding(&[&gbk], None).unwrap().0, "GB18030");
        assert_eq!(encoding(&["乌拉特中旗".as_bytes()], None).unwrap(), ("UTF-8", None));
        assert!(encoding(&[&gbk], Some("UTF-8")).unwrap().1.unwrap().contains("GBK"));
        assert!(encoding(&[&[0xff, 0xff, 0x20, 0x41]], None).is_err());
    }

    #[test]
    fn a_character_cut_by_the_field_width_does_not_change_the_encoding() {
        let utf8 = "乌拉特".as_bytes();
        assert_eq!(encoding(&[&utf8[..8]], None).unwrap().0, "UTF-8");
        let gbk = encoding_rs::GB18030.encode("乌拉特").0.into_owned();
        assert_eq!(encoding(&[&gbk[..5]], None).unwrap().0, "GB18030");
    }
}
