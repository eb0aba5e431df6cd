//! The leads as a table of text, for eyes.
//!
//! In:  leads.
//! Out: aligned lines; a Chinese letter counts as two columns, as terminals draw it.

use crate::lead::Lead;

const HEAD: [&str; 9] =
    ["rank", "id", "model", "status", "confidence", "mu (low-high)", "first seen", "red line", "lon, lat"];

/// Columns whose numbers stand to the right.
const RIGHT: [bool; 9] = [true, false, false, false, true, true, false, false, false];

/// Widest red-line name that is shown whole, in columns of the terminal.
const WIDEST_NAME: usize = 28;

/// The first `most` leads by rank, one a line, and how many more there are.
pub fn leads(leads: &[Lead], most: usize) -> String {
    if leads.is_empty() {
        return "no leads\n".to_owned();
    }
    let mut sorted: Vec<&Lead> = leads.iter().collect();
    sorted.sort_by(|a, b| (a.rank, &a.id).cmp(&(b.rank, &b.id)));
    let mut rows: Vec<[String; 9]> = vec![HEAD.map(str::to_owned)];
    rows.extend(sorted.iter().take(most).map(|lead| row(lead)));
    let widths: Vec<usize> =
        (0..HEAD.len()).map(|column| rows.iter().map(|row| width(&row[column])).max().unwrap_or(0)).collect();
    let mut text: String = rows.iter().map(|row| line(row, &widths)).collect();
    if sorted.len() > most {
        text.push_str(&format!("... and {} more in leads.geojson\n", sorted.len() - most));
    }
    text
}

fn row(lead: &Lead) -> [String; 9] {
    let redline = lead.redlines.first().map_or("-".to_owned(), |line| {
        if line.name.is_empty() { line.id.clone() } else { line.name.clone() }
    });
    [
        lead.rank.to_string(),
        lead.id.clone(),
        lead.model.clone(),
        lead.status.name().to_owned(),
        format!("{:.2}", lead.confidence),
        extent(lead),
        lead.first_seen.to_string(),
        shortened(&redline, WIDEST_NAME),
        format!("{:.5}, {:.5}", lead.point.0, lead.point.1),
    ]
}

/// Area with its interval in mu; of a track its length.
fn extent(lead: &Lead) -> String {
    match lead.told_area() {
        Some(area) => format!("{:.1} ({:.1}-{:.1})", area.best.mu(), area.low.mu(), area.high.mu()),
        None => format!("{:.0} m", lead.length_m),
    }
}

fn line(row: &[String; 9], widths: &[usize]) -> String {
    let mut text = String::new();
    for ((cell, column), right) in row.iter().zip(widths).zip(RIGHT) {
        let space = " ".repeat(column.saturating_sub(width(cell)));
        let (before, after) = if right { (space.as_str(), "") } else { ("", space.as_str()) };
        text.push_str(before);
        text.push_str(cell);
        text.push_str(after);
        text.push_str("  ");
    }
    format!("{}\n", text.trim_end())
}

fn shortened(text: &str, widest: usize) -> String {
    let plain: String = text.chars().map(|letter| if letter.is_control() { ' ' } else { letter }).collect();
    if width(&plain) <= widest {
        return plain;
    }
    let mut short = String::new();
    for letter in plain.chars() {
        if width(&short) + letter_width(letter) + 2 > widest {
            break;
        }
        short.push(letter);
    }
    short + ".."
}

/// Columns that a terminal gives to a text.
fn width(text: &str) -> usize {
    text.chars().map(letter_width).sum()
}

/// Two columns for wide and fullwidth letters, none for combining marks.
///
/// Source: Unicode Standard Annex 11, the blocks that occur in names on Chinese maps.
fn letter_width(letter: char) -> usize {
    match u32::from(letter) {
        0x0300..=0x036F | 0x200B..=0x200F | 0xFE00..=0xFE0F => 0,
        0x1100..=0x115F
        | 0x2E80..=0x303E
        | 0x3041..=0xA4CF
        | 0xAC00..=0xD7A3
        | 0xF900..=0xFAFF
        | 0xFE30..=0xFE6F
        | 0xFF01..=0xFF60
        | 0xFFE0..=0xFFE6
        | 0x1F300..=0x1F64F
        | 0x1F900..=0x1F9FF
        | 0x20000..=0x3FFFD => 2,
        _ => 1,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::publish::sample;

    #[test]
    fn columns_stand_under_each_other_whatever_the_script() {
        let mut some = sample::leads();
        some[0].redlines[0].name = "meadow".to_owned();
        some[2].redlines.clear();
        let text = leads(&some, 10);
        let starts: Vec<usize> = text
            .lines()
            .map(|line| {
                let at = line.find("lon, lat").or_else(|| line.find("108.")).unwrap();
                width(&line[..at])
            })
            .collect();
        assert_eq!(width("草原A"), 5);
        assert_eq!(starts.len(), 4);
        assert!(starts.iter().all(|start| *start == starts[0]), "{text}");
    }

    #[test]
    fn a_long_name_is_cut_between_letters_and_the_rest_is_counted() {
        let mut some = sample::leads();
        some[1].redlines[0].name = "草原".repeat(20);
        let text = leads(&some, 1);
        assert!(text.contains("草原草..") && text.contains("... and 2 more"), "{text}");
        assert_eq!(width(&shortened(&"草".repeat(40), 28)), 28);
        assert_eq!(leads(&[], 5), "no leads\n");
    }
}
