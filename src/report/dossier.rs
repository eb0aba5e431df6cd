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

use crate::publish::Staging;
use crate::report::{Asked, Material, ReportError};

/// Writes it into its folder. Returns what its reader must know, a line each.
///
/// # Errors
/// `Lacking` without a font or a typesetter, `Typeset`, and those of writing.
pub fn write(material: &Material, asked: &Asked, staging: &Staging) -> Result<Vec<String>, ReportError> {
    let faces = font::find(asked.font.as_deref())?;
    let press = typeset::Press::new(&faces)
        .ok_or_else(|| font::lacking(format!("{}, in which no face can be read", faces.name)))?;
    let language = asked.language;
    let run = material.run.as_ref();
    let day = run.and_then(|run| crate::date::Period::parse(&run.target).ok()).map(|target| target.to);
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
