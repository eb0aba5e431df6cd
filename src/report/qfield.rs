//! A package for QField: project, layers, a verification form, a folder for pictures, a basemap that needs no network.
//!
//! In:  the material. Out: `qfield/steppewatch-qfield.zip`: `steppewatch.qgs`, `data.gpkg`, `basemap/`, `chips/`, `DCIM/`.
//! Law: what comes back is read by `verify import`: the layer of visits has the columns that it knows, and no other layer
//!      has one for a verdict. Only visits can be written into. Plain zip with UTF-8 names: that is what phones unpack.
//! Source: QField docs, storage and attachment naming.

mod visits;

use std::fs;
use std::path::Path;

use crate::publish::{PublishError, Staging, basemap, gpkg_tables};
use crate::report::archive::Archive;
use crate::report::material::{Material, Moment, Picture};
use crate::report::qgis::layer::{self, Layer};
use crate::report::qgis::project::{Group, Project, Theme};
use crate::report::qgis::xml::inert;
use crate::report::qgis::{self, data, shown, style, view};
use crate::report::{Asked, Language, ReportError};

/// The package.
const PACKAGE: &str = "steppewatch-qfield.zip";
/// The GeoPackage in it.
const DATA: &str = "data.gpkg";

/// Leads whose pictures go along: a phone takes a hundred megabytes, not a thousand.
const MOST_PICTURED: usize = 300;

/// Writes it into its folder. Returns what its reader must know, a line each.
///
/// # Errors
/// Those of writing.
pub fn write(material: &Material, asked: &Asked, staging: &Staging) -> Result<Vec<String>, ReportError> {
    let language = asked.language;
    let few = (material.leads.len() > MOST_PICTURED).then(|| pictured(material));
    let material = few.as_ref().unwrap_or(material);
    let mut tables = data::tables(material, language);
    tables.retain(|table| !matches!(table.name, "lead_points" | "gaps"));
    visits::with_titles(&mut tables, material, language);
    tables.insert(0, visits::table(material, language));
    let path = staging.path(&format!("qfield/{DATA}"));
    gpkg_tables::write(&path, &tables, data::last_day(material))?;
    let mut archive = Archive::begin(PACKAGE);
    let mut layers = vec![visits::layer(&tables[0], DATA, language)];
    layers.extend(tables[1..].iter().map(|table| shown::of_table(material, table, DATA, language)));
    let mut size = 0;
    let mut maps = Vec::new();
    for picture in [Moment::After, Moment::Before].into_iter().filter_map(|moment| material.picture(moment)) {
        let (file, bytes) = drawn(picture, staging)?;
        size += bytes.len();
        maps.push(map(picture, &file, language));
        archive.add(&file, &bytes)?;
    }
    if let Some(first) = maps.first_mut() {
        first.is_shown = true;
    }
    layers.extend(maps);
    let document = project(material, layers, language)?.document();
    archive.add("steppewatch.qgs", document.as_bytes())?;
    archive.add(DATA, &taken(&path)?)?;
    for lead in &material.leads {
        for moment in [Moment::Before, Moment::After] {
            if let (Some(file), Some(bytes)) = (data::chip(lead, moment), lead.chip(moment)?) {
                archive.add(&file, &bytes)?;
            }
        }
    }
    archive.add("DCIM/README.txt", language.words("照片存放于此。", "Pictures are kept here.").as_bytes())?;
    archive.add("README.txt", visits::how_to(language).as_bytes())?;
    let bytes = archive.finish()?;
    staging.write(&format!("qfield/{PACKAGE}"), &bytes)?;
    let mut words = vec![format!(
        "qfield: send qfield/{PACKAGE} to the phone ({:.1} MB, {:.1} MB of it imagery) and open it in QField; what comes back goes to verify import",
        bytes.len() as f64 / 1e6,
        size as f64 / 1e6,
    )];
    if few.is_some() {
        words
            .push(format!("qfield: pictures of the first {MOST_PICTURED} leads only; --lead chooses others"));
    }
    Ok(words)
}

/// The material with pictures of the first leads only.
fn pictured(material: &Material) -> Material {
    let mut few = material.clone();
    few.leads.iter_mut().skip(MOST_PICTURED).for_each(|lead| lead.chips = None);
    few
}

/// The bytes of a file of the staging folder, which does not stay there.
fn taken(path: &Path) -> Result<Vec<u8>, PublishError> {
    let bytes = fs::read(path).map_err(|source| PublishError::io("read", path, source))?;
    fs::remove_file(path).map_err(|source| PublishError::io("remove", path, source))?;
    Ok(bytes)
}

/// A picture of the region as phones show it: where it lies in the package, and its bytes.
fn drawn(picture: &Picture, staging: &Staging) -> Result<(String, Vec<u8>), ReportError> {
    let file = format!("basemap/{}.tif", picture.moment.name());
    let path = staging.path(&format!("qfield/{}.tif", picture.moment.name()));
    let stretch = |band: usize| picture.stretch.get(band).copied().unwrap_or((0.0, 10_000.0));
    basemap::write(&picture.path, &path, picture.natural.map(|band| (band, stretch(band))))?;
    Ok((file, taken(&path)?))
}

fn map(picture: &Picture, file: &str, language: Language) -> Layer {
    let is_natural = picture.natural != picture.infrared;
    let title = qgis::picture_title(picture, is_natural, language);
    let id = format!("basemap_{}", picture.moment.name());
    layer::basemap(&id, title, format!("./{file}"), picture, &inert(&picture.scenes.join(", ")))
}

fn project(material: &Material, layers: Vec<Layer>, language: Language) -> Result<Project, ReportError> {
    let crs = view::crs_of(material);
    let is_map = |layer: &Layer| layer.provider == "gdal";
    let over: Vec<String> =
        layers.iter().filter(|layer| !is_map(layer)).map(|layer| layer.id.clone()).collect();
    let theme = |layer: &Layer| Theme {
        title: layer.title.clone(),
        layers: over.iter().chain([&layer.id]).cloned().collect(),
    };
    let themes = layers.iter().filter(|layer| is_map(layer)).map(theme).collect();
    let (maps, ground): (Vec<Layer>, Vec<Layer>) = layers.into_iter().partition(is_map);
    let group = |(chinese, english): (&str, &str), layers, is_choice| Group {
        title: language.words(chinese, english),
        layers,
        is_choice,
    };
    let groups = [
        group(("核查", "Visits"), ground, false),
        group(("影像(单选)", "Imagery (one at a time)"), maps, true),
    ];
    Ok(Project {
        title: language.words("线索核查", "Visits of leads"),
        about: qgis::about(language),
        language,
        crs,
        extent: view::extent(material, crs)?,
        groups: groups.into_iter().filter(|group| !group.layers.is_empty()).collect(),
        themes,
        bookmarks: Vec::new(),
        layouts: Vec::new(),
    })
}

/// Colour of a verdict on the map; of a place that nobody has been to yet, the empty one.
fn colour(verdict: &str) -> qgis::symbol::Colour {
    match verdict {
        "pseudo_change" => (150, 150, 150, 255),
        "lawful" => (51, 160, 44, 255),
        "unlawful_use_found" => (215, 25, 28, 255),
        "facility_farmland" => (31, 120, 180, 255),
        "cannot_tell" => (255, 255, 153, 255),
        _ => (148, 0, 211, 255),
    }
}

/// Points of visits by what was found.
fn by_verdict(language: Language) -> qgis::xml::Element {
    use crate::ledger::state::Verdict;
    use qgis::symbol::marker;
    let sign =
        |code: &str, shape: &str, size: f64| vec![marker(shape, colour(code), (255, 255, 255, 255), size)];
    let mut kinds: Vec<_> = Verdict::ALL
        .iter()
        .map(|one| {
            (
                one.code().to_owned(),
                language.words(one.chinese(), one.english()),
                sign(one.code(), "circle", 4.0),
            )
        })
        .collect();
    kinds.push((String::new(), language.words("未核查", "not visited yet"), sign("", "diamond", 5.0)));
    style::categories("verdict", "marker", kinds)
}
