//! Leads for phones: GPX and KMZ, text for 奥维, and copies in the shifted coordinates of phone maps.
//!
//! In:  leads with their pictures. Out: `phone/leads.gpx`, `phone/leads.kmz`, `phone/leads_ovital_CGCS2000.txt`,
//!      and `phone/leads_GCJ-02.csv`, `phone/leads_BD-09.csv`, `phone/leads_ovital_GCJ-02.txt`.
//! Law: GPX and KML mean WGS 84 and hold nothing else; a copy in another datum says so in its name, its head and every row.

mod kmz;

use crate::grid::datum::Datum;
use crate::publish::markup::plain;
use crate::publish::{Staging, spreadsheet};
use crate::report::gpx::{self, Waypoint};
use crate::report::material::Item;
use crate::report::{Asked, Language, Material, ReportError};

/// Decimals of a degree: a centimetre.
const DECIMALS: usize = 7;

/// Writes it into its folder. Returns what its reader must know, a line each.
///
/// # Errors
/// Those of writing.
pub fn write(material: &Material, asked: &Asked, staging: &Staging) -> Result<Vec<String>, ReportError> {
    let language = asked.language;
    let waypoints: Vec<Waypoint> = material.leads.iter().map(|lead| waypoint(lead, language)).collect();
    staging.write("phone/leads.gpx", gpx::document(&waypoints, &[]).as_bytes())?;
    staging.write("phone/leads.kmz", &kmz::packed(material, language)?)?;
    for datum in [Datum::Gcj02, Datum::Bd09] {
        staging.write(&format!("phone/leads_{datum}.csv"), table(material, datum, language).as_bytes())?;
    }
    for (datum, name) in [(Datum::Wgs84, "CGCS2000"), (Datum::Gcj02, "GCJ-02")] {
        staging
            .write(&format!("phone/leads_ovital_{name}.txt"), ovital(material, datum, language).as_bytes())?;
    }
    let is_shifted = |lead: &Item| Datum::Gcj02.shifted(lead.point.0, lead.point.1) != lead.point;
    let shift = if material.leads.iter().any(is_shifted) {
        "are shifted by about half a kilometre"
    } else {
        "are those of phone maps; GCJ-02 shifts nothing here, outside of China"
    };
    Ok(vec![format!(
        "phone: leads.gpx and leads.kmz are WGS 84; files with GCJ-02 or BD-09 in their name {shift}, for phone maps alone: \
         nothing here takes them back without --crs"
    )])
}

/// A lead in a few words: what, how large, how sure.
pub(super) fn words(lead: &Item, language: Language) -> String {
    let name = language.words(lead.text("model_name_zh"), lead.text("model_name"));
    let number = |name: &str| lead.number(name).map_or("-".to_owned(), |number| number.to_string());
    let area = format!(
        "{} ({} - {}) {}",
        number("area_mu"),
        number("area_low_mu"),
        number("area_high_mu"),
        language.words("亩", "mu")
    );
    let seen = format!("{} {}", language.words("首次发现", "first seen"), lead.text("first_seen"));
    let sure = format!("{} {}", language.words("置信度", "confidence"), number("confidence"));
    let mut words = format!("{} {name}; {area}; {seen}; {sure}", lead.text("model"));
    if let Some(case) = &lead.case {
        words.push_str(&format!("; {}", language.words(case.state.chinese(), case.state.english())));
        if let Some(verdict) = case.verdict() {
            words.push_str(&format!(": {}", language.words(verdict.chinese(), verdict.english())));
        }
    }
    plain(&words)
}

fn waypoint(lead: &Item, language: Language) -> Waypoint {
    let rank = lead.number("rank").map_or(String::new(), |rank| format!("{rank:03} "));
    Waypoint {
        name: plain(&format!("{rank}{} {}", lead.text("model"), lead.id)),
        description: words(lead, language),
        link: None,
        lon: lead.point.0,
        lat: lead.point.1,
    }
}

/// Points in a shifted datum, for tables that a phone map takes in.
fn table(material: &Material, datum: Datum, language: Language) -> String {
    let suffix = datum.to_string().replace('-', "").to_lowercase();
    let head = [
        "id",
        "rank",
        "datum",
        &format!("lon_{suffix}_deg"),
        &format!("lat_{suffix}_deg"),
        "name",
        "description",
    ];
    let mut text = String::from("\u{feff}");
    text.push_str(&spreadsheet::line(head));
    text.push('\n');
    for lead in &material.leads {
        let (x, y) = datum.shifted(lead.point.0, lead.point.1);
        let rank = lead.number("rank").map_or(String::new(), |rank| rank.to_string());
        let cells = [
            plain(&lead.id),
            rank,
            datum.to_string(),
            format!("{x:.DECIMALS$}"),
            format!("{y:.DECIMALS$}"),
            plain(&format!("{} {} [{datum}]", lead.text("model"), lead.id)),
            words(lead, language),
        ];
        text.push_str(&spreadsheet::line(cells.iter().map(String::as_str)));
        text.push('\n');
    }
    text
}

/// Points as 奥维 reads them: longitude, latitude, name, remark, one blank between two; a first column `g` says GCJ-02.
fn ovital(material: &Material, datum: Datum, language: Language) -> String {
    let one = |words: &str| plain(words).split_whitespace().collect::<Vec<&str>>().join("_");
    let line = |lead: &Item| {
        let (x, y) = datum.shifted(lead.point.0, lead.point.1);
        let flag = if datum == Datum::Gcj02 { "g " } else { "" };
        let label = if datum == Datum::Gcj02 { "_GCJ-02" } else { "" };
        let name = one(&format!("{}_{}{label}", lead.text("model"), lead.id));
        format!("{flag}{x:.DECIMALS$} {y:.DECIMALS$} {name} {}\r\n", one(&words(lead, language)))
    };
    material.leads.iter().map(line).collect()
}
