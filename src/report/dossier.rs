//! A PDF with the record of every lead, and one page on the run.
//!
//! In:  leads with their views and surroundings, layers, the run's manifest. Out: `dossier/summary.pdf` and, for each lead,
//!      `dossier/NNN_ID.pdf`, PDF/A with the font embedded.
//! Law: everything on a page stands in the record, the run's manifest or the ledger; the same record and font give the same bytes.

mod font;
mod frame;
mod record;
mod sources;
mod summary;
mod touched;
mod typeset;
mod views;
mod visit;

use std::path::Path;

use crate::date::{Date, Period, parse_date};
use crate::publish::Staging;
use crate::report::evidence_list::List;
use crate::report::{Asked, Language, Material, ReportError};

/// Writes it into its folder. Returns what its reader must know, a line each.
///
/// # Errors
/// `Lacking` without a font or a typesetter, `Typeset`, and those of writing.
pub fn write(material: &Material, asked: &Asked, staging: &Staging) -> Result<Vec<String>, ReportError> {
    let faces = font::find(asked.font.as_deref())?;
    let press = typeset::Press::new(&faces)
        .ok_or_else(|| font::lacking(format!("{}, in which no face can be read", faces.name)))?;
    let language = asked.language;
    if language != Language::English && !press.has_chinese() {
        return Err(font::lacking(format!("{}, which has none", faces.name)));
    }
    let day = Some(day_of(material));
    let (data, pictures) = summary::of(material, language)?;
    let bytes = press.pdf(include_str!("dossier/summary.typ"), &data, pictures, ("summary", day))?;
    staging.write("dossier/summary.pdf", &bytes)?;
    let mut largest = 0;
    for (number, lead) in material.leads.iter().enumerate() {
        let (data, pictures) = record::of(lead, material, language)?;
        let bytes = press.pdf(include_str!("dossier/lead.typ"), &data, pictures, (&lead.id, day))?;
        largest = largest.max(bytes.len());
        staging.write(&format!("dossier/{:03}_{}.pdf", number + 1, lead.file_name()), &bytes)?;
    }
    Ok(vec![format!(
        "dossier: summary.pdf and {} records, the largest {} kB, set in {}",
        material.leads.len(),
        largest.div_ceil(1000),
        faces.name
    )])
}

/// The list of electronic data as PDF/A, dated with the day on which its run ended.
///
/// # Errors
/// `Lacking` without a font, `Typeset`.
pub fn list(
    list: &List,
    (run, day): (&str, Option<Date>),
    font: Option<&Path>,
) -> Result<Vec<u8>, ReportError> {
    let faces = font::find(font)?;
    let press = typeset::Press::new(&faces)
        .ok_or_else(|| font::lacking(format!("{}, in which no face can be read", faces.name)))?;
    if !press.has_chinese() {
        return Err(font::lacking(format!("{}, which has none", faces.name)));
    }
    let day = Some(day.unwrap_or(Date::constant(2000, 1, 1)));
    press.pdf(include_str!("dossier/list.typ"), &list.data(), Vec::new(), (&format!("list {run}"), day))
}

/// The day that documents bear: the last of the run, else the last on which a lead was seen. A document for the archive has one.
fn day_of(material: &Material) -> Date {
    let of_run =
        material.run.as_ref().and_then(|run| Period::parse(&run.target).ok()).map(|target| target.to);
    let days =
        material.leads.iter().flat_map(|lead| ["last_seen", "after"].map(|name| parse_date(lead.text(name))));
    of_run.or_else(|| days.flatten().max()).unwrap_or(Date::constant(2000, 1, 1))
}
