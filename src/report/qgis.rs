//! A QGIS project that opens styled: imagery, leads, red lines, permits, gaps, forms, pages to print.
//!
//! In:  the material. Out: `qgis/steppewatch.qgz`, `qgis/data.gpkg`, `qgis/chips/`; imagery is used where it lies, in `imagery/`.
//! Law: paths are relative, so that the report's folder can be moved or copied as a whole; nothing in the project runs.

pub mod xml;

pub mod symbol;

pub mod data;

pub mod style;

pub mod form;

pub mod tip;

pub mod layer;

pub mod view;

pub mod project;

pub mod layout;

mod pages;

pub mod shown;

use crate::publish::{Staging, fields, gpkg_tables};
use crate::report::archive::Archive;
use crate::report::material::{Item, Material, Moment, Picture};
use crate::report::qgis::layer::Layer;
use crate::report::qgis::project::{Bookmark, Group, Project, Theme};
use crate::report::{Asked, Language, ReportError};

/// Name of the project in the folder, and of what is in its archive.
const PROJECT: &str = "steppewatch";
/// The GeoPackage beside the project.
const DATA: &str = "data.gpkg";
/// The arrow beside the project.
const NORTH: &str = "north.svg";
/// Leads that get a place of their own in the list of places.
const MOST_BOOKMARKS: usize = 500;

/// Writes it into its folder. Returns what its reader must know, a line each.
///
/// # Errors
/// Those of writing.
pub fn write(material: &Material, asked: &Asked, staging: &Staging) -> Result<Vec<String>, ReportError> {
    let tables = data::tables(material, asked.language);
    gpkg_tables::write(&staging.path(&format!("qgis/{DATA}")), &tables, data::last_day(material))?;
    if data::has_chips(material) {
        staging.folder("qgis/chips")?;
    }
    for lead in &material.leads {
        for moment in [Moment::Before, Moment::After] {
            if let (Some(file), Some(bytes)) = (data::chip(lead, moment), lead.chip(moment)?) {
                staging.write(&format!("qgis/{file}"), &bytes)?;
            }
        }
    }
    staging.write(&format!("qgis/{NORTH}"), pages::NORTH_ARROW.as_bytes())?;
    let layers = shown::layers(material, &tables, (DATA, "../"), asked.language);
    let document = project(material, layers, asked.language)?.document();
    let mut archive = Archive::begin("steppewatch.qgz");
    archive.add(&format!("{PROJECT}.qgs"), document.as_bytes())?;
    staging.write(&format!("qgis/{PROJECT}.qgz"), &archive.finish()?)?;
    let mut words =
        vec!["qgis: open qgis/steppewatch.qgz; the folder may be moved or copied, as a whole".to_owned()];
    if material.imagery.is_empty() {
        words.push(
            "qgis: without imagery of the region; leads have their pictures in map tips and forms".to_owned(),
        );
    }
    Ok(words)
}

/// The project of these layers.
fn project(material: &Material, layers: Vec<Layer>, language: Language) -> Result<Project, ReportError> {
    let crs = view::crs_of(material);
    let extent = view::extent(material, crs)?;
    let mut bookmarks = Vec::new();
    for lead in material.leads.iter().take(MOST_BOOKMARKS) {
        bookmarks.push(Bookmark { title: title(lead, language), extent: view::of_lead(lead, crs)? });
    }
    let themes = themes(&layers, material, language);
    let layouts = pages::layouts(material, &layers, &themes, (extent, crs), language);
    Ok(Project {
        title: language.words("草原线索", "Steppewatch leads"),
        about: about(language),
        language,
        crs,
        extent,
        groups: groups(layers, language),
        themes,
        bookmarks,
        layouts,
    })
}

/// What a lead is called in a list: rank, sub-model, size. No word of its record that may say anything.
pub fn title(lead: &Item, language: Language) -> String {
    let plain = |text: &str| text.chars().filter(char::is_ascii_alphanumeric).take(12).collect::<String>();
    let rank = lead.number("rank").map_or("-".to_owned(), |rank| format!("{rank}"));
    format!("#{rank} {} {}", plain(lead.text("model")), size(lead, language)).trim_end().to_owned()
}

/// The area of a lead, or its length where that is what is measured.
pub fn size(lead: &Item, language: Language) -> String {
    match (lead.number("area_mu"), lead.number("length_m")) {
        (Some(mu), _) => format!("{mu:.1} {}", style::mu(language)),
        (None, Some(length)) => format!("{length:.0} m"),
        _ => String::new(),
    }
}

/// What readers of a project must know.
pub fn about(language: Language) -> String {
    language.words(fields::DISCLAIMER_ZH, fields::DISCLAIMER)
}

/// Layers in groups: leads, what they are held against, imagery.
fn groups(layers: Vec<Layer>, language: Language) -> Vec<Group> {
    let is_raster = |layer: &Layer| layer.provider == "gdal";
    let is_lead = |layer: &Layer| layer.id.ends_with("_leads") || layer.id.ends_with("_lead_points");
    let (rasters, vectors): (Vec<Layer>, Vec<Layer>) = layers.into_iter().partition(is_raster);
    let (leads, ground): (Vec<Layer>, Vec<Layer>) = vectors.into_iter().partition(is_lead);
    let group = |(chinese, english): (&str, &str), layers: Vec<Layer>, is_choice| Group {
        title: language.words(chinese, english),
        layers,
        is_choice,
    };
    let groups = [
        group(("线索", "Leads"), leads, false),
        group(("红线、许可与缺测", "Red lines, permits, gaps"), ground, false),
        group(("影像(单选)", "Imagery (one at a time)"), rasters, true),
    ];
    groups.into_iter().filter(|group| !group.layers.is_empty()).collect()
}

/// One choice of layers for each picture, with everything else over it.
fn themes(layers: &[Layer], material: &Material, language: Language) -> Vec<Theme> {
    let over = || {
        layers.iter().filter(|layer| layer.provider != "gdal" && layer.is_shown).map(|layer| layer.id.clone())
    };
    let of = |layer: &Layer| Theme {
        title: layer.title.clone(),
        layers: over().chain([layer.id.clone()]).collect(),
    };
    let mut themes: Vec<Theme> = layers.iter().filter(|layer| layer.provider == "gdal").map(of).collect();
    if material.imagery.is_empty() {
        let title = language.words("线索与红线", "Leads and red lines");
        themes.push(Theme { title, layers: over().collect() });
    }
    themes
}

/// Title of a picture: moment, colours, first and last day.
pub fn picture_title(picture: &Picture, is_natural: bool, language: Language) -> String {
    let moment = match picture.moment {
        Moment::Before => language.words("前时相", "before"),
        Moment::After => language.words("后时相", "after"),
    };
    let colours = if is_natural {
        language.words("自然彩色", "natural")
    } else {
        language.words("红外假彩色", "infrared")
    };
    format!("{moment} {} {colours}", days(picture))
}

/// The days of a picture: one, or the first and the last.
pub fn days(picture: &Picture) -> String {
    match (picture.days.iter().min(), picture.days.iter().max()) {
        (Some(first), Some(last)) if first != last => format!("{first}/{last}"),
        (Some(day), _) => day.to_string(),
        _ => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::material::{Ground, Run};
    use geo::{MultiPolygon, polygon};
    use serde_json::json;

    const HOSTILE: &str = "[% 1+1 %]'\"><script>\\\n@x\u{202e}";

    /// A material whose every word is the given one.
    fn said(word: &str) -> Material {
        let outline =
            MultiPolygon(vec![polygon![(x: 108.5, y: 41.5), (x: 108.51, y: 41.5), (x: 108.5, y: 41.51)]]);
        let properties = fields::LEAD.iter().map(|field| (field.name.to_owned(), json!(word)));
        let lead = Item::new(word.to_owned(), properties.collect(), outline.clone(), (108.503, 41.503));
        let ground = Ground {
            id: word.to_owned(),
            name: word.to_owned(),
            class: Some(crate::redline::Class::Grassland),
            role: None,
            kind: word.to_owned(),
            from: None,
            to: None,
            layer: word.to_owned(),
            authority: Some(word.to_owned()),
            version: Some(word.to_owned()),
            sha256: word.to_owned(),
            outline,
        };
        let run = Run {
            id: word.to_owned(),
            version: word.to_owned(),
            baseline: word.to_owned(),
            target: word.to_owned(),
            ..Run::default()
        };
        Material { run: Some(run), leads: vec![lead], redlines: vec![ground], ..Material::default() }
    }

    fn written(word: &str) -> String {
        let material = said(word);
        let tables = data::tables(&material, Language::Both);
        let layers = shown::layers(&material, &tables, (DATA, "../"), Language::Both);
        project(&material, layers, Language::Both).unwrap().document()
    }

    #[test]
    fn words_of_a_record_bring_no_expression_and_no_element_into_the_project() {
        let (plain, hostile) = (written("word"), written(HOSTILE));
        for sign in ["[%", "<", "\"", "%]"] {
            let (expected, found) = (plain.matches(sign).count(), hostile.matches(sign).count());
            // What ends an expression may stand alone: nothing has begun.
            assert!(found == expected || sign == "%]", "{sign}: expected {expected}, found {found}");
        }
        assert!(!hostile.contains('\u{202e}') && !hostile.contains("script>"));
        assert!(hostile.contains("EPSG:4524") && hostile.contains("readOnly=\"1\""));
    }

    #[test]
    fn a_lead_is_called_by_rank_sub_model_and_size() {
        let mut lead = said("G1").leads.remove(0);
        lead.properties.insert("rank".to_owned(), json!(3));
        lead.properties.insert("area_mu".to_owned(), json!(29.79));
        assert_eq!(title(&lead, Language::Both), "#3 G1 29.8 亩");
        lead.properties.insert("area_mu".to_owned(), json!(null));
        lead.properties.insert("length_m".to_owned(), json!(1200.4));
        assert_eq!(title(&lead, Language::English), "#3 G1 1200 m");
    }
}
