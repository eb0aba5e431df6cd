//! From leads, pictures and layers to what people use next: QGIS, a phone, a drone, paper, a browser, an archive. One exporter a file.
//!
//! In:  a `Material`: leads with what the ledger knows of them, layers, imagery; and what was asked.
//! Out: files in a staging folder, one folder an exporter (`Use::folder`), written whole or not at all.
//! Law: same material, same bytes: no clock, host or path of this machine in any file. Words of a record are words in every
//!      sink: nothing in them is run, followed or taken for markup. Coordinates are WGS 84 unless name and content say otherwise.

pub mod language;

pub mod phrases;

pub mod material;

pub mod archive;

pub mod gpx;

pub mod plain;

pub mod plane;

pub mod degrees;

pub mod visit;

mod xml;

pub mod qgis;

pub mod qfield;

pub mod odk;

pub mod phone;

pub mod drone;

pub mod day;

#[cfg(feature = "dossier")]
pub mod dossier;
#[cfg(not(feature = "dossier"))]
#[path = "no_dossier.rs"]
pub mod dossier;

pub mod evidence_list;

pub mod map;

pub mod stac;

use std::path::PathBuf;

use thiserror::Error;

use crate::grid::crs::CrsError;
use crate::publish::{PublishError, Staging};
use crate::read::ReadError;

pub use language::Language;
pub use material::Material;

/// What a report is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Use {
    /// A QGIS project.
    Qgis,
    /// A package for QField.
    Qfield,
    /// An ODK / Kobo form.
    Odk,
    /// GPX, KMZ, and text for phone map apps.
    Phone,
    /// Missions for a DJI drone.
    Drone,
    /// A route over the leads of a day.
    Day,
    /// A PDF with a record of every lead.
    Dossier,
    /// A map for a browser without a network.
    Map,
    /// A static STAC catalogue of the evidence.
    Stac,
}

impl Use {
    /// Every use, in the order in which they are written.
    pub const ALL: [Use; 9] = [
        Use::Qgis,
        Use::Qfield,
        Use::Odk,
        Use::Phone,
        Use::Drone,
        Use::Day,
        Use::Dossier,
        Use::Map,
        Use::Stac,
    ];

    /// Its name, which is that of its folder in the report.
    pub fn name(self) -> &'static str {
        match self {
            Use::Qgis => "qgis",
            Use::Qfield => "qfield",
            Use::Odk => "odk",
            Use::Phone => "phone",
            Use::Drone => "drone",
            Use::Day => "day",
            Use::Dossier => "dossier",
            Use::Map => "map",
            Use::Stac => "stac",
        }
    }

    /// Reads a name as flags write it.
    pub fn parse(text: &str) -> Option<Use> {
        Use::ALL.into_iter().find(|one| one.name() == text.trim())
    }

    /// Whether it shows imagery of the whole region.
    pub fn shows_imagery(self) -> bool {
        matches!(self, Use::Qgis | Use::Qfield | Use::Map)
    }

    /// Whether it shows the surroundings of each lead.
    pub fn looks_closer(self) -> bool {
        matches!(self, Use::Dossier | Use::Stac)
    }
}

/// How a report is to be made.
#[derive(Debug, Clone, Default)]
pub struct Asked {
    /// Whose words.
    pub language: Language,
    /// The font of the dossier; one that the machine has where none is named.
    pub font: Option<PathBuf>,
    /// How missions are flown.
    pub drone: drone::Settings,
    /// How a day in the field is planned.
    pub day: day::Settings,
}

/// Writes one use of the material into its folder. Returns what its reader must know, a line each.
///
/// # Errors
/// Those of the exporter; nothing is published then.
pub fn write(
    material: &Material,
    asked: &Asked,
    what: Use,
    staging: &Staging,
) -> Result<Vec<String>, ReportError> {
    staging.folder(what.name())?;
    let write = match what {
        Use::Qgis => qgis::write,
        Use::Qfield => qfield::write,
        Use::Odk => odk::write,
        Use::Phone => phone::write,
        Use::Drone => drone::write,
        Use::Day => day::write,
        Use::Dossier => dossier::write,
        Use::Map => map::write,
        Use::Stac => stac::write,
    };
    write(material, asked, staging)
}

/// What can go wrong between leads and what people use. Nothing is published when one of these is returned.
#[derive(Debug, Error)]
pub enum ReportError {
    /// A file that cannot be written.
    #[error(transparent)]
    Publish(#[from] PublishError),
    /// Imagery that cannot be read.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// Coordinates.
    #[error(transparent)]
    Crs(#[from] CrsError),
    /// Something that the exporter needs and the machine or the material has not.
    #[error("{what}: expected {expected}, found {found}; {next}")]
    Lacking {
        /// Which exporter or part.
        what: String,
        /// What it needs.
        expected: String,
        /// What is there.
        found: String,
        /// What to do about it.
        next: String,
    },
    /// A number or a file of a flag that the exporter cannot work with.
    #[error("{flag}: expected {expected}, found {found}; {next}")]
    Flag {
        /// Which flag.
        flag: String,
        /// What it takes.
        expected: String,
        /// What was given.
        found: String,
        /// What to do about it.
        next: String,
    },
    /// A picture that cannot be read or made.
    #[error("picture {}: {reason}; run the scan again", path.display())]
    Picture {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        reason: String,
    },
    /// A document that cannot be typeset.
    #[error(
        "cannot typeset {document}: {reason}; this is a fault of the program or of the font, please report it"
    )]
    Typeset {
        /// Which document.
        document: String,
        /// What the typesetter says.
        reason: String,
    },
    /// An archive that cannot be made.
    #[error("cannot pack {file}: {reason}; this is a fault of the program, please report it")]
    Archive {
        /// The archive or the entry.
        file: String,
        /// What the packer says.
        reason: String,
    },
}
