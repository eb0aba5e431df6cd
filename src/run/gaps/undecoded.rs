//! Scenes that a run had to leave out because the process that decodes them ended: what they showed nobody saw.

use crate::lead::Gap;
use crate::reason::GapReason;
use crate::run::gaps;
use crate::run::inputs::Inputs;
use crate::weigh::overlap::geodesic_area;

/// Files that a gap names one by one.
const MOST_NAMED: usize = 20;

/// One gap for a red line, over both periods: the day of a file that cannot be decoded is not known.
pub(super) fn gap(inputs: &Inputs, line: usize) -> Option<Gap> {
    let names = inputs.undecoded.keys().filter_map(|file| file.file_name());
    let names: Vec<String> = names.map(|name| name.to_string_lossy().into_owned()).collect();
    if names.is_empty() {
        return None;
    }
    let more = names.len().saturating_sub(MOST_NAMED);
    let more = if more > 0 { format!(" and {more} more (manifest.json, skipped)") } else { String::new() };
    let named = names.iter().take(MOST_NAMED).map(String::as_str).collect::<Vec<_>>().join(", ");
    let detail =
        format!("scenes were left out whose files could not be decoded ({}): {named}{more}", names.len());
    let redline = &inputs.redlines.redlines[line];
    let (area, outline) = (geodesic_area(&redline.polygons), redline.polygons.clone());
    let gap = gaps::gap(inputs, line, "", (GapReason::SceneNotDecoded, detail), (area, 1.0), outline);
    Some(Gap { period: (inputs.question.baseline.from, inputs.question.target.to), ..gap })
}
