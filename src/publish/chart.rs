//! Shares with their intervals beside a bar, as a picture (SVG) that a browser, QGIS and a text program open.
//!
//! In:  rows of a label, a share with its interval, and cells beside it. Out: text.
//! Law: nothing in a label is taken for markup; the same rows give the same bytes.

use crate::publish::markup::escaped;

/// A row of the chart.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    /// What it is about.
    pub label: String,
    /// Share, and the ends of its interval, 0 to 1; none where nothing is known.
    pub share: Option<(f64, f64, f64)>,
    /// What stands beside it, one a column.
    pub cells: Vec<String>,
}

/// Pixels: height of a row, left edge and width of the axis, width of a column beside it.
const ROW: f64 = 30.0;
const LEFT: f64 = 200.0;
const AXIS: f64 = 360.0;
const COLUMN: f64 = 116.0;

/// The chart. `heads` stand over the cells; `bar` is the share that is drawn as a line, with its words.
pub fn shares(title: &str, heads: &[&str], (bar, bar_words): (f64, &str), rows: &[Row]) -> String {
    let (width, bottom) = (LEFT + AXIS + COLUMN * heads.len() as f64 + 40.0, 84.0 + ROW * rows.len() as f64);
    let height = bottom + 40.0;
    let across = |share: f64| LEFT + AXIS * share.clamp(0.0, 1.0);
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" viewBox=\"0 0 {width} {height}\" \
         font-family=\"'Noto Sans SC','Microsoft YaHei',sans-serif\" font-size=\"13\">\n\
         <rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>\n"
    );
    let mut text = |x: f64, y: f64, anchor: &str, look: &str, words: &str| {
        svg.push_str(&format!(
            "<text x=\"{x:.1}\" y=\"{y:.1}\" text-anchor=\"{anchor}\" {look}>{}</text>\n",
            escaped(words)
        ));
    };
    text(16.0, 26.0, "start", "font-size=\"16\" font-weight=\"600\"", title);
    for (place, head) in heads.iter().enumerate() {
        text(LEFT + AXIS + COLUMN * (place as f64 + 1.0), 62.0, "end", "fill=\"#555\"", head);
    }
    for share in [0.0, 0.25, 0.5, 0.75, 1.0] {
        text(across(share), bottom + 18.0, "middle", "fill=\"#555\"", &format!("{:.0} %", share * 100.0));
    }
    text(across(bar), 62.0, "middle", "fill=\"#a33\"", bar_words);
    for (place, row) in rows.iter().enumerate() {
        let y = 84.0 + ROW * (place as f64 + 0.5);
        text(LEFT - 12.0, y + 4.0, "end", "", &shortened(&row.label));
        if row.share.is_none() {
            text(across(0.0) + 8.0, y + 4.0, "start", "fill=\"#888\"", "尚无核查 nothing told yet");
        }
        for (column, cell) in row.cells.iter().enumerate() {
            text(LEFT + AXIS + COLUMN * (column as f64 + 1.0), y + 4.0, "end", "", cell);
        }
    }
    let mut line = |from: (f64, f64), to: (f64, f64), look: &str| {
        svg.push_str(&format!(
            "<line x1=\"{:.1}\" y1=\"{:.1}\" x2=\"{:.1}\" y2=\"{:.1}\" {look}/>\n",
            from.0, from.1, to.0, to.1
        ));
    };
    for share in [0.0, 0.25, 0.5, 0.75, 1.0] {
        line((across(share), 72.0), (across(share), bottom), "stroke=\"#ddd\"");
    }
    line((across(bar), 72.0), (across(bar), bottom), "stroke=\"#a33\" stroke-dasharray=\"5 3\"");
    let mut dots = String::new();
    for (place, row) in rows.iter().enumerate() {
        let Some((share, low, high)) = row.share else { continue };
        let y = 84.0 + ROW * (place as f64 + 0.5);
        line((across(low), y), (across(high), y), "stroke=\"#2a6f4e\" stroke-width=\"3\"");
        dots.push_str(&format!(
            "<circle cx=\"{:.1}\" cy=\"{y:.1}\" r=\"6\" fill=\"#2a6f4e\"/>\n",
            across(share)
        ));
    }
    svg + &dots + "</svg>\n"
}

/// A label that fits its column.
fn shortened(label: &str) -> String {
    // A Chinese letter is about as wide as two Latin ones.
    let wide = |letter: char| if letter.is_ascii() { 1 } else { 2 };
    let (mut short, mut width) = (String::new(), 0);
    for letter in label.chars() {
        width += wide(letter);
        if width > 26 {
            short.push('…');
            break;
        }
        short.push(letter);
    }
    short
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_lies_where_its_axis_says_and_a_label_is_no_markup() {
        let row =
            Row { label: "<G1>".to_owned(), share: Some((0.5, 0.25, 0.75)), cells: vec!["40".to_owned()] };
        let svg = shares("title", &["leads"], (0.75, "bar"), &[row]);
        assert!(svg.contains("cx=\"380.0\"") && svg.contains("x1=\"290.0\"") && svg.contains("x2=\"470.0\""));
        assert!(svg.contains("&lt;G1&gt;") && !svg.contains("<G1>"));
    }

    #[test]
    fn a_long_name_is_cut_by_its_width() {
        assert_eq!(shortened("乌拉特中旗海流图镇以北基本草原"), "乌拉特中旗海流图镇以北基本…");
        assert_eq!(shortened("short"), "short");
    }
}
