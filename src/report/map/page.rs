//! The page: HTML, style, script and data in one file, or with pictures and tiles beside it.
//!
//! In:  data, pictures, tiles. Out: files by name.
//! Law: nothing is asked of a network, and nothing runs but the scripts that were written here: a policy in the page names
//!      them by their hashes. Data are data: no letter of them can end the element that holds them.

use std::collections::BTreeMap;
use std::fmt::Write;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::report::ReportError;
use crate::report::map::data::Page;
use crate::report::map::library::{LICENCE, maplibre};
use crate::report::map::pyramid::Square;

/// Name of the page.
pub const INDEX: &str = "index.html";

const TEMPLATE: &str = include_str!("page.html");
const STYLE: &[&str] = &[include_str!("page.css"), include_str!("paper.css")];
/// Parts of the script, in the order in which they are read.
const SCRIPT: &[&str] = &[
    include_str!("words.js"),
    include_str!("data.js"),
    include_str!("geodesy.js"),
    include_str!("filter.js"),
    include_str!("list.js"),
    include_str!("details.js"),
    include_str!("timeline.js"),
    include_str!("imagery.js"),
    include_str!("layers.js"),
    include_str!("chart.js"),
    include_str!("swipe.js"),
    include_str!("measure.js"),
    include_str!("paper.js"),
    include_str!("link.js"),
    include_str!("desk.js"),
    include_str!("start.js"),
];

/// Tiles of a pack are those of so many columns and rows: 2 to this power.
const PACK: u32 = 2;

/// What a page shows besides its data.
#[derive(Default)]
pub struct Shown {
    /// JPEG by name, `KEY_before` or `KEY_after`.
    pub pictures: BTreeMap<String, Vec<u8>>,
    /// Tiles of the imagery.
    pub squares: Vec<Square>,
}

/// How the page calls a tile.
pub fn tile_name(square: &Square) -> String {
    let tile = square.tile;
    format!("{}/{}/{}/{}/{}", square.moment.name(), square.colours, tile.z, tile.x, tile.y)
}

/// The file that holds a tile where tiles lie beside the page; `imagery.js` knows the rule too.
fn pack_name(square: &Square) -> String {
    let tile = square.tile;
    let (x, y) = (tile.x >> PACK, tile.y >> PACK);
    format!("tiles/{}-{}-{}-{x}-{y}.js", square.moment.name(), square.colours, tile.z)
}

/// Every file of the map by its name.
///
/// # Errors
/// `Lacking` where this program was built without MapLibre GL JS.
pub fn files(data: &Value, shown: &Shown, page: &Page) -> Result<BTreeMap<String, Vec<u8>>, ReportError> {
    let (library, library_style) = maplibre()?;
    let mut files = BTreeMap::new();
    let mut inside = block("data", "application/json", &in_element(&data.to_string()));
    inside.push_str(&block("licence", "text/plain", &in_element(LICENCE)));
    if page.is_folder {
        for (name, bytes) in &shown.pictures {
            files.insert(format!("pictures/{name}.jpg"), bytes.clone());
        }
        files.extend(packs(&shown.squares));
    } else {
        for (name, bytes) in &shown.pictures {
            inside.push_str(&block(&format!("picture/{name}"), "text/plain", &STANDARD.encode(bytes)));
        }
        for square in &shown.squares {
            let name = format!("tile/{}", tile_name(square));
            inside.push_str(&block(&name, "text/plain", &STANDARD.encode(&square.jpeg)));
        }
    }
    let own = format!("\"use strict\";\n(() => {{\n{}}})();\n", SCRIPT.concat());
    let style = format!("{library_style}\n{}", STYLE.concat());
    let language = if data["language"] == "en" { "en" } else { "zh-CN" };
    let policy = policy(&[library, &own], &style, page);
    let html = filled(&[
        ("policy", &policy),
        ("language", language),
        ("style", &style),
        ("data", &inside),
        ("library", library),
        ("script", &own),
    ]);
    files.insert(INDEX.to_owned(), html.into_bytes());
    Ok(files)
}

/// The template with its places filled. What is filled in is not looked at again: words of a record may look like a place.
fn filled(parts: &[(&str, &str)]) -> String {
    let mut html = String::new();
    for (number, piece) in TEMPLATE.split("{{").enumerate() {
        match piece.split_once("}}").filter(|_| number > 0) {
            Some((name, rest)) => {
                html.push_str(parts.iter().find(|(known, _)| *known == name).map_or("", |(_, text)| text));
                html.push_str(rest);
            }
            None => html.push_str(piece),
        }
    }
    html
}

/// An element that is never run.
fn block(id: &str, kind: &str, text: &str) -> String {
    format!("<script type=\"{kind}\" id=\"{id}\">{text}</script>\n")
}

/// Text that cannot end the element that it stands in, nor begin another: in JSON an escape, elsewhere the same letter to a reader.
fn in_element(text: &str) -> String {
    text.replace('<', "\\u003c").replace('\u{2028}', "\\u2028").replace('\u{2029}', "\\u2029")
}

/// Tiles beside the page, some to a file: a script, because a page that was opened from a folder may read nothing else.
fn packs(squares: &[Square]) -> BTreeMap<String, Vec<u8>> {
    let mut packs: BTreeMap<String, String> = BTreeMap::new();
    for square in squares {
        let text = packs.entry(pack_name(square)).or_default();
        let comma = if text.is_empty() { "steppewatchTiles({" } else { ",\n" };
        // Writing to a String cannot fail.
        let _ = write!(text, "{comma}\"{}\":\"{}\"", tile_name(square), STANDARD.encode(&square.jpeg));
    }
    packs.into_iter().map(|(name, text)| (name, (text + "});\n").into_bytes())).collect()
}

/// What the page may do, as a Content Security Policy.
fn policy(scripts: &[&str], style: &str, page: &Page) -> String {
    let hash = |text: &str| format!("'sha256-{}'", STANDARD.encode(Sha256::digest(text.as_bytes())));
    let scripts = scripts.iter().map(|script| hash(script)).collect::<Vec<_>>().join(" ");
    let (beside, server) = match (page.is_folder, page.is_desk) {
        (true, true) => (" 'self'", "'self'"),
        (true, false) => (" 'self' file:", "'none'"),
        (false, true) => ("", "'self'"),
        (false, false) => ("", "'none'"),
    };
    format!(
        "default-src 'none'; script-src {scripts}{beside}; style-src {}; img-src data: blob:{beside}; worker-src blob:; \
         connect-src {server}; font-src 'none'; form-action 'none'; base-uri 'none'",
        hash(style)
    )
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::report::map::tile::Tile;
    use crate::report::material::Moment;

    fn shown() -> Shown {
        let square = |x| Square {
            moment: Moment::Before,
            colours: "natural",
            tile: Tile { z: 9, x, y: 7 },
            jpeg: vec![1, 2, 3],
        };
        Shown {
            pictures: BTreeMap::from([("a_before".to_owned(), vec![1, 2])]),
            squares: vec![square(4), square(5), square(8)],
        }
    }

    #[test]
    fn no_word_of_the_data_ends_its_element() {
        let hostile =
            json!({"language": "zh", "leads": ["</script><script>alert(1)</script><!--", "{{script}}"]});
        let Ok(files) = files(&hostile, &Shown::default(), &Page::default()) else { return };
        let html = String::from_utf8(files[INDEX].clone()).unwrap();
        assert!(!html.contains("alert(1)</script>") && !html.contains("<script>alert"));
        assert!(html.contains(r#""{{script}}""#), "a place holder in the data is data");
        assert!(html.contains("connect-src 'none'") && !html.contains("unsafe-"));
    }

    #[test]
    fn small_pictures_lie_in_the_page_and_many_beside_it() {
        let data = json!({"language": "en"});
        let Ok(one) = files(&data, &shown(), &Page::default()) else { return };
        assert_eq!(one.keys().collect::<Vec<_>>(), [INDEX]);
        let folder = files(&data, &shown(), &Page { is_folder: true, ..Page::default() }).unwrap();
        let names: Vec<&String> = folder.keys().collect();
        assert_eq!(
            names,
            [
                "index.html",
                "pictures/a_before.jpg",
                "tiles/before-natural-9-1-1.js",
                "tiles/before-natural-9-2-1.js"
            ]
        );
        let pack = String::from_utf8(folder["tiles/before-natural-9-1-1.js"].clone()).unwrap();
        assert_eq!(
            pack,
            "steppewatchTiles({\"before/natural/9/4/7\":\"AQID\",\n\"before/natural/9/5/7\":\"AQID\"});\n"
        );
    }
}
