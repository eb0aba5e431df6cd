//! What a file is that is called GeoJSON and is none.
//!
//! In:  its bytes. Out: nothing for what opens as a JSON object; else what it is, and the next step.
//! Law: of XML nothing is read, so no entity of it can grow or reach for another file.

/// Marks of what is given as GeoJSON, and what it is.
const MARKS: [(&[u8], &str); 5] = [
    (
        b"PK",
        "a ZIP archive (KMZ or a packed shapefile?); unpack it and save the layer as GeoJSON or GeoPackage",
    ),
    (b"SQLite format 3", "a GeoPackage or another database; name it .gpkg, or save the layer as GeoJSON"),
    (b"Rar!", "a RAR archive; unpack it and save the layer as GeoJSON or GeoPackage"),
    (b"7z\xbc\xaf", "a 7z archive; unpack it and save the layer as GeoJSON or GeoPackage"),
    (b"\x1f\x8b", "a gzip archive; unpack it and save the layer as GeoJSON or GeoPackage"),
];

/// Names that tell one XML from another.
const XML: [(&str, &str); 4] = [
    ("<kml", "KML"),
    ("gml", "GML"),
    ("<ogrvrt", "a VRT, which points at other files"),
    ("<html", "a page of HTML"),
];

/// Bytes in which an XML names itself.
const START: usize = 2048;

/// Looks at the beginning.
///
/// # Errors
/// What it is, in words that follow the name of the file.
pub(crate) fn of(bytes: &[u8]) -> Result<(), String> {
    if let Some((_, what)) = MARKS.iter().find(|(mark, _)| bytes.starts_with(mark)) {
        return Err(format!("is {what}"));
    }
    let text = bytes.trim_ascii_start();
    match text.first() {
        None => Err("is empty (0 bytes of text); expected GeoJSON, save the layer again".to_owned()),
        Some(b'{') => Ok(()),
        Some(b'<') => {
            let start = String::from_utf8_lossy(&text[..text.len().min(START)]).to_lowercase();
            let kind = XML.iter().find(|(name, _)| start.contains(name));
            let kind = kind.map_or("XML (a VRT, KML or GML?)", |(_, kind)| kind);
            Err(format!("is {kind}, of which nothing is read; save it as GeoJSON"))
        }
        Some(0x1e) => {
            Err("holds a feature a line (GeoJSON text sequences); save it as one GeoJSON FeatureCollection"
                .to_owned())
        }
        Some(b'0') if text[1..].trim_ascii_start().starts_with(b"SECTION") => {
            Err("is DXF, a drawing without a coordinate system; save the layer as GeoPackage or GeoJSON"
                .to_owned())
        }
        Some(_) => Err("does not begin as a JSON object; expected GeoJSON, save the layer again".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_json_object_is_called_by_its_name() {
        for (text, kind) in [
            ("<?xml version=\"1.0\"?>\n<kml xmlns=\"x\">", "KML"),
            ("<ogr:FeatureCollection xmlns:gml=\"x\">", "GML"),
            ("<OGRVRTDataSource>", "VRT"),
            ("  0\nSECTION\n", "DXF"),
            ("PK\u{3}\u{4}", "ZIP"),
            ("  \n", "0 bytes"),
            ("[1]", "does not begin"),
        ] {
            let found = of(text.as_bytes()).unwrap_err();
            assert!(found.contains(kind), "{text}: {found}");
        }
        assert_eq!(of(b" {\"type\""), Ok(()));
    }
}
